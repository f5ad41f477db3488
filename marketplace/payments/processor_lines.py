"""The processor's own books, read page by page and kept as a copy: a night reads only what is new.

Lines are never changed there, so a copy of them stays right; that it is whole, their balance tells. Where it does not
agree with the copy, all of them are read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import stripe
from sqlalchemy import delete, func, select

from marketplace.kernel import clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.statements import insert_into
from marketplace.payments import queries, stripe_client
from marketplace.payments.reconcile_models import ProcessorLine
from marketplace.payments.stripe_connect import key_in, order_in

_PAGE = 100
_AT_ONCE = 500
_OVERLAP = timedelta(days=1)
"""Lines stand in the list in the order of their making, and some late; clocks differ, too."""
_LOOKS = 3

Sums = dict[str, int]
"""Minor units by currency."""


class Read(NamedTuple):
    """What was read."""

    balance: Sums | None
    """What the processor says lies there, available and pending. None where it never stood still meanwhile."""
    is_full: bool


def read_lines(run_id: int, *, since: datetime | None, begun: datetime) -> Read:
    """Bring the copy up to date: what is new `since` then, or all. No unit of work may be open. Raises StripeIsAway."""
    let_go()
    with stripe_client.needed().asked() as client:
        read = _follow(client, run_id, since)
        if not read.is_full and not _agrees(read.balance):
            read = _follow(client, run_id, None)
    if read.is_full:
        _forget_unread(run_id, begun)
    return read


def listed() -> Sums:
    """What the lines come to."""
    net = func.sum(ProcessorLine.amount_minor - ProcessorLine.fee_minor)
    query = select(ProcessorLine.currency, net).group_by(ProcessorLine.currency)
    return {currency: int(minor) for currency, minor in db.session.execute(query)}


def _agrees(balance: Sums | None) -> bool:
    mine = listed()
    let_go()
    return balance is None or all(mine.get(each, 0) == balance.get(each, 0) for each in {*mine, *balance})


def _follow(client: stripe.StripeClient, run_id: int, since: datetime | None) -> Read:
    """Money may move while the list is read: then what moved is read, too, and the balance looked at again."""
    before = _balance(client)
    _read(client, run_id, since)
    for _look in range(_LOOKS):
        after = _balance(client)
        if after == before:
            return Read(after, is_full=since is None)
        before = after
        _read(client, run_id, clock.now())
    return Read(None, is_full=since is None)


def _balance(client: stripe.StripeClient) -> Sums:
    balance = client.v1.balance.retrieve()
    sums = Counter[str]()
    for parts in (balance.available, balance.pending):
        for part in parts:
            sums[part.currency.upper()] += part.amount
    return dict(sums)


def _read(client: stripe.StripeClient, run_id: int, since: datetime | None) -> None:
    asked: dict[str, Any] = {"limit": _PAGE, "expand": ["data.source"]}
    if since is not None:
        asked["created"] = {"gte": int((since - _OVERLAP).timestamp())}
    lines = client.v1.balance_transactions.list(asked).auto_paging_iter()  # type: ignore[arg-type]  # what it takes is a dictionary of this shape
    for some in _in_parts(lines):
        _keep([_row(each, run_id) for each in some])


def _in_parts(lines: Iterable[stripe.BalanceTransaction]) -> Iterator[list[stripe.BalanceTransaction]]:
    part: list[stripe.BalanceTransaction] = []
    for line in lines:
        part.append(line)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _row(line: stripe.BalanceTransaction, run_id: int) -> dict[str, Any]:
    source: Any = line.source
    is_shown = source is not None and not isinstance(source, str)
    marks = getattr(source, "metadata", None) if is_shown else None
    key = key_in(marks)
    whole = (getattr(source, "charge", None) or getattr(source, "transfer", None)) if is_shown else None
    return {
        "line_id": line.id, "category": line.reporting_category, "amount_minor": line.amount, "fee_minor": line.fee,
        "currency": line.currency.upper(), "source": (source.id if is_shown else source) or line.id,
        "mark": None if key is None else queries.mark_in(key),
        "order_id": order_in(getattr(source, "transfer_group", None) if is_shown else None, marks),
        "part_of": whole if isinstance(whole, str) else None,
        "at": datetime.fromtimestamp(line.created, UTC), "read_in": run_id,
    }  # fmt: skip


@use_case
def _keep(rows: list[dict[str, Any]]) -> None:
    """A line that is known is as it was; a later reading is not undone by an earlier one that is still under way."""
    insert = insert_into(ProcessorLine)
    news = {name: insert.excluded[name] for name in rows[0] if name != "line_id"}
    is_later = ProcessorLine.read_in <= insert.excluded.read_in
    db.session.execute(insert.on_conflict_do_update(index_elements=["line_id"], set_=news, where=is_later), rows)


@use_case
def _forget_unread(run_id: int, begun: datetime) -> None:
    """What all of the list does not have any more is not there; what was added meanwhile is for the next time."""
    gone = delete(ProcessorLine).where(ProcessorLine.read_in < run_id, ProcessorLine.at < begun)
    db.session.execute(gone)
