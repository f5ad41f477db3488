"""Double entry: money is never made or lost, only moved.

A `Move` takes an amount off one account and puts it on another, so a list of moves cannot fail to balance.
Accounts are names; the first word says what kind of account it is, and whose money it counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from marketplace.kernel.money import Money


class Kind(StrEnum):
    """What a balance on an account means. Assets and expenses grow by debits, the others by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


class Side(StrEnum):
    """The two columns of the books."""

    DEBIT = "debit"
    CREDIT = "credit"


class Chart(StrEnum):
    """The chart of accounts: the first word of every account's name."""

    GATEWAY = "gateway"
    PROCESSOR_FEE = "processor_fee"
    RECEIVABLE = "receivable"
    ESCROW = "escrow"
    DEPOSIT = "deposit"
    PAYABLE = "payable"
    FEES = "fees"
    GUARANTEE_FUND = "guarantee_fund"
    LOSSES = "losses"


KINDS = {
    Chart.GATEWAY: Kind.ASSET,
    Chart.PROCESSOR_FEE: Kind.ASSET,
    Chart.RECEIVABLE: Kind.ASSET,
    Chart.ESCROW: Kind.LIABILITY,
    Chart.DEPOSIT: Kind.LIABILITY,
    Chart.PAYABLE: Kind.LIABILITY,
    Chart.FEES: Kind.INCOME,
    Chart.GUARANTEE_FUND: Kind.LIABILITY,
    Chart.LOSSES: Kind.EXPENSE,
}


def gateway(group_id: int, processor: str = "") -> str:
    """Asset: the group's money where it really lies: in the treasurer's bank account, or at a payment processor."""
    return f"{Chart.GATEWAY}:{group_id}:{processor}" if processor else f"{Chart.GATEWAY}:{group_id}"


def processor_fee(order_id: int) -> str:
    """Asset: what a payment processor kept of an order's money, until it is settled who bears it."""
    return f"{Chart.PROCESSOR_FEE}:{order_id}"


def receivable(group_id: int, person_id: int) -> str:
    """Asset: what a member owes the group, such as money that a bank took back after it was paid out to him."""
    return f"{Chart.RECEIVABLE}:{group_id}:{person_id}"


def escrow(order_id: int) -> str:
    """Liability: held for the two parties of one order."""
    return f"{Chart.ESCROW}:{order_id}"


def deposit(group_id: int, person_id: int) -> str:
    """Liability: a member's deposit, behind what he bids on in one group."""
    return f"{Chart.DEPOSIT}:{group_id}:{person_id}"


def payable(group_id: int, person_id: int) -> str:
    """Liability: a member's own, waiting to be paid out."""
    return f"{Chart.PAYABLE}:{group_id}:{person_id}"


def fees(group_id: int) -> str:
    """Income: what the group has earned by its sales."""
    return f"{Chart.FEES}:{group_id}"


def guarantee_fund(group_id: int) -> str:
    """Liability: set aside to make members good when nobody else does."""
    return f"{Chart.GUARANTEE_FUND}:{group_id}"


def losses(group_id: int) -> str:
    """Expense: what nobody else bore."""
    return f"{Chart.LOSSES}:{group_id}"


def chart_of(account: str) -> Chart:
    """Which line of the chart an account stands on. Raises ValueError for a name that is on none."""
    return Chart(account.partition(":")[0])


def kind_of(account: str) -> Kind:
    """Whether the account is an asset, a liability, an income or an expense."""
    return KINDS[chart_of(account)]


def order_of(account: str) -> int:
    """The order that an escrow account holds money for."""
    chart, _, number = account.partition(":")
    if chart != Chart.ESCROW:
        raise ValueError(f"{account} holds money for no order")
    return int(number)


def person_of(account: str) -> int:
    """The member who owes what stands on an account."""
    chart, _, rest = account.partition(":")
    if chart != Chart.RECEIVABLE:
        raise ValueError(f"{account} is nobody's debt")
    return int(rest.partition(":")[2])


def is_of_group(account: str, group_id: int) -> bool:
    """Whether the account may stand in this group's books. An order's name does not tell its group: it may."""
    return chart_of(account) in _OF_ORDERS or account.split(":")[1] == str(group_id)


_OF_ORDERS = frozenset({Chart.ESCROW, Chart.PROCESSOR_FEE})


@dataclass(frozen=True, slots=True)
class Move:
    """One debit and the credit that answers it."""

    debit: str
    credit: str
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise ValueError("a move carries a positive amount")
        if self.debit == self.credit:
            raise ValueError("a move needs two accounts")
        chart_of(self.debit), chart_of(self.credit)

    def back(self) -> Move:
        """The move that undoes this one."""
        return Move(self.credit, self.debit, self.amount)


def moved(debit: str, credit: str, amount: Money) -> tuple[Move, ...]:
    """The move of `amount`, or no move where there is nothing to move: a fee of zero is not written down."""
    return (Move(debit, credit, amount),) if amount else ()


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a move, as it stands in the books."""

    account: str
    side: str
    amount_minor: int
    currency: str


def lines_of(moves: Sequence[Move]) -> list[Line]:
    """The lines that `moves` make: for each, its debit and then its credit."""
    return [
        Line(account, side, move.amount.minor, move.amount.currency)
        for move in moves
        for side, account in ((Side.DEBIT, move.debit), (Side.CREDIT, move.credit))
    ]


def moves_of(lines: Sequence[Line]) -> list[Move]:
    """The moves that made `lines`."""
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [Move(debit.account, credit.account, Money(debit.amount_minor, debit.currency)) for debit, credit in pairs]


@dataclass(frozen=True, slots=True)
class Page:
    """One transfer, whole, as its seal covers it: all that is stored but the row's own id, which means nothing."""

    group_id: int
    number: int
    reference: str
    memo: str
    order_id: int | None
    reverses: int | None
    posted_at: datetime
    lines: tuple[Line, ...]

    def seal(self, previous_hash: str) -> str:
        """The hash of this page and of the seal before it, as 64 hexadecimal figures.

        A page cannot be changed, taken out or put between others without breaking every seal after it.
        """
        written = [
            previous_hash,
            self.group_id,
            self.number,
            self.reference,
            self.memo,
            self.order_id,
            self.reverses,
            self.posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
            [[line.account, str(line.side), line.amount_minor, line.currency] for line in self.lines],
        ]
        return hashlib.sha256(json.dumps(written, separators=(",", ":")).encode()).hexdigest()


BEFORE_THE_FIRST = "0" * 64
"""What stands for the seal before a group's first page."""


def check(moves: Sequence[Move], *, group_id: int) -> str:
    """The one currency of `moves`. Raises ValueError where they cannot stand together in this group's books."""
    currencies = {move.amount.currency for move in moves}
    if len(currencies) != 1:
        raise ValueError("a transfer is in one currency")
    for move in moves:
        for account in (move.debit, move.credit):
            if not is_of_group(account, group_id):
                raise ValueError(f"{account} does not stand in the books of group {group_id}")
    return currencies.pop()


def month_of(day: date, zone: str) -> tuple[datetime, datetime]:
    """The calendar month of `day` in a time zone: its first moment, and the first after it."""
    first = day.replace(day=1)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    start, end = (datetime.combine(moment, time(), ZoneInfo(zone)) for moment in (first, following))
    return start, end
