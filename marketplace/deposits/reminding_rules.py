"""When officers are reminded of a deadline on a deposit, and in which words: as with orders.

The words are marked for the translators here and translated where they are shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.deposits.payout_rules import Payout, State as PayoutState
from marketplace.deposits.rules import Deposit, State

# Two days and twelve hours before each deadline: once in time to act, once in time to save it.
LEADS = (timedelta(days=2), timedelta(hours=12))


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


class Duty(NamedTuple):
    """What is to be done, and what follows if nobody does it."""

    deed: str
    then: str


LOOK_FOR = _("look for the deposit and confirm it")
PAY_OUT = _("pay it out and confirm it")

# By whether the treasurer's time is over already: then any officer may act.
CLAIMED = {
    False: Duty(LOOK_FOR, _("Any other officer may confirm it.")),
    True: Duty(LOOK_FOR, _("It lapses; it can still be confirmed.")),
}
OWED = {
    False: Duty(PAY_OUT, _("Every other officer is asked to do it.")),
    True: Duty(PAY_OUT, _("It stays owed, and you are asked again.")),
}


def duty_of(deposit: Deposit) -> Duty | None:
    """What officers have to do with a deposit; none where nobody waits for them."""
    return CLAIMED[deposit.is_second_officer_due] if deposit.state is State.CLAIMED else None


def duty_of_payout(payout: Payout) -> Duty | None:
    """What they have to do with something that is paid out of one."""
    return OWED[payout.is_second_officer_due] if payout.state is PayoutState.DUE else None


def next_reminder(deadline: datetime | None, *, after: datetime) -> datetime | None:
    """When to remind of a deadline next, later than `after`; none if that was all.

    What is due sooner than a lead is not reminded at that lead: it would be told what it was told just now.
    """
    moments = [deadline - lead for lead in LEADS] if deadline else []
    return min((moment for moment in moments if moment > after), default=None)


def hours_left(deadline: datetime | None, *, now: datetime) -> int | None:
    """Which reminder is due now, as the hours it was to come before the deadline; none once that has passed."""
    if deadline is None or now >= deadline:
        return None
    reached = [lead for lead in LEADS if now >= deadline - lead]
    return int(min(reached) / timedelta(hours=1)) if reached else None
