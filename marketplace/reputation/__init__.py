"""What members know of one another from their deals: feedback, and the standing that it adds up to.

It sits low because groups ask for standing, and knows orders by their number alone: it hears of them through wiring.
Risk and evidence are told apart, never as one number.
"""
