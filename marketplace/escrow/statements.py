"""A member's statement of a month: what became his in one group, what was kept of it as a fee, and what he was paid.

Every line is a transfer that touched his own account in the group's books, so the sums are the books' own: what was
owed to him at the beginning, and what came, less what went, is what is owed to him at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from marketplace.escrow.books import Row, lines_by_reference
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action
from marketplace.kernel.database import db
from marketplace.kernel.money import Money, zero
from marketplace.ledger import rules as ledger
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side

_COMES_BACK = (Action.PAYOUT_MISSING, Action.PAYOUT_BOUNCED, Action.REVERSE_PAYOUT)
Month = tuple[datetime, datetime]
"""Its first moment, and the first after it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer on a member's account."""

    row: Row
    """As the group's books have it; `came` and `went` are his, and `balance` is what was owed to him after it."""
    order: Order | None
    fee: Money
    """What the group kept of his sale,"""
    processor_fee: Money
    """and what a payment processor did."""
    set_off: Money
    """What of it went towards a debt of his to the group, instead of to him."""
    came_back: Money
    """A payout that did not arrive, or was taken back: it is owed to him again, and was his before."""
    taken: Money
    """What a buyer's bank took of what was owed to him."""
    bank_reference: str
    """Of a payout: what stands on the bank's statement."""

    @property
    def yours(self) -> Money:
        """What became his by it."""
        return self.row.came - self.came_back

    @property
    def gross(self) -> Money:
        """What the buyer had paid of it."""
        return self.row.came + self.fee + self.processor_fee

    @property
    def paid_out(self) -> Money:
        return self.row.went - self.set_off - self.taken


@dataclass(frozen=True, slots=True)
class Statement:
    """All of a month, oldest first."""

    opening: Money
    lines: tuple[Line, ...]

    @property
    def came(self) -> Money:
        return self._sum([line.row.came for line in self.lines])

    @property
    def went(self) -> Money:
        return self._sum([line.row.went for line in self.lines])

    @property
    def yours(self) -> Money:
        return self._sum([line.yours for line in self.lines])

    @property
    def came_back(self) -> Money:
        return self._sum([line.came_back for line in self.lines])

    @property
    def taken(self) -> Money:
        return self._sum([line.taken for line in self.lines])

    @property
    def paid_out(self) -> Money:
        return self._sum([line.paid_out for line in self.lines])

    @property
    def set_off(self) -> Money:
        return self._sum([line.set_off for line in self.lines])

    @property
    def fees(self) -> Money:
        return self._sum([line.fee for line in self.lines])

    @property
    def processor_fees(self) -> Money:
        return self._sum([line.processor_fee for line in self.lines])

    @property
    def closing(self) -> Money:
        return self.opening + self.came - self.went

    def _sum(self, amounts: list[Money]) -> Money:
        return sum(amounts, zero(self.opening.currency))


def statement_of(group_id: int, person_id: int, currency: str, month: Month) -> Statement:
    """A member's statement of one month. Four queries, however much he traded."""
    account = ledger.payable(group_id, person_id)
    opening = _owed_before(account, currency, month[0])
    found = db.session.execute(_transfers(group_id, person_id, month)).all()
    deeds = lines_by_reference([each.reference for each in found])
    orders = _orders({each.order_id for each in found if each.order_id is not None})
    lines, balance = [], opening
    for each in found:
        came, went = Money(int(each.came), currency), Money(int(each.went), currency)
        balance = balance + came - went
        deed, order = deeds.get(each.reference), orders.get(each.order_id)
        is_sale = order is not None and order.seller_id == person_id and bool(came)
        row = Row(
            number=each.number, at=each.posted_at, memo=each.memo, reference=each.reference, order_id=each.order_id,
            seal=each.hash, came=came, went=went, balance=balance, line=deed,
        )  # fmt: skip
        action, nothing = Action(deed.action) if deed else None, zero(currency)
        set_off = Money(int(each.set_off), currency)
        kept, by_processor = (int(each.fee), int(each.processor_fee)) if is_sale else (0, 0)
        lines.append(
            Line(
                row, order, Money(kept, currency), Money(by_processor, currency), set_off,
                came_back=came if action in _COMES_BACK else nothing,
                taken=went - set_off if action is Action.LOSE_CHARGEBACK else nothing,
                bank_reference=deed.note if deed and action is Action.CONFIRM_PAYOUT else "",
            )
        )  # fmt: skip
    return Statement(opening, tuple(lines))


def first_line_at(group_id: int, person_id: int) -> datetime | None:
    """When something first became this member's own."""
    account = ledger.payable(group_id, person_id)
    query = select(func.min(Transfer.posted_at)).join(Entry, Entry.transfer_id == Transfer.id)
    return db.session.scalar(query.where(Entry.account == account, Transfer.group_id == group_id))


def _owed_before(account: str, currency: str, moment: datetime) -> Money:
    query = select(func.coalesce(func.sum(_signed(Side.CREDIT) - _signed(Side.DEBIT)), 0))
    query = query.join(Transfer, Transfer.id == Entry.transfer_id)
    owed = db.session.scalar(query.where(Entry.account == account, Transfer.posted_at < moment))
    return Money(int(owed or 0), currency)


def _transfers(group_id: int, person_id: int, month: Month) -> Select[*tuple[Any, ...]]:
    """The transfers of a month that touched his account: what came and went on it, what was kept, what was set off."""
    is_mine = Entry.account == ledger.payable(group_id, person_id)
    sums = {
        "came": _signed(Side.CREDIT, is_mine),
        "went": _signed(Side.DEBIT, is_mine),
        "fee": _signed(Side.CREDIT, Entry.account == ledger.fees(group_id)),
        "processor_fee": _signed(Side.CREDIT, Entry.account.startswith(f"{Chart.PROCESSOR_FEE}:", autoescape=True)),
        "set_off": _signed(Side.CREDIT, Entry.account == ledger.receivable(group_id, person_id)),
    }
    return (
        select(
            Transfer.number, Transfer.posted_at, Transfer.memo, Transfer.reference, Transfer.order_id, Transfer.hash,
            *[func.sum(column).label(name) for name, column in sums.items()],
        )
        .join(Entry, Entry.transfer_id == Transfer.id)
        .where(Transfer.group_id == group_id, Transfer.posted_at >= month[0], Transfer.posted_at < month[1])
        .where(Transfer.id.in_(select(Entry.transfer_id).where(is_mine)))
        .group_by(Transfer.id)
        .order_by(Transfer.number)
    )  # fmt: skip


def _signed(side: Side, where: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    is_it = Entry.side == side
    return case((is_it if where is None else and_(is_it, where), Entry.amount_minor), else_=0)


def _orders(order_ids: set[int]) -> dict[int | None, Order]:
    found = db.session.scalars(select(Order).where(Order.id.in_(order_ids))) if order_ids else ()
    return {order.id: order for order in found}
