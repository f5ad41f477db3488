"""What officers have confirmed at the treasurer's bank, as it should stand on its statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from marketplace.kernel.database import db
from marketplace.payments.bank_matching_rules import Booked, Part
from marketplace.payments.bank_models import BankMatch
from marketplace.payments.models import Movement
from marketplace.payments.rules import COMES_IN, State, Through

_One = tuple[Movement, Part]
DEBT = "debt:"
"""What the purpose of a payment of a debt begins with."""


def on_no_line(group_id: int, *, since: datetime, zone: str) -> list[Booked]:
    """What was confirmed since that moment and is matched with no line of the statement. One query."""
    has_moved, has_come_back = _is_on_a_line(Part.MOVED), _is_on_a_line(Part.CAME_BACK)
    is_bounced = Movement.state == State.FAILED
    query = (
        select(Movement, has_moved, has_come_back)
        .where(Movement.group_id == group_id, Movement.confirmed_at >= since, Movement.gateway == Through.TREASURER)
        .where(Movement.state.in_([State.CONFIRMED, State.FAILED]))
        .where(or_(~has_moved, and_(is_bounced, ~has_come_back)))
        .order_by(Movement.id)
    )
    ones: list[_One] = []
    for movement, moved, came_back in db.session.execute(query):
        ones += [(movement, Part.MOVED)] if not moved else []
        ones += [(movement, Part.CAME_BACK)] if movement.state == State.FAILED and not came_back else []
    return list(_at_once(ones, ZoneInfo(zone)))


def about_order(order_id: int) -> str:
    """What a line names that names an order."""
    return f"order:{order_id}"


def about_deposit(person_id: int) -> str:
    """What a line names that names a member's deposit."""
    return f"deposit:{person_id}"


def about_debt(person_id: int) -> str:
    """What a line names that names what a member owes."""
    return f"{DEBT}{person_id}"


def about_of(movement: Movement) -> str:
    """What a line would name that names what a movement is for."""
    if movement.order_id is not None:
        return about_order(movement.order_id)
    is_debt = movement.purpose.startswith(DEBT)
    return about_debt(movement.person_id) if is_debt else about_deposit(movement.person_id)


def _is_on_a_line(part: Part) -> ColumnElement[bool]:
    return exists().where(BankMatch.movement_id == Movement.id, BankMatch.part == part)


def _at_once(ones: list[_One], zone: ZoneInfo) -> Iterator[Booked]:
    """Those that came with one line: an officer confirmed a parcel's orders in one moment."""
    ones.sort(key=_moment)
    for _moment_of, together in groupby(ones, key=_moment):
        yield _booked(list(together), zone)


def _moment(one: _One) -> tuple[object, ...]:
    movement, part = one
    return (
        movement.confirmed_at, movement.kind, movement.person_id, movement.bank_reference or "",
        movement.confirmed_by or 0, part, 0 if movement.kind in COMES_IN else movement.id,
    )  # fmt: skip


def _booked(ones: list[_One], zone: ZoneInfo) -> Booked:
    movement, part = ones[0]
    at = movement.bounced_at if part is Part.CAME_BACK and movement.bounced_at else movement.confirmed_at
    assert at is not None  # noqa: S101 - they are found by it
    return Booked(
        parts=tuple((each.id, part) for each, part in ones),
        day=at.astimezone(zone).date(),
        minor=sum(_minor(each, part) for each, part in ones),
        about=frozenset(about_of(each) for each, _part in ones),
        bank_reference=movement.bank_reference or "",
        person_id=movement.person_id,
    )


def _minor(movement: Movement, part: Part) -> int:
    """With its sign on the statement. What leaves is exact: once it bounced, what moved is what was asked for."""
    minor = movement.moved_minor or movement.amount_minor
    return minor if movement.kind in COMES_IN or part is Part.CAME_BACK else -minor
