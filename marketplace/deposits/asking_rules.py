"""Who needs a deposit to bid where. Pure.

A dear lot asks everybody: its opening price, or the price for buying it at once, has come to the group's threshold.
The reserve does not count: whether a lot asks would tell of it. Who left two orders unpaid in half a year is asked by
every lot of the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.deposits.rules import State
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money, zero

UNPAID_ORDERS = 2
REMEMBERED_FOR = timedelta(days=180)  # as long as a strike counts


class DepositNeeded(RuleBroken):
    """Without a deposit, or with this one, nobody buys this."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a member's deposit in a group when he bids there."""

    state: State
    held: Money
    asked_until: datetime | None
    """Until when every lot asks him."""


def asked_by(terms: Terms, opening: Money, buy_now: Money | None) -> Money:
    """What a lot asks of everybody, under the terms that it started with; nothing, where it asks for none."""
    price = max(opening, buy_now or opening)
    if not terms.deposit_threshold_minor or price.minor < terms.deposit_threshold_minor:
        return zero(opening.currency)
    return usual(terms, opening.currency)


def usual(terms: Terms, currency: str) -> Money:
    """A deposit of this group."""
    return Money(terms.deposit_minor, currency)


def asked_until(unpaid_at: Sequence[datetime]) -> datetime | None:
    """Until when every lot asks somebody who left orders unpaid at these moments; none, if none does."""
    last = sorted(unpaid_at)[-UNPAID_ORDERS:]
    if len(last) < UNPAID_ORDERS or last[-1] - last[0] >= REMEMBERED_FOR:
        return None
    return last[0] + REMEMBERED_FOR


def needed(standing: Standing | None, *, asked: Money, usual: Money, now: datetime) -> Money:
    """What this member needs for a lot that asks everybody for `asked`."""
    asks_him = standing is not None and standing.asked_until is not None and now < standing.asked_until
    return max(asked, usual) if asks_him else asked


def check(
    standing: Standing | None, *, asked: Money, usual: Money, now: datetime, keeps_asked: bool = False
) -> None:  # fmt: skip
    """Return if his deposit lets him buy; else raise DepositNeeded. `asked` is what the lot asks of everybody.

    `keeps_asked`: one that he has asked back counts, for it is there until what he is bound to has ended.
    """
    amount = needed(standing, asked=asked, usual=usual, now=now)
    if not amount:
        return
    if standing is None or standing.state is State.EMPTY:
        raise DepositNeeded("This needs a deposit of %(amount)s. Put it up under “My deposit”, then come back.",
                            amount=amount)  # fmt: skip
    if standing.state is State.RETURN_ASKED and not keeps_asked:
        raise DepositNeeded("You have asked for your deposit back. Keep it, under “My deposit”, then come back.")
    if standing.held >= amount:
        return
    if standing.state is State.CLAIMED:
        raise DepositNeeded(
            "Your deposit is not confirmed yet. Come back when the treasurer has found it; you will be told."
        )
    raise DepositNeeded(
        "This needs a deposit of %(amount)s, and yours is %(held)s. Send the rest, under “My deposit”.",
        amount=amount, held=standing.held,
    )  # fmt: skip


def is_enough(standing: Standing | None, *, asked: Money, usual: Money, now: datetime) -> bool:
    """Whether `check` lets him."""
    try:
        check(standing, asked=asked, usual=usual, now=now)
    except DepositNeeded:
        return False
    return True
