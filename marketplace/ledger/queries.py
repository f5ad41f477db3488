"""What the books say: balances, a group's statement, what is held for whom. All sums are on the account's own side:
what lies at the gateway, what is held, owed, earned and lost are positive."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, select

from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money, zero
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Kind, Side, kind_of, order_of

CREDITS_LESS_DEBITS = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=-Entry.amount_minor))
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """Some of a group's transfers, newest first."""

    transfers: Sequence[Transfer]
    before: int | None
    """Ask for those before this number to read on; none where these are the last."""


def balance(account: str, currency: str) -> Money:
    """What stands on the account."""
    return balances([account], currency)[account]


def balances(accounts: Collection[str], currency: str) -> dict[str, Money]:
    """What stands on each of the accounts; one that nothing was ever posted to has zero."""
    found = _sums(_summed().where(Entry.account.in_(accounts), Entry.currency == currency))
    return {account: found.get(account, zero(currency)) for account in accounts}


def balance_before(account: str, currency: str, moment: datetime) -> Money:
    """What stood on the account at that moment."""
    query = _summed().join(Transfer).where(Entry.account == account, Entry.currency == currency)
    return _sums(query.where(Transfer.posted_at < moment)).get(account, zero(currency))


def has_moved(account: str, start: datetime, end: datetime) -> bool:
    """Whether anything was posted to the account from `start` on and before `end`."""
    query = select(Entry.number).join(Transfer).where(Entry.account == account, Transfer.posted_at >= start)
    return db.session.scalar(query.where(Transfer.posted_at < end).limit(1)) is not None


def last_before(group_id: int, moment: datetime) -> Transfer | None:
    """The last transfer of the group's chain at that moment; none where there was none."""
    query = select(Transfer).where(Transfer.group_id == group_id, Transfer.posted_at < moment)
    return db.session.scalar(query.order_by(Transfer.number.desc()).limit(1))


def sums_on(accounts: Collection[str]) -> dict[str, Money]:
    """What stands on each of the accounts, each in its own currency; one that nothing was posted to is not there."""
    return _sums(_summed().where(Entry.account.in_(accounts)))


def balances_of_group(group_id: int, chart: Chart | None = None) -> dict[str, Money]:
    """Every account in the group's books with its balance, or those of one line of the chart."""
    query = _summed().join(Transfer).where(Transfer.group_id == group_id)
    return _sums(query if chart is None else query.where(_is_on(chart)))


def balances_of_order(order_id: int) -> dict[str, Money]:
    """What the transfers of this order alone have left on each account they touched: what is still held for it, what
    of it is owed to whom, what it has brought the group."""
    return _sums(_summed().join(Transfer).where(Transfer.order_id == order_id))


def balances_of_orders(order_ids: Collection[int]) -> dict[int, dict[str, Money]]:
    """The same for several orders at once."""
    query = _summed().add_columns(Transfer.order_id).join(Transfer).where(Transfer.order_id.in_(order_ids))
    found: dict[int, dict[str, Money]] = {order_id: {} for order_id in order_ids}
    for account, currency, minor, order_id in db.session.execute(query.group_by(Transfer.order_id)):
        found[order_id][account] = _on_its_own_side(account, int(minor), currency)
    return found


def at_processor(processor: str) -> dict[str, int]:
    """What lies at a payment processor for all groups together, in minor units by currency."""
    here = _is_on(Chart.GATEWAY), Entry.account.endswith(f":{processor}", autoescape=True)
    query = select(Entry.currency, CREDITS_LESS_DEBITS).where(*here).group_by(Entry.currency)
    return {currency: -int(minor) for currency, minor in db.session.execute(query)}


def taken_from_processor(processor: str, *, reference: str) -> list[tuple[Money, int]]:
    """What transfers whose reference begins so took from the groups' accounts at a processor, and how many, by
    currency."""
    here = _is_on(Chart.GATEWAY), Entry.account.endswith(f":{processor}", autoescape=True)
    query = select(Entry.currency, CREDITS_LESS_DEBITS, func.count()).join(Transfer)
    query = query.where(*here, Transfer.reference.startswith(reference, autoescape=True)).group_by(Entry.currency)
    return [(Money(int(minor), currency), count) for currency, minor, count in db.session.execute(query)]


def held(group_id: int) -> dict[int, Money]:
    """What the group holds, by order. Orders for which nothing is held are not there."""
    found = balances_of_group(group_id, Chart.ESCROW)
    return {order_of(account): amount for account, amount in found.items() if amount}


def transfer(group_id: int, number: int) -> Transfer:
    """The transfer of that number in the group's chain. Raises NotFound."""
    found = db.session.scalar(select(Transfer).where(Transfer.group_id == group_id, Transfer.number == number))
    if found is None:
        raise NotFound("There is no such transfer in these books.")
    return found


def transfers_of_order(order_id: int) -> Sequence[Transfer]:
    """All that was moved for an order, oldest first."""
    query = select(Transfer).where(Transfer.order_id == order_id).order_by(Transfer.number)
    return db.session.scalars(query).all()


def statement(
    group_id: int,
    *,
    before: int | None = None,
    month: tuple[datetime, datetime] | None = None,
    chart: Chart | None = None,
    order_id: int | None = None,
    most: int = 50,
) -> Statement:
    """`most` transfers of a group, newest first, `before` a number; if asked, only those of a `month` (from, to), of
    one order, or that touch accounts of one line of the chart."""
    query = _listed(group_id, month=month, chart=chart, order_id=order_id).order_by(Transfer.number.desc())
    if before is not None:
        query = query.where(Transfer.number < before)
    found = db.session.scalars(query.limit(most + 1)).all()
    shown = found[:most]
    return Statement(shown, shown[-1].number if len(found) > most else None)


def every_transfer(group_id: int, *, month: tuple[datetime, datetime] | None = None) -> Iterator[Transfer]:
    """The group's transfers from the first on, a few at a time in memory: for the export."""
    query = _listed(group_id, month=month).order_by(Transfer.number)
    yield from db.session.scalars(query.execution_options(yield_per=_BATCH))


def _listed(
    group_id: int,
    *,
    month: tuple[datetime, datetime] | None = None,
    chart: Chart | None = None,
    order_id: int | None = None,
) -> Select[Transfer]:
    query = select(Transfer).where(Transfer.group_id == group_id)
    if month is not None:
        query = query.where(Transfer.posted_at >= month[0], Transfer.posted_at < month[1])
    if order_id is not None:
        query = query.where(Transfer.order_id == order_id)
    if chart is not None:
        query = query.where(Transfer.entries.any(_is_on(chart)))
    return query


def _is_on(chart: Chart) -> ColumnElement[bool]:
    return Entry.account.startswith(f"{chart}:", autoescape=True)


def _summed() -> Select[str, str, int]:
    query = select(Entry.account, Entry.currency, CREDITS_LESS_DEBITS)
    return query.group_by(Entry.account, Entry.currency)


def _sums(query: Select[str, str, int]) -> dict[str, Money]:
    rows = db.session.execute(query)
    return {account: _on_its_own_side(account, int(minor), currency) for account, currency, minor in rows}


def _on_its_own_side(account: str, credits_less_debits: int, currency: str) -> Money:
    grows_by_debits = kind_of(account) in {Kind.ASSET, Kind.EXPENSE}
    return Money(-credits_less_debits if grows_by_debits else credits_less_debits, currency)
