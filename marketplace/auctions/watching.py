"""Watching a lot: a member keeps an eye on it, and is told before it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, select

from marketplace.auctions import finding
from marketplace.auctions.events import WatchedLotEnds
from marketplace.auctions.models import Lot, Watch
from marketplace.auctions.rules import WATCHERS_TOLD_BEFORE_END, State
from marketplace.groups import service as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Membership
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.backlog import Backlog
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotAllowed, TooLate
from marketplace.kernel.events import announce

LATE_AFTER = timedelta(minutes=5)
"""Who is told so much later than an hour before the end is told late: the operators should look."""


@use_case
def watch(*, lot_id: int, by: int) -> bool:
    """Keep an eye on a lot; once more does nothing. Gives whether he will be told that it ends soon.

    Raises NotFound, NotAllowed or TooLate.
    """
    lot = finding.locked_lot(lot_id)  # so two clicks are one watch
    finding.check_sees(lot, by)
    groups.require(by, lot.group_id, Permission.WATCH_LOT)
    now = clock.now()
    if lot.seller_id == by:
        raise NotAllowed("This is your own lot. You are told what becomes of it anyway.")
    if lot.state not in {State.SCHEDULED, State.RUNNING} or lot.ends_at <= now:
        raise TooLate("Bidding on this lot has ended. There is nothing left to watch.")
    found, ends_soon = watch_of(lot.id, by), lot.ends_at <= now + WATCHERS_TOLD_BEFORE_END
    if found is None:
        db.session.add(Watch(lot_id=lot.id, person_id=by, watched_at=now, told_at=now if ends_soon else None))
    elif found.stopped_at is None:
        return not ends_soon
    else:
        found.watched_at, found.stopped_at = now, None
        found.told_at = now if ends_soon else None
    audit.note("watch lot", f"lot:{lot.id}", by=by, group_id=lot.group_id)
    return not ends_soon


@use_case
def stop_watching(*, lot_id: int, by: int) -> None:
    """Keep an eye on it no longer. Who does not watch it anyway changes nothing."""
    lot = finding.lot_for(lot_id, by)
    found = watch_of(lot.id, by)
    if found is not None and found.stopped_at is None:
        found.stopped_at = clock.now()
        audit.note("stop watching lot", f"lot:{lot.id}", by=by, group_id=lot.group_id)


def watch_of(lot_id: int, person_id: int) -> Watch | None:
    """What he once began to watch, whether he still does or not."""
    return db.session.scalar(select(Watch).where(Watch.lot_id == lot_id, Watch.person_id == person_id))


def tell_watchers(limit: int = 100) -> int:
    """Tell members of lots that they watch and that end soon, each once. How many were told."""
    ids = list(db.session.scalars(_due(clock.now()).with_only_columns(Watch.id).order_by(Watch.id).limit(limit)))
    let_go()
    return sum(_tell(watch_id) for watch_id in ids)


def to_tell(now: datetime) -> Backlog:
    """How many wait to be told that a lot ends soon."""
    late = func.count().filter(Lot.ends_at < now + WATCHERS_TOLD_BEFORE_END - LATE_AFTER)
    return Backlog(*db.session.execute(_due(now).with_only_columns(func.count(), late)).one())


@use_case
def _tell(watch_id: int) -> bool:
    now = clock.now()
    claimed = _due(now).where(Watch.id == watch_id).with_for_update(of=Watch, skip_locked=True)
    row = db.session.execute(claimed).one_or_none()
    if row is None:
        return False
    lot = row.Lot
    row.Watch.told_at = now
    announce(WatchedLotEnds(lot.id, lot.group_id, lot.number, lot.title, row.Watch.person_id, lot.price, lot.ends_at))
    return True


def _due(now: datetime) -> Select[Watch, Lot]:
    """Watches of people who are members still, on lots that end soon."""
    member = and_(Membership.group_id == Lot.group_id, Membership.person_id == Watch.person_id)
    wanted = select(Watch, Lot).join(Lot, Lot.id == Watch.lot_id).join(Membership, member)
    wanted = wanted.where(_ends_soon(now), Membership.state == Belonging.MEMBER)
    return wanted.where(Watch.stopped_at.is_(None), Watch.told_at.is_(None))


def _ends_soon(now: datetime) -> ColumnElement[bool]:
    soon = now + WATCHERS_TOLD_BEFORE_END
    return and_(Lot.state == State.RUNNING, Lot.ends_at > now, Lot.ends_at <= soon)
