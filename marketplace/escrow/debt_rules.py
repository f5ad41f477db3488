"""The law of what a member owes the group: he pays it, it is set off against what he sells, or it is written off.

Written off it is by two officers who are not the debtor, for a reason, and borne as a lost chargeback is: by the
guarantee fund as far as it goes, and then by the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Chart, Move, chart_of, gateway, guarantee_fund, losses, moved, receivable
from marketplace.payments.reference_rules import References

_DEBTS = References("O", "debt of membership")
TIME_TO_AGREE = timedelta(days=30)
"""A proposal to write a debt off that nobody agreed to by then counts no more."""


class Deed(StrEnum):
    """What can be done about a debt."""

    PAID = "paid"
    WRITE_OFF = "write_off"


class State(StrEnum):
    """How far that has come."""

    PROPOSED = "proposed"
    DONE = "done"
    DROPPED = "dropped"


def owed_more(moves: Sequence[Move]) -> dict[str, Money]:
    """By account, by how much these moves make a debt larger; what one of them takes out of it again does not count."""
    more: dict[str, Money] = {}
    for move in moves:
        for account, amount in ((move.debit, move.amount), (move.credit, move.amount * -1)):
            if chart_of(account) is Chart.RECEIVABLE:
                more[account] = more.get(account, Money(0, amount.currency)) + amount
    return {account: amount for account, amount in more.items() if amount.minor > 0}


def reference_of(membership_id: int) -> str:
    """What a payment of a debt carries: O-512-K3F."""
    return _DEBTS.reference_of(membership_id)


def membership_of(text: str) -> int | None:
    """The membership whose debt a reference names, however it was typed; none if it is not one of ours."""
    return _DEBTS.number_in(text)


def memberships_in(text: str) -> set[int]:
    """Every membership whose debt a line of the bank's statement names."""
    return set(_DEBTS.numbers_in(text))


def check_is_not_own(debtor_id: int, by: int) -> None:
    """Raise NotAllowed to the debtor: another officer looks after what he owes."""
    if debtor_id == by:
        raise NotAllowed("This is your own debt. Another officer looks after it.")


def check_paid(debt: Money, amount: Money) -> None:
    """Raise RuleBroken where so much cannot have been paid of it."""
    if not Money(0, debt.currency) < amount <= debt:
        raise RuleBroken(
            "Enter more than nothing and at most %(debt)s, which is what is owed. Send back what came on top.",
            field="amount", debt=debt,
        )  # fmt: skip


def check_is_owed(debt: Money) -> None:
    """Raise RuleBroken where nothing is owed any more."""
    if not debt:
        raise RuleBroken("Nothing is owed any more. Look at where it stands now.")


def stands(proposed_at: datetime, *, now: datetime) -> bool:
    """Whether a proposal can still be agreed to."""
    return now < proposed_at + TIME_TO_AGREE


def paid_moves(group_id: int, person_id: int, amount: Money) -> tuple[Move, ...]:
    """The money came to the group's bank account."""
    return moved(gateway(group_id), receivable(group_id, person_id), amount)


def write_off_moves(group_id: int, person_id: int, amount: Money, *, fund: Money) -> tuple[Move, ...]:
    """The guarantee fund bears it as far as it goes, the group the rest."""
    debt, from_fund = receivable(group_id, person_id), min(amount, fund)
    return (
        *moved(guarantee_fund(group_id), debt, from_fund),
        *moved(losses(group_id), debt, amount - from_fund),
    )  # fmt: skip
