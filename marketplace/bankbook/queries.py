"""What officers read of the bank's statement: what is open and what it may be, every line, what was kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, tuple_

from marketplace.bankbook import books, matching
from marketplace.deposits.models import DepositPayout
from marketplace.deposits.payout_rules import State as PayoutState
from marketplace.escrow.finding import PAYEES
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.rules import AWAITED
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel.database import db
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import receivable
from marketplace.payments import bank_reconciling
from marketplace.payments.bank_booked import about_debt, about_deposit, about_order
from marketplace.payments.bank_matching_rules import Booked, LineState, candidates_of
from marketplace.payments.bank_models import BankBook, BankLine, BankMatch, BankStatement, StatementState
from marketplace.payments.bank_reconciling_rules import Facts
from marketplace.payments.models import Movement

PAGE = 100


class Way(StrEnum):
    """What an officer confirms with a line that nobody has confirmed yet."""

    PAYMENT = "payment"
    PARCEL = "parcel"
    PAYOUT = "payout"
    DEPOSIT = "deposit"
    DEPOSIT_PAYOUT = "deposit_payout"
    DEBT = "debt"


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a line names and nobody has confirmed yet."""

    way: Way
    number: int
    """Of the order, the parcel, the deposit's payout; of a deposit or a debt the person's."""
    payee: str = ""
    """Of an order's payout."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that nobody has said anything of, and what it may be."""

    line: BankLine
    candidates: list[Booked]
    awaited: list[Awaited]


@dataclass(frozen=True, slots=True)
class Overview:
    """All of the bank's page."""

    book: BankBook
    facts: Facts
    open: list[OpenLine]
    """The oldest of them."""
    count: int
    """How many are open in all."""


def overview_of(group_id: int, *, by: int) -> Overview | None:
    """None where no statement was kept yet. Raises NotFound, NotAllowed. The queries do not grow with the lines."""
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    facts = bank_reconciling.facts_of(group_id)
    if facts is None:
        return None
    lines = bank_reconciling.open_lines(group_id)
    shown = with_ways(group_id, lines[:PAGE], facts.booked)
    return Overview(books.book_of(group_id), facts, shown, len(lines))


def one_open(line: BankLine) -> OpenLine:
    """One line, with all that it may be; of one that is not open, nothing."""
    if line.state != LineState.OPEN:
        return OpenLine(line, [], [])
    booked = matching.booked_around(line.group_id, [line])
    choice = candidates_of(line.facts(), booked, also_unlikely=True)
    return OpenLine(line, choice, _awaited(line.group_id, [line])[line.id])


def with_ways(group_id: int, lines: Sequence[BankLine], booked: Collection[Booked]) -> list[OpenLine]:
    """Each line with what it is likely to be. Two queries."""
    awaited = _awaited(group_id, lines)
    return [OpenLine(line, candidates_of(line.facts(), booked), awaited[line.id]) for line in lines]


def lines_of(group_id: int, *, by: int, before: int | None = None) -> list[BankLine]:
    """The group's lines, newest first, one more than a page; those after the line of that number to read on."""
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    query = select(BankLine).where(BankLine.group_id == group_id)
    if before is not None:
        last = matching.line_of(before, group_id=group_id)
        query = query.where(tuple_(BankLine.day, BankLine.id) < (last.day, last.id))
    return list(db.session.scalars(query.order_by(BankLine.day.desc(), BankLine.id.desc()).limit(PAGE + 1)))


def line_for(line_id: int, *, by: int, group_id: int) -> BankLine:
    """Raises NotFound, NotAllowed."""
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    return matching.line_of(line_id, group_id=group_id)


def matched_with(line: BankLine) -> Sequence[Movement]:
    """The payments that a line is."""
    query = select(Movement).join(BankMatch, BankMatch.movement_id == Movement.id).where(BankMatch.line_id == line.id)
    return db.session.scalars(query.order_by(Movement.id)).all()


def statements_of(group_id: int, *, most: int = 24) -> Sequence[BankStatement]:
    """The statements that were kept, newest first."""
    query = select(BankStatement).where(
        BankStatement.group_id == group_id, BankStatement.state == StatementState.KEPT
    )  # fmt: skip
    newest = query.order_by(BankStatement.last_day.desc(), BankStatement.id.desc())
    return db.session.scalars(newest.limit(most)).all()


def _awaited(group_id: int, lines: Sequence[BankLine]) -> dict[int, list[Awaited]]:
    """By the number of the line."""
    orders, people = _numbers(lines, about_order(0)), _numbers(lines, about_deposit(0))
    debtors = _debtors_among(group_id, _numbers(lines, about_debt(0)))
    known = select(Order).where(Order.group_id == group_id, Order.id.in_(orders)).order_by(Order.id)
    by_about = {about_order(order.id): order for order in db.session.scalars(known)}
    due = select(DepositPayout).where(DepositPayout.group_id == group_id, DepositPayout.payee_id.in_(people))
    payouts = list(db.session.scalars(due.where(DepositPayout.state == PayoutState.DUE).order_by(DepositPayout.id)))
    found: dict[int, list[Awaited]] = {}
    for line in lines:
        ways = [way for about in line.about if about in by_about for way in _ways_of(by_about[about], line)]
        if line.amount_minor > 0:
            ways += [Awaited(Way.DEPOSIT, person) for person in people if about_deposit(person) in line.about]
            ways += [Awaited(Way.DEBT, person) for person in debtors if about_debt(person) in line.about]
        else:
            ways += [
                Awaited(Way.DEPOSIT_PAYOUT, each.id)
                for each in payouts
                if about_deposit(each.payee_id) in line.about and each.amount_minor == -line.amount_minor
            ]
        found[line.id] = list(dict.fromkeys(ways))
    return found


def _ways_of(order: Order, line: BankLine) -> list[Awaited]:
    facts = order.facts()
    if line.amount_minor < 0:
        return [Awaited(Way.PAYOUT, order.id, payee) for payee in PAYEES if owed(facts, payee)]
    if facts.state not in AWAITED:
        return []
    return [Awaited(Way.PAYMENT, order.id) if order.parcel_id is None else Awaited(Way.PARCEL, order.parcel_id)]


def _debtors_among(group_id: int, people: Collection[int]) -> list[int]:
    """Those of them who owe the group something now. One query, if there are any."""
    by_account = {receivable(group_id, person_id): person_id for person_id in people}
    sums = ledger.sums_on(list(by_account)) if by_account else {}
    return [person_id for account, person_id in by_account.items() if sums.get(account)]


def _numbers(lines: Sequence[BankLine], like: str) -> list[int]:
    kind = like.partition(":")[0]
    abouts = {about for line in lines for about in line.about}
    return sorted(int(about.partition(":")[2]) for about in abouts if about.partition(":")[0] == kind)
