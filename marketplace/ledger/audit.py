"""The audit of the books. It trusts no trigger, no constraint and no type: it reads what is stored and reckons again.

For each group: the numbers go on without a gap, every transfer bears the seal that its content and the one before it
give, debits equal credits, everything is in one currency, the chain ends where its head says, nobody is owed less than
nothing. Somebody who can write everything, heads too, can forge a whole new chain: against him only a copy of a seal
helps that was taken out of the building.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, type_coerce
from sqlalchemy.types import NullType

from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.models import Entry, Head, Transfer
from marketplace.ledger.rules import BEFORE_THE_FIRST, Kind, Line, Page, Side, kind_of

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with the books, and where."""

    what: str
    """A word for machines: changed, broken, missing, unknown, unbalanced, currency, overdrawn, orphan; or, from the
    audits of other floors, theirs."""
    sentence: str
    group_id: int | None = None
    number: int | None = None
    """Of the transfer in its group's chain."""
    transfer_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A transfer as it is stored: `row` has the columns of ledger_transfers, of whatever type they now are."""

    row: Any
    lines: tuple[Line, ...]

    @property
    def group_id(self) -> int | None:
        """None where what stands there is no group's number."""
        return self.row.group_id if isinstance(self.row.group_id, int) else None

    def bears_its_seal(self) -> bool:
        """Whether its content gives its hash."""
        row = self.row
        try:
            page = Page(
                group_id=row.group_id,
                number=row.number,
                reference=row.reference,
                memo=row.memo,
                order_id=row.order_id,
                reverses=row.reverses,
                posted_at=_moment(row.posted_at),
                lines=self.lines,
            )
            return bool(page.seal(row.previous_hash) == row.hash)
        except (TypeError, ValueError):
            return False  # no program of ours wrote this

    def is_balanced(self) -> bool:
        debits = sum(line.amount_minor for line in self.lines if line.side == Side.DEBIT)
        credits_ = sum(line.amount_minor for line in self.lines if line.side == Side.CREDIT)
        return debits == credits_ > 0


@dataclass(slots=True)
class _Chain:
    """How far the audit of one group has come."""

    group_id: int
    number: int = 0
    hash: str = BEFORE_THE_FIRST
    transfer_id: int | None = None
    currency: str | None = None
    credits_less_debits: Counter[str] = field(default_factory=Counter)

    def find(self, what: str, sentence: str, *, number: int | None = None, transfer_id: int | None = None) -> Finding:
        return Finding(what, f"Group {self.group_id}: {sentence}", self.group_id, number, transfer_id)


def count() -> int:
    """How many transfers there are in all the books."""
    return db.session.scalar(select(func.count()).select_from(Transfer)) or 0


def findings() -> Iterator[Finding]:
    """Everything that is wrong with the books, group by group. Where there is nothing, they are sound."""
    heads = {head.group_id: head for head in db.session.scalars(select(Head))}
    for group_id, chained in groupby(_stored_transfers(), key=lambda stored: stored.group_id):
        if group_id is None:
            yield from (_of_no_chain(stored) for stored in chained)
            continue
        chain = _Chain(group_id)
        for stored in chained:
            yield from _check_transfer(chain, stored)
        yield from _check_end(chain, heads.pop(group_id, None))
        yield from _check_balances(chain)
    for group_id, head in sorted(heads.items()):
        yield from _check_end(_Chain(group_id), head)
    yield from _orphans()


def _check_transfer(chain: _Chain, stored: _Stored) -> Iterator[Finding]:
    """The next transfer of a chain, by itself and against the one before it; the chain is then one further."""
    if not isinstance(stored.row.number, int):
        yield _of_no_chain(stored)
        return
    row, name = stored.row, f"transfer {stored.row.number} (row {stored.row.id})"
    here = {"number": row.number, "transfer_id": row.id}
    if not stored.bears_its_seal():
        yield chain.find("changed", f"{name} was changed by hand: its content does not give its seal.", **here)
    if row.number <= chain.number:
        yield chain.find("unknown", f"{name} has the number of another.", **here)
    elif row.number > chain.number + 1:
        missing = _range(chain.number + 1, row.number - 1)
        yield chain.find("missing", f"{missing} missing before {name}.", **here)
    elif row.previous_hash != chain.hash:
        before = f"transfer {chain.number} (row {chain.transfer_id})" if chain.number else "the beginning"
        yield chain.find("broken", f"{name} does not follow from {before}: one is not what was posted.", **here)
    amounts = [line.amount_minor for line in stored.lines]
    if all(isinstance(amount, int) for amount in amounts):
        if not stored.is_balanced():
            yield chain.find("unbalanced", f"the debits of {name} are not its credits.", **here)
        for line in stored.lines:
            chain.credits_less_debits[line.account] += line.amount_minor * (1 if line.side == Side.CREDIT else -1)
    chain.currency = chain.currency or next((line.currency for line in stored.lines), None)
    if any(line.currency != chain.currency for line in stored.lines):
        yield chain.find("currency", f"{name} is not in {chain.currency} like those before it.", **here)
    chain.number, chain.hash, chain.transfer_id = row.number, row.hash, row.id


def _of_no_chain(stored: _Stored) -> Finding:
    """A transfer that says no number, or no group, has no place in any chain."""
    row = stored.row
    sentence = f"Row {row.id} of the transfers was changed by hand: group {row.group_id}, number {row.number}."
    return Finding("changed", sentence, stored.group_id, transfer_id=row.id)


def _check_end(chain: _Chain, head: Head | None) -> Iterator[Finding]:
    """Whether the chain ends where its head says."""
    if head and not isinstance(head.number, int):
        yield chain.find("changed", f"the end of its chain was changed by hand: {head.number} is no number.")
        return
    number, currency = (head.number, head.currency) if head else (0, None)
    last = {"number": chain.number or None, "transfer_id": chain.transfer_id}
    if number > chain.number:
        yield chain.find("missing", f"{_range(chain.number + 1, number)} missing at the end.", number=number)
    elif number < chain.number:
        yield chain.find("unknown", f"{_range(number + 1, chain.number)} not posted by the books' own rules.", **last)
    elif head and head.hash != chain.hash:
        name = f"transfer {chain.number} (row {chain.transfer_id})"
        yield chain.find("broken", f"the seal of {name} is not the one that was written down for the last.", **last)
    if currency and chain.currency and currency != chain.currency:
        yield chain.find("currency", f"the books are in {currency}, and transfers in {chain.currency}.")


def _check_balances(chain: _Chain) -> Iterator[Finding]:
    """Whether nobody is owed less than nothing."""
    for account, minor in sorted(chain.credits_less_debits.items(), key=str):
        if minor < 0 and _is_liability(account):
            below = Money(-minor, chain.currency or "")
            yield chain.find("overdrawn", f"{account} is {below} below nothing.")


def _orphans() -> Iterator[Finding]:
    """Entries whose transfer is gone."""
    lost = select(Entry.transfer_id).where(~select(Transfer.id).where(Transfer.id == Entry.transfer_id).exists())
    for transfer_id in db.session.scalars(lost.distinct().order_by(Entry.transfer_id)):
        sentence = f"Entries of row {transfer_id} of the transfers are left, and the transfer is gone."
        yield Finding("orphan", sentence, transfer_id=transfer_id)


def _stored_transfers() -> Iterator[_Stored]:
    """Every transfer with its lines, in the order of the chains, some at a time in memory."""
    columns = [column for column in Transfer.__table__.c if column.name != "posted_at"]
    moment = type_coerce(Transfer.posted_at, NullType).label("posted_at")  # as it lies there, whatever it is
    query = select(*columns, moment).order_by(Transfer.group_id, Transfer.number, Transfer.id)
    for batch in db.session.execute(query.execution_options(yield_per=_BATCH)).partitions():
        lines = _stored_lines([row.id for row in batch])
        yield from (_Stored(row, lines.get(row.id, ())) for row in batch)


def _stored_lines(transfer_ids: list[int]) -> dict[int, tuple[Line, ...]]:
    query = select(Entry.transfer_id, Entry.account, Entry.side, Entry.amount_minor, Entry.currency)
    query = query.where(Entry.transfer_id.in_(transfer_ids)).order_by(Entry.transfer_id, Entry.number)
    rows = groupby(db.session.execute(query), key=lambda row: row.transfer_id)
    return {transfer_id: tuple(Line(*line[1:]) for line in lines) for transfer_id, lines in rows}


def _moment(stored: object) -> datetime:
    """A moment as the driver gives it: PostgreSQL's aware, SQLite's a text in UTC."""
    moment = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_liability(account: str) -> bool:
    try:
        return kind_of(account) is Kind.LIABILITY
    except (TypeError, ValueError):
        return False  # on no line of the chart: that its transfer was forged is a finding of its own


def _range(first: int, last: int) -> str:
    return f"transfer {first} is" if first == last else f"transfers {first} to {last} are"
