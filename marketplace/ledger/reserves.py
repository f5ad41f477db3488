"""Proof of reserves: takes the root of each day, and gives members the proof that their money is in it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, exists, func, select

from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.ledger import reserve_rules as rules
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import DailyRoot, Entry, Head, Transfer
from marketplace.ledger.queries import CREDITS_LESS_DEBITS
from marketplace.ledger.reserve_rules import Leaf, Proof
from marketplace.ledger.rules import BEFORE_THE_FIRST, Kind, kind_of

_SUMMED_UP_AGAIN = 31


@dataclass(frozen=True, slots=True)
class Proven:
    """A day's root, and the proofs for some accounts in it."""

    taken: DailyRoot
    proofs: tuple[Proof, ...]


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
    """Seal what is held and owed in the group's books now, as the root of today. None where it was taken before.

    Posting goes on meanwhile: what is summed up ends with the last transfer that was there, and the books only grow.
    """
    # Locked, for the root before it is named in it: two workers take one after the other.
    head = db.session.get_one(Head, group_id, with_for_update=True, populate_existing=True)
    now = clock.now()
    if _root_of(group_id, now.date()) is not None:
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
    leaves = _leaves(taken)
    proofs = (rules.proof_of(leaves, account) for account in sorted(accounts))
    return Proven(taken, tuple(proof for proof in proofs if proof))


def root_findings() -> Iterator[Finding]:
    """Every root whose seal is not its own, that does not name the one before it, or that the books do not give. What
    was owed is summed up again for the newest month of each group; an older root is held by its seal."""
    query = select(DailyRoot).order_by(DailyRoot.group_id, DailyRoot.day)
    for _group_id, found in groupby(db.session.scalars(query), key=lambda taken: taken.group_id):
        days = list(found)
        previous = rules.BEFORE_THE_FIRST_ROOT
        for place, taken in enumerate(days):
            yield from _findings_of(taken, previous, is_recent=place >= len(days) - _SUMMED_UP_AGAIN)
            previous = taken.seal


def _findings_of(taken: DailyRoot, previous: str, *, is_recent: bool) -> Iterator[Finding]:
    name = f"Group {taken.group_id}: the root of {taken.day}"
    here = {"group_id": taken.group_id, "number": taken.number}
    if taken.root().seal() != taken.seal:
        yield Finding("root", f"{name} was changed by hand: its content does not give its seal.", **here)
    elif taken.previous != previous:
        yield Finding("root", f"{name} does not name the one before it: one was changed, or is gone.", **here)
    elif _chain_hash_at(taken) != taken.chain_hash:
        yield Finding("root", f"{name} seals other books: their transfer {taken.number} was another then.", **here)
    elif is_recent and rules.tree_of(_leaves(taken)) != taken.root().tree:
        yield Finding("root", f"{name} is not what the books owed then.", **here)


def _chain_hash_at(taken: DailyRoot) -> str | None:
    query = select(Transfer.hash).where(Transfer.group_id == taken.group_id, Transfer.number == taken.number)
    return db.session.scalar(query) if taken.number else BEFORE_THE_FIRST


def _root_of(group_id: int, day: date) -> DailyRoot | None:
    return db.session.scalar(select(DailyRoot).where(DailyRoot.group_id == group_id, DailyRoot.day == day))


def _leaves(taken: DailyRoot) -> list[Leaf]:
    return rules.leaves_of(_balances_at(taken.group_id, taken.number), taken.secret)


def _balances_at(group_id: int, number: int) -> dict[str, int]:
    """Every account of a group after the transfer of that number, on its own side, in minor units. One query."""
    query = (
        select(Entry.account, func.coalesce(CREDITS_LESS_DEBITS, 0))
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .where(Transfer.group_id == group_id, Transfer.number <= number)
        .group_by(Entry.account)
    )
    return {
        account: -int(minor) if kind_of(account) in (Kind.ASSET, Kind.EXPENSE) else int(minor)
        for account, minor in db.session.execute(query)
    }
