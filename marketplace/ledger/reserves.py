"""Proof of reserves: takes the root of each day, and gives members the proof that their money is in it."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Row, exists, func, select

from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.ledger import reserve_rules as rules
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import DailyRoot, Entry, Head, Transfer
from marketplace.ledger.queries import CREDITS_LESS_DEBITS
from marketplace.ledger.reserve_rules import Node, Proof
from marketplace.ledger.rules import Kind, Side, kind_of

_SUMMED_UP_AGAIN = 31
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Proven:
    """A day's root, and the proofs for some accounts in it."""

    taken: DailyRoot
    proofs: tuple[Proof, ...]
    by_books: Node | None
    """The tree that the books of that day give now; none where they give none: no program of ours wrote what stands
    there. It is the root's own, unless somebody changed them by hand."""


def take_due_roots(limit: int = 50) -> int:
    """Take the root of today in every group that has books and no root of today yet. How many were taken."""
    due = select(Head.group_id).where(*_without_root(clock.now().date())).order_by(Head.group_id).limit(limit)
    ids = list(db.session.scalars(due))
    let_go()
    return sum(survives(_take_today, group_id) for group_id in ids)


def to_take(now: datetime) -> Backlog:
    """How many groups have no root of today yet; late, where the first hour of the day is over."""
    query = select(func.count()).select_from(Head).where(*_without_root(now.date()))
    due = db.session.scalar(query) or 0
    return Backlog(due, due if now.hour else 0)


def _without_root(today: date) -> tuple[ColumnElement[bool], ...]:
    has_one = exists().where(DailyRoot.group_id == Head.group_id, DailyRoot.day == today)
    return Head.number > 0, ~has_one


def _take_today(group_id: int) -> bool:
    return take_root(group_id=group_id) is not None


@use_case
def take_root(*, group_id: int) -> DailyRoot | None:
    """Seal what is held and owed in the group's books now, as the root of today. None where it was taken before, or
    where nothing was ever posted.

    Posting goes on meanwhile: what is summed up ends with the last transfer that was there, and the books only grow.
    """
    # Locked, for the root before it is named in it: two workers take one after the other.
    head = db.session.get_one(Head, group_id, with_for_update=True, populate_existing=True)
    now = clock.now()
    if not head.number or _root_of(group_id, now.date()) is not None:
        return None
    balances, secret = _balances_at(group_id, head.number), secrets.token_hex(32)
    tree = rules.tree_of(rules.leaves_of(balances, secret))
    held, elsewhere = rules.held_and_elsewhere(balances)
    before = latest(group_id)
    taken = DailyRoot(
        group_id=group_id, day=now.date(), taken_at=now, currency=head.currency, number=head.number,
        chain_hash=head.hash, tree_hash=tree.hash, owed_minor=tree.minor, held_minor=held, elsewhere_minor=elsewhere,
        secret=secret, previous=before.seal if before else rules.BEFORE_THE_FIRST_ROOT, seal="",
    )  # fmt: skip
    taken.seal = taken.root().seal()
    db.session.add(taken)
    db.session.flush()
    return taken


def latest(group_id: int) -> DailyRoot | None:
    """The newest root of a group."""
    return next(iter(roots(group_id, most=1)), None)


def roots(group_id: int, *, before: date | None = None, most: int = 31) -> Sequence[DailyRoot]:
    """A group's roots, newest first; those of days `before` one to read on."""
    query = select(DailyRoot).where(DailyRoot.group_id == group_id)
    if before is not None:
        query = query.where(DailyRoot.day < before)
    return db.session.scalars(query.order_by(DailyRoot.day.desc()).limit(most)).all()


def proven(group_id: int, accounts: Collection[str], *, day: date | None = None) -> Proven | None:
    """The root of a day, or the newest, and the proofs for those of the accounts on which something was owed then.
    None where there is no such root."""
    taken = latest(group_id) if day is None else _root_of(group_id, day)
    if taken is None:
        return None
    try:
        leaves = rules.leaves_of(_balances_at(group_id, taken.number), taken.secret)
        tree, proofs = rules.tree_of(leaves), tuple(rules.proofs_of(leaves, accounts))
    except ValueError:
        return Proven(taken, (), None)
    return Proven(taken, proofs, tree)


def root_findings() -> Iterator[Finding]:
    """Every root whose seal is not its own, that does not name the one before it, or that the books do not give. What
    was held and owed is summed up again for the newest month of each group; an older root is held by its seal. Two
    queries, one of them a pass over all entries."""
    stored = _stored_roots()
    recent = {group_id: [taken for taken, _hash in found[-_SUMMED_UP_AGAIN:]] for group_id, found in stored.items()}
    sums = _sums_again(recent)
    for found in stored.values():
        previous = rules.BEFORE_THE_FIRST_ROOT
        older = len(found) - _SUMMED_UP_AGAIN
        for place, (taken, chain_hash) in enumerate(found):
            books = _Books(chain_hash, sums.get(taken.id), is_recent=place >= older)
            yield from _findings_of(taken, previous, books)
            previous = taken.seal


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a root says of the books."""

    owed: Node
    held_minor: int
    elsewhere_minor: int


@dataclass(frozen=True, slots=True)
class _Books:
    """What a root is held against."""

    chain_hash: str | None
    """The seal of the transfer that it names; none where there is no such transfer."""
    sums: _Sums | None
    """None where they cannot be reckoned: no program of ours wrote what stands there."""
    is_recent: bool


def _findings_of(taken: DailyRoot, previous: str, books: _Books) -> Iterator[Finding]:
    name = f"Group {taken.group_id}: the root of {taken.day}"
    here = {"group_id": taken.group_id, "number": taken.number}
    if taken.root().seal() != taken.seal:
        yield Finding("root", f"{name} was changed by hand: its content does not give its seal.", **here)
    elif taken.previous != previous:
        yield Finding("root", f"{name} does not name the one before it: one was changed, or is gone.", **here)
    elif books.chain_hash != taken.chain_hash:
        yield Finding("root", f"{name} seals other books: their transfer {taken.number} was another then.", **here)
    elif books.is_recent and books.sums != _Sums(taken.root().tree, taken.held_minor, taken.elsewhere_minor):
        yield Finding("root", f"{name} is not what the books held and owed then.", **here)


def _stored_roots() -> dict[int, list[tuple[DailyRoot, str | None]]]:
    """Every root, by group and oldest first, with the seal that the books now have for the transfer it names."""
    is_named = (Transfer.group_id == DailyRoot.group_id) & (Transfer.number == DailyRoot.number)
    query = select(DailyRoot, Transfer.hash).outerjoin(Transfer, is_named).order_by(DailyRoot.group_id, DailyRoot.day)
    found: dict[int, list[tuple[DailyRoot, str | None]]] = {}
    for taken, chain_hash in db.session.execute(query):
        found.setdefault(taken.group_id, []).append((taken, chain_hash))
    return found


def _sums_again(recent: Mapping[int, Sequence[DailyRoot]]) -> dict[int, _Sums]:
    """What the books held and owed at each of these roots, by the roots' row. One that cannot be reckoned is not there:
    what stands in one group's books keeps no other from being reckoned."""
    query = (
        select(Transfer.group_id, Transfer.number, Entry.account, Entry.side, Entry.amount_minor)
        .join(Entry, Entry.transfer_id == Transfer.id)
        .order_by(Transfer.group_id, Transfer.number)
        .execution_options(yield_per=_BATCH)
    )
    sums: dict[int, _Sums] = {}
    for group_id, entries in groupby(db.session.execute(query), key=lambda entry: entry.group_id):
        with suppress(ValueError, TypeError):  # an account on no chart, a word in an amount's place, less than nothing
            sums.update(_sums_of(recent.get(group_id, ()), entries))
    return sums


def _sums_of(
    taken: Sequence[DailyRoot], entries: Iterable[Row[int, int, str, str, int]]
) -> Iterator[tuple[int, _Sums]]:
    """For each root of a group, by one walk along its books. Entries come in the order of their transfers."""
    credits_less_debits: Counter[str] = Counter()
    to_reach = deque(sorted(taken, key=lambda root: root.number))
    for _group_id, number, account, side, minor in entries:
        while to_reach and to_reach[0].number < number:
            yield _reckoned(to_reach.popleft(), credits_less_debits)
        if not to_reach:
            return
        credits_less_debits[account] += minor if side == Side.CREDIT else -minor
    for root in to_reach:
        yield _reckoned(root, credits_less_debits)


def _reckoned(taken: DailyRoot, credits_less_debits: Mapping[str, int]) -> tuple[int, _Sums]:
    balances = {account: _on_its_own_side(account, minor) for account, minor in credits_less_debits.items()}
    held, elsewhere = rules.held_and_elsewhere(balances)
    return taken.id, _Sums(rules.tree_of(rules.leaves_of(balances, taken.secret)), held, elsewhere)


def _root_of(group_id: int, day: date) -> DailyRoot | None:
    return db.session.scalar(select(DailyRoot).where(DailyRoot.group_id == group_id, DailyRoot.day == day))


def _balances_at(group_id: int, number: int) -> dict[str, int]:
    """Every account of a group after the transfer of that number, on its own side, in minor units. One query."""
    query = (
        select(Entry.account, func.coalesce(CREDITS_LESS_DEBITS, 0))
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(Transfer.group_id == group_id, Transfer.number <= number)
        .group_by(Entry.account)
    )
    return {account: _on_its_own_side(account, int(minor)) for account, minor in db.session.execute(query)}


def _on_its_own_side(account: str, credits_less_debits: int) -> int:
    return -credits_less_debits if kind_of(account) in (Kind.ASSET, Kind.EXPENSE) else credits_less_debits
