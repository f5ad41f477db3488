"""The gateway that needs no keys: the group's treasurer, with the group's bank account.

Asking him is showing him a line in his queue, which is the movement itself. He moves the money at his bank and comes
back to confirm it, with what stands on the statement, or to say that it failed.
"""

from __future__ import annotations

from marketplace.payments.gateway import Asked, Instruction


class Treasurer:
    """Every verb is a line in the queue. He takes no fee, and keeps no list of his own to look things up in."""

    name = "treasurer"

    def collect(self, instruction: Instruction) -> Asked:
        return Asked()

    def refund(self, instruction: Instruction) -> Asked:
        return Asked()

    def pay_out(self, instruction: Instruction) -> Asked:
        return Asked()

    def reverse(self, instruction: Instruction) -> Asked:
        return Asked()

    def look_up(self, instruction: Instruction) -> None:
        """Nothing is known apart from the movement: it is asked again, which shows the same line once."""
