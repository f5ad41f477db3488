"""Finding a lot for somebody, locked or not: who may see it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import OFFICERS, Permission, Who, may
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

# Asked for by every page of a lot and every bid: see groups/queries.py.
_NUMBERED = select(Lot).where(Lot.group_id == bindparam("group_id"), Lot.number == bindparam("number"))


_ADDRESSED = (
    select(Lot.id, Lot.currency, Group.time_zone)
    .join(Group, Group.id == Lot.group_id)
    .where(Group.slug == bindparam("slug"), Lot.number == bindparam("number"))
)


_LOCKED = (
    select(Lot)
    .where(Lot.id.in_(bindparam("lot_ids", expanding=True)))
    .order_by(Lot.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def addressed(slug: str, number: int) -> tuple[int, str, str]:
    """Id, currency and time zone of the lot at this address, whoever asks: for deeds that ask who may under the lock.

    Raises NotFound.
    """
    row = db.session.execute(_ADDRESSED, {"slug": slug, "number": number}).one_or_none()
    if row is None:
        raise no_such_lot()
    return row.id, row.currency, row.time_zone


def locked_lot(lot_id: int) -> Lot:
    """The lot, its row locked until the unit of work ends. Raises NotFound."""
    lot = db.session.get(Lot, lot_id, with_for_update=True, populate_existing=True)
    if lot is None:
        raise no_such_lot()
    return lot


def locked_lots(lot_ids: Iterable[int]) -> dict[int, Lot]:
    """These lots by id, each locked, in the order in which everybody locks several."""
    return {lot.id: lot for lot in db.session.scalars(_LOCKED, {"lot_ids": sorted(set(lot_ids))})}


def locked_lots_of(item_id: int) -> list[Lot]:
    """All lots of an item, the first one first, locked as well."""
    wanted = select(Lot).where(Lot.item_id == item_id).order_by(Lot.id).with_for_update()
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))


def lot_for(lot_id: int, person_id: int | None) -> Lot:
    """The lot as this person may see it. Raises NotFound."""
    return _seen_by(db.session.get(Lot, lot_id), person_id)


def numbered_lot_for(group_id: int, number: int, person_id: int | None) -> Lot:
    """The lot that its group calls by this number, as this person may see it. Raises NotFound."""
    return _seen_by(db.session.scalar(_NUMBERED, {"group_id": group_id, "number": number}), person_id)


def check_sees(lot: Lot, person_id: int | None) -> None:
    """Raise NotFound unless this person may see the lot.

    Its seller and its buyer always do, whether members still or not; others if they see the group's lots, and a lot
    that a moderator has hidden only if they are officers.
    """
    if _is_party(lot, person_id):
        return
    membership = groups.require(person_id, lot.group_id, Permission.SEE_LOTS)
    if lot.hidden_at is not None and (membership is None or membership.role not in OFFICERS):
        raise no_such_lot()


def check_may_verify(lot: Lot, person_id: int) -> None:
    """Raise NotFound unless this person may have the record of the lot: members, and its seller and buyer."""
    if not _is_party(lot, person_id):
        groups.require(person_id, lot.group_id, Permission.CHECK_AUCTION)


def sees(lot: Lot, person_id: int, who: Who) -> bool:
    """The same for lists, which bring the membership along."""
    if _is_party(lot, person_id):
        return True
    return may(Permission.SEE_LOTS, who) and (lot.hidden_at is None or who.role in OFFICERS)


def has_bought(item_id: int, person_id: int | None) -> bool:
    """Whether a lot of this item is sold to this person: he sees what he bought, whatever became of it since."""
    bought = (Lot.item_id == item_id, Lot.state == State.SOLD, Lot.leader_id == person_id)
    return person_id is not None and db.session.scalar(select(Lot.id).where(*bought).limit(1)) is not None


def no_such_lot() -> NotFound:
    return NotFound("There is no such lot.")


def _is_party(lot: Lot, person_id: int | None) -> bool:
    is_buyer = lot.state == State.SOLD and person_id == lot.leader_id
    return person_id is not None and (person_id == lot.seller_id or is_buyer)


def _seen_by(lot: Lot | None, person_id: int | None) -> Lot:
    if lot is None:
        raise no_such_lot()
    check_sees(lot, person_id)
    return lot
