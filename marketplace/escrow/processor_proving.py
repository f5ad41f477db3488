"""The audit of what payment processors and banks took, and of who bears it: reckoned again from what they said, the
movements, and each order's own sums. A part of `flask ledger verify`.

What nobody asked for has no movement of ours. But each fee was told once, with its amount, and each claim of a bank:
by these the books are held to what was taken. What an order's own money did not bear stands on its parties' debts, on
the guarantee fund or on the group's losses: so much, no more, and on nobody else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import aliased

from marketplace.escrow.acting import MEMOS
from marketplace.escrow.debt_models import DebtDeed
from marketplace.escrow.debt_rules import State as DebtState
from marketplace.escrow.models import Order
from marketplace.escrow.movement_proving import moved_by_order
from marketplace.escrow.order_rules import Action
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side, escrow, payable, processor_fee, receivable
from marketplace.payments.stripe_models import Chargeback, Checkout
from marketplace.payments.stripe_rules import Bank

_FEE, _BANK, _OTHER = "fee", "bank", ""
_BATCH = 500
_BORNE_BY_OTHERS = (Chart.RECEIVABLE, Chart.GUARANTEE_FUND, Chart.LOSSES)


@dataclass(slots=True)
class _Booked:
    """What an order's own deeds moved, in minor units."""

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By debit and credit."""
    taken: Counter[str] = field(default_factory=Counter)
    """Out of the group's accounts, by fees and by banks."""

    def on(self, account: str) -> int:
        """Credits less debits on an account, or on all of a line of the chart."""
        is_of = [(_is(debit, account), _is(credit, account), minor) for (debit, credit), minor in self.moves.items()]
        return sum(minor * (is_credit - is_debit) for is_debit, is_credit, minor in is_of)

    def noted(self, account: str) -> int:
        """What came on an account straight out of the group's."""
        pairs = [(debit, minor) for (debit, credit), minor in self.moves.items() if _is(credit, Chart.GATEWAY)]
        return sum(minor for debit, minor in pairs if debit == account)

    def between(self, debit: str, credit: str) -> int:
        return self.moves[debit, credit]

    def accounts(self, chart: Chart) -> set[str]:
        return {account for pair in self.moves for account in pair if _is(account, chart)}

    @property
    def is_by_gateway(self) -> bool:
        return any(account.count(":") > 1 for account in self.accounts(Chart.GATEWAY))


def processor_findings() -> Iterator[Finding]:
    """Every order of which processors and banks took something else than the books say, or that others bear something
    else for; and everybody who owes something else than his orders say. Some queries for all orders together."""
    booked, told, lost, moved = _booked(), _told(), _lost(), moved_by_order()
    debts: Counter[str] = Counter()
    group_of: dict[str, int] = {}
    for row in db.session.execute(_orders().execution_options(yield_per=_BATCH)):
        mine = booked.get(row.id, _Booked())
        came, went = moved.get(row.id, (0, 0))
        yield from _check_taken(row, mine, told.get(row.id, 0), lost.get(row.id, 0))
        yield from _check_borne(row, mine, came - went - told.get(row.id, 0) - lost.get(row.id, 0))
        for account in mine.accounts(Chart.RECEIVABLE):
            debts[account] -= mine.on(account)
            group_of[account] = row.group_id
    for group_id, person_id, minor in _settled():
        debts[receivable(group_id, person_id)] -= minor
        group_of[receivable(group_id, person_id)] = group_id
    yield from _check_debts(debts, group_of)


def _check_taken(row: Any, mine: _Booked, told: int, lost: int) -> Iterator[Finding]:
    """What was taken, and what became of it by the order's own row."""
    for what, minor, by_books in (
        ("by what was told, in fees", told, mine.taken[_FEE]),
        ("by what was told, as fees to be borne", told, mine.noted(processor_fee(row.id))),
        ("by what was told, in chargebacks that were lost", lost, mine.taken[_BANK]),
    ):
        if by_books != minor:
            yield _finding("taken", row, f"{_money(row, minor)} was taken {what}", by_books)
    own = escrow(row.id)
    sums = {
        "of the processor’s fee is open": (row.processor_fee_minor, -mine.on(processor_fee(row.id))),
        "of it came out of the proceeds": (row.borne_minor, mine.between(own, processor_fee(row.id))),
        "of the proceeds paid debts": (row.set_off_minor, mine.between(_seller(row), _debt(row, row.seller_id))),
    }
    if mine.is_by_gateway:
        sums["was earned by the group"] = (row.earned_minor, mine.on(Chart.FEES))
    for words, (by_row, by_books) in sums.items():
        if by_row != by_books:
            yield _finding("taken", row, f"{_money(row, by_row)} {words} by its own row", by_books)


def _check_borne(row: Any, mine: _Booked, at_gateways: int) -> Iterator[Finding]:
    """What is not in the order's money any more, and is nobody's of its parties: others bear it."""
    claims = row.held_minor + row.owed_buyer_minor + row.owed_seller_minor + mine.on(Chart.FEES)
    expected = claims - row.processor_fee_minor - at_gateways
    by_books = -sum(mine.on(chart) for chart in _BORNE_BY_OTHERS)
    if expected != by_books:
        sentence = (
            f"by what was moved and is owed {_money(row, expected)} of it is borne by debts, the fund or the group"
        )
        yield _finding("borne", row, sentence, by_books)
    strangers = mine.accounts(Chart.RECEIVABLE) - {_debt(row, row.buyer_id), _debt(row, row.seller_id)}
    for account in sorted(strangers):
        sentence = f"Order {row.id} makes {account} owe something, who is not its buyer or seller."
        yield Finding("borne", sentence, group_id=row.group_id)


def _check_debts(debts: Mapping[str, int], group_of: Mapping[str, int]) -> Iterator[Finding]:
    net = func.sum(case((Entry.side == Side.DEBIT, Entry.amount_minor), else_=-Entry.amount_minor))
    query = select(Entry.account, net).where(Entry.account.startswith(f"{Chart.RECEIVABLE}:", autoescape=True))
    booked = {account: int(minor) for account, minor in db.session.execute(query.group_by(Entry.account))}
    for account in sorted(debts.keys() | booked.keys()):
        by_orders, by_books = debts.get(account, 0), booked.get(account, 0)
        if by_orders != by_books or by_books < 0:
            sentence = (
                f"{account} is {by_books} minor units in the books, and {by_orders} by orders, payments, write-offs."
            )
            yield Finding("owed", sentence, group_id=group_of.get(account))


def _settled() -> list[tuple[int, int, int]]:
    """What members have paid of their debts, or was written off: group, person, minor units. One query."""
    of, settled = (DebtDeed.group_id, DebtDeed.person_id), func.sum(DebtDeed.amount_minor)
    rows = db.session.execute(select(*of, settled).where(DebtDeed.state == DebtState.DONE).group_by(*of))
    return [(group_id, person_id, int(minor)) for group_id, person_id, minor in rows]


def _booked() -> dict[int, _Booked]:
    """What each order's deeds moved between which accounts. One query."""
    debit, credit = aliased(Entry), aliased(Entry)
    of = case((_is_of(Action.NOTE_FEE), _FEE), (_is_of(Action.WIN_CHARGEBACK, Action.LOSE_CHARGEBACK), _BANK),
              else_=_OTHER).label("of")  # fmt: skip
    query = select(Transfer.order_id, of, debit.account, credit.account, func.sum(debit.amount_minor))
    query = query.join(debit, (debit.transfer_id == Transfer.id) & (debit.side == Side.DEBIT))
    query = query.join(credit, (credit.transfer_id == Transfer.id) & (credit.number == debit.number + 1))
    query = query.where(Transfer.reference.startswith("order:"))
    found: defaultdict[int, _Booked] = defaultdict(_Booked)
    for order_id, why, debited, credited, minor in db.session.execute(
        query.group_by(Transfer.order_id, of, debit.account, credit.account)
    ):
        if order_id is None:
            continue
        found[order_id].moves[debited, credited] += int(minor)
        for account, sign in ((credited, 1), (debited, -1)):
            if why and _is(account, Chart.GATEWAY):
                found[order_id].taken[why] += sign * int(minor)
    return found


def _is_of(*actions: Action) -> ColumnElement[bool]:
    return or_(*[Transfer.memo.startswith(f"{MEMOS[action]}, ", autoescape=True) for action in actions])


def _told() -> dict[int, int]:
    """The fees that were told, of payments and of chargebacks."""
    of_payments = select(Checkout.order_id, func.sum(Checkout.fee_minor)).where(Checkout.fee_minor.is_not(None))
    of_claims = select(Checkout.order_id, func.sum(Chargeback.fee_minor)).where(Chargeback.fee_minor.is_not(None))
    found: Counter[int] = Counter()
    for query in (of_payments, of_claims.join(Checkout, Checkout.id == Chargeback.checkout_id)):
        for order_id, minor in db.session.execute(query.group_by(Checkout.order_id)):
            found[order_id] += int(minor or 0)
    return found


def _lost() -> dict[int, int]:
    query = select(Checkout.order_id, func.sum(Chargeback.amount_minor)).where(Chargeback.state == Bank.LOST)
    query = query.join(Checkout, Checkout.id == Chargeback.checkout_id).group_by(Checkout.order_id)
    return {order_id: int(minor) for order_id, minor in db.session.execute(query)}


def _orders() -> Select[*tuple[Any, ...]]:
    return select(
        Order.id, Order.group_id, Order.buyer_id, Order.seller_id, Order.currency, Order.held_minor,
        Order.owed_buyer_minor, Order.owed_seller_minor, Order.processor_fee_minor, Order.borne_minor,
        Order.earned_minor, Order.set_off_minor,
    ).order_by(Order.id)  # fmt: skip


def _finding(what: str, row: Any, by_others: str, by_books: int) -> Finding:
    sentence = f"Order {row.id}: {by_others}, and by the books it is {_money(row, by_books)}."
    return Finding(what, sentence, group_id=row.group_id)


def _money(row: Any, minor: int) -> Money:
    return Money(minor, row.currency)


def _seller(row: Any) -> str:
    return payable(row.group_id, row.seller_id)


def _debt(row: Any, person_id: int) -> str:
    return receivable(row.group_id, person_id)


def _is(account: str, of: str) -> bool:
    return account == of or account.startswith(f"{of}:")
