"""What members read of their group's books: what is held and owed, and every transfer, with the order it was for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select, tuple_

from marketplace.escrow.models import Order, OrderLine
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger import rules as ledger
from marketplace.ledger.models import Entry, Head, Transfer
from marketplace.ledger.rules import Chart, Side
from marketplace.payments.rules import Through

PAGE = 50


class Kind(StrEnum):
    """Which transfers a reader wants to see."""

    PAYMENTS = "payments"
    PAYOUTS = "payouts"
    DECISIONS = "decisions"
    """Held money became somebody's: released, refunded or split."""
    FEES = "fees"
    DEPOSITS = "deposits"


@dataclass(frozen=True, slots=True)
class Balance:
    """What the group holds, and whom it owes that to. Both sides are summed up from the entries."""

    gateway: Money
    held: Money
    held_for: int
    """Orders."""
    deposits: Money
    deposits_of: int
    """Members."""
    owed: Money
    owed_to: int
    """Members."""
    fees: Money
    fund: Money
    losses: Money
    receivable: Money
    """What members owe the group, such as money that a bank took back."""
    processor_fee: Money
    """What payment processors kept, where it is not settled yet who bears it."""
    transfers: int
    seal: str
    """Of the last transfer; none where there is none."""

    @property
    def assets(self) -> Money:
        """Where the money is; what was lost or is owed to the group is counted here, for it is owed all the same."""
        return self.gateway + self.losses + self.receivable + self.processor_fee

    @property
    def claims(self) -> Money:
        """Whose it is."""
        return self.held + self.deposits + self.owed + self.fees + self.fund

    @property
    def agrees(self) -> bool:
        return self.assets == self.claims


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer in the statement of the group's account."""

    number: int
    at: datetime
    memo: str
    reference: str
    order_id: int | None
    seal: str
    came: Money
    went: Money
    balance: Money
    """In the group's account after it."""
    line: OrderLine | None = None
    """The deed that caused it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader asked to see; nothing said, everything."""

    month: tuple[datetime, datetime] | None = None
    kind: Kind | None = None
    order_id: int | None = None
    number: int | None = None
    party_id: int | None = None
    """Only transfers of orders that this person took part in."""


def balance_of(group_id: int, currency: str) -> Balance:
    """Both sides of the group's books. Two queries."""
    sums, counts = _sums_by_chart(group_id)

    def on(chart: Chart) -> Money:
        minor = sums.get(chart, 0)
        return Money(-minor if ledger.KINDS[chart] in (ledger.Kind.ASSET, ledger.Kind.EXPENSE) else minor, currency)

    head = db.session.get(Head, group_id)
    return Balance(
        gateway=on(Chart.GATEWAY), held=on(Chart.ESCROW), held_for=counts.get(Chart.ESCROW, 0),
        deposits=on(Chart.DEPOSIT), deposits_of=counts.get(Chart.DEPOSIT, 0),
        owed=on(Chart.PAYABLE), owed_to=counts.get(Chart.PAYABLE, 0), fees=on(Chart.FEES),
        fund=on(Chart.GUARANTEE_FUND), losses=on(Chart.LOSSES),
        receivable=on(Chart.RECEIVABLE), processor_fee=on(Chart.PROCESSOR_FEE), transfers=head.number if head else 0,
        seal=head.hash if head and head.number else "",
    )  # fmt: skip


def rows_of(group_id: int, currency: str, wanted: Filter, *, before: int | None = None, limit: int = PAGE) -> list[Row]:
    """A group's transfers, newest first: `limit` of them, before the one numbered `before`. Two queries."""
    account = _statement(group_id)
    query = (
        select(
            Transfer.number, Transfer.posted_at, Transfer.memo, Transfer.reference, Transfer.order_id, Transfer.hash,
            account.c.came, account.c.went, account.c.balance,
        )
        .join(account, account.c.id == Transfer.id)
        .where(*_conditions(group_id, wanted))
        .order_by(Transfer.number.desc())
        .limit(limit)
    )  # fmt: skip
    if before is not None:
        query = query.where(Transfer.number < before)
    found = list(db.session.execute(query))
    lines = lines_by_reference([row.reference for row in found])
    return [
        Row(
            number=row.number, at=row.posted_at, memo=row.memo, reference=row.reference, order_id=row.order_id,
            seal=row.hash, came=Money(int(row.came), currency), went=Money(int(row.went), currency),
            balance=Money(int(row.balance), currency), line=lines.get(row.reference),
        )
        for row in found
    ]  # fmt: skip


def totals_of(group_id: int, currency: str, wanted: Filter) -> tuple[Money, Money]:
    """What came into the group's account and what went out of it, by the transfers of a filter."""
    account = _statement(group_id)
    sums = select(func.coalesce(func.sum(account.c.came), 0), func.coalesce(func.sum(account.c.went), 0))
    sums = sums.join(Transfer, account.c.id == Transfer.id).where(*_conditions(group_id, wanted))
    came, went = db.session.execute(sums).one()
    return Money(int(came), currency), Money(int(went), currency)


def first_posted_at(group_id: int) -> datetime | None:
    """When the books begin."""
    return db.session.scalar(select(Transfer.posted_at).where(Transfer.group_id == group_id, Transfer.number == 1))


def took_part_in(person_id: int, order_ids: Collection[int]) -> dict[int, Order]:
    """Those of the orders that this person bought or sold: in them he may read the other's name."""
    mine = select(Order).where(Order.id.in_(order_ids), _is_party(person_id))
    return {order.id: order for order in db.session.scalars(mine)}


def accounts_of(group_id: int, person_id: int) -> set[str]:
    """Every account in a group's books on which something of this person's may stand: his own, and those of the orders
    that he bought or sold. One query."""
    orders = select(Order.id).where(Order.group_id == group_id, _is_party(person_id))
    own = {ledger.payable(group_id, person_id), ledger.deposit(group_id, person_id)}
    return own | {ledger.escrow(order_id) for order_id in db.session.scalars(orders)}


def _sums_by_chart(group_id: int) -> tuple[dict[Chart, int], dict[Chart, int]]:
    """For each line of the chart: credits less debits, and how many accounts are not empty."""
    net = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=-Entry.amount_minor)).label("net")
    chart = case(*[(_is_on(chart), str(chart)) for chart in Chart]).label("chart")
    accounts = select(chart, net).join(Transfer, Transfer.id == Entry.transfer_id).where(Transfer.group_id == group_id)
    per_account = accounts.group_by(Entry.account, chart).subquery()
    not_empty = func.count().filter(per_account.c.net != 0)
    query = select(per_account.c.chart, func.sum(per_account.c.net), not_empty).group_by(per_account.c.chart)
    rows = [(Chart(row[0]), int(row[1]), int(row[2])) for row in db.session.execute(query)]
    return {chart: total for chart, total, _ in rows}, {chart: count for chart, _, count in rows}


def _statement(group_id: int) -> Subquery:
    """Of every transfer of a group: what came into its account, what went out of it, and what lay there after it."""
    places = [ledger.gateway(group_id), ledger.gateway(group_id, Through.STRIPE)]
    is_here = and_(Entry.transfer_id == Transfer.id, Entry.account.in_(places))
    came = func.sum(case((Entry.side == Side.DEBIT, Entry.amount_minor), else_=0))
    went = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=0))
    moved = (
        select(Transfer.id, Transfer.number, came.label("came"), went.label("went"))
        .outerjoin(Entry, is_here)
        .where(Transfer.group_id == group_id)
        .group_by(Transfer.id, Transfer.number)
        .subquery()
    )
    balance = func.sum(moved.c.came - moved.c.went).over(order_by=moved.c.number)
    return select(moved.c.id, moved.c.came, moved.c.went, balance.label("balance")).subquery()


def _conditions(group_id: int, wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Transfer.group_id == group_id]
    if wanted.month:
        found += [Transfer.posted_at >= wanted.month[0], Transfer.posted_at < wanted.month[1]]
    if wanted.order_id is not None:
        found.append(Transfer.order_id == wanted.order_id)
    if wanted.number is not None:
        found.append(Transfer.number == wanted.number)
    if wanted.party_id is not None:
        found.append(Transfer.order_id.in_(select(Order.id).where(_is_party(wanted.party_id))))
    if wanted.kind is not None:
        found.append(Transfer.entries.any(_is_of_kind(wanted.kind)))
    return found


def _is_of_kind(kind: Kind) -> ColumnElement[bool]:
    """An entry that only transfers of this kind have."""
    return {
        Kind.PAYMENTS: and_(_is_on(Chart.GATEWAY), Entry.side == Side.DEBIT),
        Kind.PAYOUTS: and_(_is_on(Chart.GATEWAY), Entry.side == Side.CREDIT),
        Kind.DECISIONS: and_(_is_on(Chart.ESCROW), Entry.side == Side.DEBIT),
        Kind.FEES: _is_on(Chart.FEES),
        Kind.DEPOSITS: _is_on(Chart.DEPOSIT),
    }[kind]


def _is_on(chart: Chart) -> ColumnElement[bool]:
    return Entry.account.startswith(f"{chart}:", autoescape=True)


def _is_party(person_id: int) -> ColumnElement[bool]:
    return or_(Order.buyer_id == person_id, Order.seller_id == person_id)


def lines_by_reference(references: list[str]) -> dict[str, OrderLine]:
    """The deeds that caused these transfers, by the transfers' references: "order:7:3" is the third deed of order 7."""
    parts = [reference.split(":") for reference in references]
    keys = [(int(part[1]), int(part[2])) for part in parts if part[0] == "order" and len(part) == 3]  # noqa: PLR2004
    if not keys:
        return {}
    wanted = select(OrderLine).where(tuple_(OrderLine.order_id, OrderLine.number).in_(keys))
    return {f"order:{line.order_id}:{line.number}": line for line in db.session.scalars(wanted)}
