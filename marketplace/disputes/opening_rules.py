"""What a buyer may say is wrong, and when."""

from __future__ import annotations

from datetime import datetime

from marketplace.disputes.dispute_rules import Reason
from marketplace.escrow.order_rules import Party, State
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooLate


def reasons_open(state: State, *, code_used: bool) -> list[Reason]:
    """What can be wrong with an order that stands here: while it is on its way, only that it did not come.

    Once he showed his pick-up code the buyer had it in his hands.
    """
    if state is State.SHIPPED:
        return [Reason.NOT_RECEIVED]
    if state is not State.INSPECTING:
        return []
    return [reason for reason in Reason if not (code_used and reason is Reason.NOT_RECEIVED)]


def check_reason(
    state: State, by: Party, reason: Reason | None, *, code_used: bool, deadline: datetime | None, now: datetime
) -> None:
    """Raise what keeps the order from being disputed now: by this party, for this reason if it is known yet."""
    if by is not Party.BUYER:
        raise NotAllowed("Only the buyer disputes an order. Write to the other side, or to the group’s officers.")
    possible = reasons_open(state, code_used=code_used)
    if not possible:
        raise RuleBroken("This order cannot be disputed as it stands. Look at where it is now.")
    if state is State.INSPECTING and deadline is not None and now >= deadline:
        raise TooLate("The time to dispute it ended %(deadline)s.", deadline=deadline)
    if reason is not None and reason not in possible:
        raise RuleBroken(_MISPLACED[state], field="reason")


_MISPLACED = {
    State.SHIPPED: "Say on the order’s page that it arrived, then say what is wrong with it.",
    State.INSPECTING: "It was handed over with your code, so it arrived. Choose what is wrong with it.",
}
