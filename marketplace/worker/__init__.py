"""Due work: the timetable of what falls due, the loop that does it, and the commands of the shell."""
