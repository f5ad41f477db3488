"""How the two sides agree on a member to rule, where no officer of the group is free of conflict."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.disputes import telling
from marketplace.disputes.acting import write_line
from marketplace.disputes.choosing_rules import agree_until, check_open, check_proposed
from marketplace.disputes.dispute_rules import Party, State
from marketplace.disputes.events import RulerProposed
from marketplace.disputes.finding import Case, other, person_of
from marketplace.disputes.models import PassedOn, Told
from marketplace.disputes.rulers import locked_side, rulers_of
from marketplace.groups import queries as groups
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken, Stale
from marketplace.kernel.events import announce


@use_case
def propose_ruler(*, dispute_id: int, by: int, person_id: int) -> None:
    """One side names a member. Whom both have named, or one named and the other accepted, may rule."""
    found, side = locked_side(dispute_id, by)
    _check_open(found)
    dispute = found.dispute
    check_proposed(person_id, never=never_of(found))
    if groups.membership(found.order.group_id, person_id) is None:
        raise RuleBroken("This is not a member of the group. Choose somebody else.", field="person_id")
    if dispute.proposed_ruler_id == person_id:
        if dispute.proposed_by == other(side):
            _accept(found, side, by)
        return
    now = clock.now()
    dispute.proposed_ruler_id, dispute.proposed_by = person_id, side
    write_line(found, Told.PROPOSE_RULER, by_party=side, by=by, at=now, named_id=person_id)
    audit.note(
        "propose ruler", f"dispute:{dispute_id}", by=by, group_id=found.order.group_id, why=f"person:{person_id}"
    )
    announce(
        RulerProposed(
            **telling.about(found), by_id=by, to_id=person_of(found, other(side)), proposed_id=person_id,
            until=agree_until(dispute.facts()),
        )
    )  # fmt: skip


@use_case
def accept_ruler(*, dispute_id: int, by: int, person_id: int) -> None:
    """The other side agrees to the member that was proposed: `person_id`, whom it has read of."""
    found, side = locked_side(dispute_id, by)
    if found.dispute.accepted_ruler_id == person_id:
        return
    _check_open(found)
    if found.dispute.proposed_ruler_id != person_id or found.dispute.proposed_by != other(side):
        raise Stale("Another member is proposed now, or none. Look again.")
    _accept(found, side, by)


def never_of(found: Case) -> set[int]:
    """Whom the two cannot agree on: themselves, whoever passed it on and, on appeal, whoever ruled first."""
    order, dispute = found
    passed_on = set(db.session.scalars(select(PassedOn.person_id).where(PassedOn.dispute_id == dispute.id)))
    first = {dispute.first_ruler_id} if dispute.state == State.APPEALED and dispute.first_ruler_id else set()
    return {order.buyer_id, order.seller_id, *passed_on, *first}


def _check_open(found: Case) -> None:
    now = clock.now()
    check_open(found.dispute.facts(), rulers=rulers_of(found, now=now), now=now)


def _accept(found: Case, side: Party, by: int) -> None:
    dispute, now = found.dispute, clock.now()
    dispute.accepted_ruler_id = dispute.proposed_ruler_id
    dispute.proposed_ruler_id = dispute.proposed_by = None
    write_line(found, Told.ACCEPT_RULER, by_party=side, by=by, at=now, named_id=dispute.accepted_ruler_id)
    audit.note("accept ruler", f"dispute:{dispute.id}", by=by, group_id=found.order.group_id)
    db.session.flush()
    telling.ask_if_due(found, now=now)
