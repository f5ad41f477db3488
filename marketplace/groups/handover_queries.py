"""What is known of handovers: the one that is open, those that are done, and what must be at the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Select, and_, or_, select

from marketplace.groups import handover_rules, queries, service
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.handover_models import Handover
from marketplace.groups.handover_rules import OPEN, Action, Party, State
from marketplace.groups.models import Membership
from marketplace.groups.rules import CONFIRMERS, Permission, Role
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.payments import queries as payments

SHOWN = 5
"""Handovers that the books name, the newest first."""


@dataclass(frozen=True, slots=True)
class HandoverWaits:
    """A handover in which this person has something to do."""

    slug: str
    group_name: str
    action: Action
    is_in_place: bool
    """He would do it in the parting treasurer's place."""


def handover(handover_id: int) -> Handover:
    """Raises NotFound."""
    found = db.session.get(Handover, handover_id)
    if found is None:
        raise NotFound("There is no such handover.")
    return found


def open_in(group_id: int) -> Handover | None:
    """The handover that is under way."""
    return db.session.scalar(select(Handover).where(Handover.group_id == group_id, Handover.state.in_(OPEN)))


def passed(group_id: int) -> list[Handover]:
    """The last handovers that were done, the newest first."""
    done = select(Handover).where(Handover.group_id == group_id, Handover.state == State.DONE)
    return list(db.session.scalars(done.order_by(Handover.id.desc()).limit(SHOWN)))


def who_can_part(group_id: int) -> list[int]:
    """Who looks after the group's money, or was an officer and may still have it, member or not."""
    confirms = and_(Membership.state == Belonging.MEMBER, Membership.role.in_(CONFIRMERS))
    wanted = select(Membership.person_id).where(
        Membership.group_id == group_id, or_(confirms, Membership.officer_until.is_not(None))
    )
    return list(db.session.scalars(wanted.order_by(Membership.id)))


def parties(found: Handover, person_id: int) -> frozenset[Party]:
    """What this person is to it."""
    member = queries.membership(found.group_id, person_id)
    return handover_rules.parties_of(found.facts(), person_id, Role(member.role) if member else None)


def check_sees(found: Handover | None, person_id: int, *, group_id: int | None = None) -> None:
    """Return if he may see it: officers do, and the two whom it is about. Raises NotFound."""
    if found is not None and person_id in (found.parting_id, found.successor_id):
        return
    service.require(person_id, found.group_id if found else group_id or 0, Permission.SEE_HANDOVER)


def at_bank(group_id: int, currency: str) -> Money:
    """What must be in the group's account at its bank: what its officers confirmed that came, less what went."""
    return payments.moved_by_hand(group_id, currency)


def to_be_had(found: Handover) -> Money | None:
    """What the successor must have now: what was stated, and what the books say came or went since."""
    if found.stated is None or found.books is None:
        return None
    return found.stated + (at_bank(found.group_id, found.currency) - found.books)


def open_with(person_id: int | BindParameter[int]) -> Select[int]:
    """Those under way that this person, officer or not, parts or takes over with."""
    is_party = or_(Handover.parting_id == person_id, Handover.successor_id == person_id)
    return select(Handover.id).where(Handover.state.in_(OPEN), is_party)


def waiting_for(person_id: int, groups: dict[int, Role], now: datetime) -> list[tuple[Handover, Action]]:
    """The handovers in which he has to act, and how: `groups` are his, with his role. One query."""
    his = or_(
        Handover.parting_id == person_id, Handover.successor_id == person_id, Handover.group_id.in_(_owned(groups))
    )
    rows = db.session.scalars(select(Handover).where(Handover.state.in_(OPEN), his).order_by(Handover.id))
    return [(each, action) for each in rows if (action := _his_part(each, person_id, groups, now)) is not None]


def _owned(groups: dict[int, Role]) -> list[int]:
    return [group_id for group_id, role in groups.items() if role is Role.OWNER]


def _his_part(found: Handover, person_id: int, groups: dict[int, Role], now: datetime) -> Action | None:
    facts = found.facts()
    parts = handover_rules.parties_of(facts, person_id, groups.get(found.group_id))
    wanted = {State.ASKED: Action.NAME, State.NAMED: Action.STATE, State.STATED: Action.CONFIRM}[State(found.state)]
    return wanted if handover_rules.may(facts, wanted, parts, now) else None
