"""Who may rule on a case, and who may see it: four queries, however many cases are asked about.

A party sees it, and whoever may rule on it now or has ruled on it. To everybody else there is no such dispute: an
officer who is close to a side does not read what the sides say of each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, literal, or_, select, union_all

from marketplace.auctions.models import Alias, Watch
from marketplace.disputes import ruler_rules
from marketplace.disputes.dispute_rules import Action, Party, State
from marketplace.disputes.finding import Case, cases_of, locked_case, no_such_dispute, side_of
from marketplace.disputes.models import Dispute, DisputeLine, PassedOn
from marketplace.disputes.ruler_rules import Candidate, Conflict
from marketplace.escrow.models import Order
from marketplace.groups import service as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Membership
from marketplace.groups.rules import OFFICERS, Permission, Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.reputation.models import Deal
from marketplace.reputation.rules import YEAR


def rulers_of(case: Case, *, now: datetime) -> frozenset[int]:
    """Everybody who may rule on this case: on a ruling that can be appealed, whoever could decide the appeal."""
    return rulers_of_all([case], now=now)[case.dispute.id]


def rulers_of_all(cases: Sequence[Case], *, now: datetime) -> dict[int, frozenset[int]]:
    """The same for several cases, by the dispute's id."""
    found = candidates_of(cases, now=now)
    return {
        case.dispute.id: ruler_rules.rulers(found[case.dispute.id], accepted_id=case.dispute.accepted_ruler_id)
        for case in cases
    }


def candidates_of(cases: Sequence[Case], *, now: datetime) -> dict[int, list[Candidate]]:
    """The officers of each case's group, and the member whom both sides accepted, with what stands against each."""
    if not cases:
        return {}
    members = _members(cases)
    person_ids = {member.person_id for group in members.values() for member in group}
    orders = [case.order for case in cases]
    past = _Past(*_near_the_lots(orders, person_ids), _traders(orders, person_ids, now), _passed_on(cases))
    return {case.dispute.id: _candidates(case, members[case.order.group_id], past) for case in cases}


def officers_about(orders: Sequence[Order], *, now: datetime) -> dict[int, list[Candidate]]:
    """The officers of each order's group with what stands against each, by the order's id: as for a ruling on it,
    whether there is a dispute or not. Five queries, however many orders."""
    if not orders:
        return {}
    disputed = [Case(*row) for row in db.session.execute(cases_of([order.id for order in orders]))]
    case_by_order = {case.order.id: case for case in disputed}
    members = _officers({order.group_id for order in orders})
    person_ids = {member.person_id for group in members.values() for member in group}
    past = _Past(*_near_the_lots(orders, person_ids), _traders(orders, person_ids, now), _passed_on(disputed))
    found: dict[int, list[Candidate]] = {}
    for order in orders:
        case = case_by_order.get(order.id)
        against = _against(order, case.dispute.id if case else 0, past)
        found[order.id] = [_candidate(member, against) for member in members[order.group_id]]
    return found


def party_of(case: Case, person_id: int, *, now: datetime) -> Party:
    """In which capacity somebody acts in this case. Raises NotFound to everybody whom it does not concern, NotAllowed
    to somebody who has ruled on it and may not again."""
    side = side_of(case, person_id)
    if side is not None:
        return side
    if person_id in rulers_of(case, now=now):
        return Party.RULER
    if has_ruled(case, person_id):
        raise NotAllowed("You have ruled on this. Whatever comes now is for somebody else.")
    raise no_such_dispute()


def check_is_side(case: Case, person_id: int) -> Party:
    """Buyer or seller. Raises NotAllowed to others who see the case, NotFound to everybody else."""
    party = party_of(case, person_id, now=clock.now())
    if party is Party.RULER:
        raise NotAllowed("This is for the two sides to do, not for you.")
    return party


def locked_side(dispute_id: int, person_id: int) -> tuple[Case, Party]:
    """The case, locked with its order, and which side of it this person is. Raises what `check_is_side` raises."""
    case = locked_case(dispute_id)
    return case, check_is_side(case, person_id)


def has_ruled(case: Case, person_id: int) -> bool:
    """Whether a ruling in this case is his."""
    of_case = select(DisputeLine.id).where(DisputeLine.dispute_id == case.dispute.id)
    his = of_case.where(DisputeLine.action == Action.RULE, DisputeLine.person_id == person_id)
    return db.session.scalar(his.limit(1)) is not None


def has_passed_on(case: Case, person_id: int) -> bool:
    """Whether he said that he has a conflict."""
    his = select(PassedOn.id).where(PassedOn.dispute_id == case.dispute.id, PassedOn.person_id == person_id)
    return db.session.scalar(his) is not None


def check_may_rule(case: Case, person_id: int) -> None:
    """Ask the table of permissions as well, and keep an officer's role until the ruling is written.

    The member whom both sides accepted is allowed by that alone.
    """
    if person_id != case.dispute.accepted_ruler_id:
        groups.require(person_id, case.order.group_id, Permission.RULE_ON_DISPUTE)


def check_is_not_in_dispute(group_id: int, person_id: int) -> None:
    """Raise RuleBroken while a dispute of this person is open in the group: he does not choose his own judge."""
    his = or_(Order.buyer_id == person_id, Order.seller_id == person_id)
    if db.session.scalar(_open_in(group_id).where(his).limit(1)) is not None:
        raise RuleBroken(
            "While a dispute of yours is open here, another owner changes roles and removes whoever may rule;"
            " or wait until it has ended."
        )


def is_accepted(group_id: int, person_id: int) -> bool:
    """Whether two sides of an open dispute have agreed that he rules."""
    his = _open_in(group_id).where(Dispute.accepted_ruler_id == person_id)
    return db.session.scalar(his.limit(1)) is not None


def _open_in(group_id: int) -> Select[int]:
    """The open disputes of a group."""
    found = select(Dispute.id).join(Order, Order.id == Dispute.order_id)
    return found.where(Dispute.group_id == group_id, Dispute.state != State.SETTLED)


@dataclass(frozen=True, slots=True)
class _Past:
    """What connects people with cases."""

    bidders: Mapping[int, set[int]]
    """By lot."""
    watchers: Mapping[int, set[int]]
    """By lot; those, too, who have stopped."""
    traders: Mapping[int, set[int]]
    """By party: with whom he traded in the last year."""
    passed_on: Mapping[int, set[int]]
    """By dispute."""


def _candidates(case: Case, members: Iterable[Membership], past: _Past) -> list[Candidate]:
    order, dispute = case
    is_appeal = dispute.state in (State.RULED, State.APPEALED)
    against = _against(order, dispute.id, past)
    against[Conflict.RULED_BEFORE] = {dispute.first_ruler_id} if is_appeal and dispute.first_ruler_id else set()
    return [
        _candidate(member, against)
        for member in members
        if member.role in OFFICERS or member.person_id == dispute.accepted_ruler_id
    ]


def _against(order: Order, dispute_id: int, past: _Past) -> dict[Conflict, Collection[int]]:
    """Who is too close to an order, and why."""
    return {
        Conflict.PARTY: {order.buyer_id, order.seller_id},
        Conflict.BID_ON_THE_LOT: past.bidders.get(order.lot_id, set()),
        Conflict.WATCHED_THE_LOT: past.watchers.get(order.lot_id, set()),
        Conflict.TRADED_WITH_A_PARTY: past.traders.get(order.buyer_id, set())
        | past.traders.get(order.seller_id, set()),
        Conflict.PASSED_IT_ON: past.passed_on.get(dispute_id, set()),
    }


def _candidate(member: Membership, against: Mapping[Conflict, Collection[int]]) -> Candidate:
    conflicts = frozenset(conflict for conflict, people in against.items() if member.person_id in people)
    return Candidate(member.person_id, Role(member.role), conflicts)


def _officers(group_ids: Collection[int]) -> Mapping[int, list[Membership]]:
    wanted = select(Membership).where(
        Membership.group_id.in_(group_ids), Membership.state == Belonging.MEMBER, Membership.role.in_(OFFICERS)
    )
    by_group: dict[int, list[Membership]] = defaultdict(list)
    for member in db.session.scalars(wanted.order_by(Membership.id)):
        by_group[member.group_id].append(member)
    return by_group


def _members(cases: Sequence[Case]) -> Mapping[int, list[Membership]]:
    """Officers and accepted members, by group."""
    accepted = {case.dispute.accepted_ruler_id for case in cases} - {None}
    wanted = select(Membership).where(
        Membership.group_id.in_({case.order.group_id for case in cases}),
        Membership.state == Belonging.MEMBER,
        or_(Membership.role.in_(OFFICERS), Membership.person_id.in_(accepted)),
    )
    by_group: dict[int, list[Membership]] = defaultdict(list)
    for member in db.session.scalars(wanted.order_by(Membership.id)):
        by_group[member.group_id].append(member)
    return by_group


def _near_the_lots(
    orders: Sequence[Order], person_ids: Collection[int]
) -> tuple[Mapping[int, set[int]], Mapping[int, set[int]]]:
    """Who bid on the lot of each order, and who watched it."""
    lot_ids = {order.lot_id for order in orders}
    bid = select(Alias.lot_id, Alias.person_id, literal("bid")).where(
        Alias.lot_id.in_(lot_ids), Alias.person_id.in_(person_ids)
    )
    watched = select(Watch.lot_id, Watch.person_id, literal("watched")).where(
        Watch.lot_id.in_(lot_ids), Watch.person_id.in_(person_ids)
    )
    rows = db.session.execute(union_all(bid, watched)).all()
    bidders, watchers = (_sets((lot, who) for lot, who, did in rows if did == deed) for deed in ("bid", "watched"))
    return bidders, watchers


def _traders(orders: Sequence[Order], person_ids: Collection[int], now: datetime) -> Mapping[int, set[int]]:
    """A deal counts in whatever group it was, if it was open a year ago or later."""
    parties = {person_id for order in orders for person_id in (order.buyer_id, order.seller_id)}
    wanted = select(Deal.other_id, Deal.person_id).where(
        Deal.person_id.in_(person_ids),
        Deal.other_id.in_(parties),
        or_(Deal.closed_at.is_(None), Deal.closed_at >= now - YEAR),
    )
    return _sets(db.session.execute(wanted.distinct()))


def _passed_on(cases: Sequence[Case]) -> Mapping[int, set[int]]:
    dispute_ids = {case.dispute.id for case in cases}
    return _sets(
        db.session.execute(select(PassedOn.dispute_id, PassedOn.person_id).where(PassedOn.dispute_id.in_(dispute_ids)))
    )


def _sets(rows: Iterable[Sequence[int]]) -> Mapping[int, set[int]]:
    sets: dict[int, set[int]] = defaultdict(set)
    for key, person_id in rows:
        sets[key].add(person_id)
    return sets
