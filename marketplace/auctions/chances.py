"""Second chances: offered by themselves when a buyer has not paid, taken, declined, or lapsed after a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, delete, select

from marketplace.auctions import bid_rules, bidding, chance_rules, closing, finding, retracting
from marketplace.auctions.chance_models import Chance, NoChances
from marketplace.auctions.chance_rules import MOST_CHANCES, TIME_TO_DECIDE, Action, Party, State
from marketplace.auctions.depositing import check_deposit, with_deposit
from marketplace.auctions.events import ChanceGiven, ChancesOver
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.queries import LATE_AFTER
from marketplace.auctions.retraction_rules import Cause
from marketplace.auctions.rules import Lot as Facts, Party as LotParty, State as LotState
from marketplace.groups import service as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership, facts
from marketplace.groups.rules import Permission, may
from marketplace.kernel import audit, clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds


@use_case
def offer_next(*, lot_id: int, unpaid_by: int) -> None:
    """The buyer of a lot has not paid: offer it to the next in line, if there is one. The deal has fallen through."""
    lot = finding.locked_lot(lot_id)
    if lot.state == LotState.SOLD and lot.leader_id == unpaid_by and lot.fell_through_at is not None:
        _offer(lot, now=clock.now())


@use_case
def take(*, lot_id: int, by: int, price_seen: Money, shipping_seen: Money) -> None:
    """Take the lot for the price that was offered. Taken again by the same member, it does nothing.

    Raises NotFound, NotAllowed, TooLate, Stale or RuleBroken.
    """
    lot = finding.locked_lot(lot_id)
    chance = _chance_of(lot, by)
    if chance.state == State.TAKEN:
        return
    groups.require(by, lot.group_id, Permission.PLACE_BID)
    now = clock.now()
    with clock.at(now):
        state = chance_rules.judge(State(chance.state), Action.TAKE, by=Party.OFFERED, ends_at=chance.ends_at, now=now)
        bidding.check_confirmer(lot, by)
        check_deposit(lot, by)
        bidding.check_shipping(lot, shipping_seen)
        chance_rules.check_price(price_seen, chance.price)
        _settle(lot, chance, state, by=by, now=now)
        _give(lot, chance, now)
        audit.note("take second chance", f"lot:{lot.id}", by=by, group_id=lot.group_id)
        attempt = 1 + len(_chances(lot, State.TAKEN))
        announce(closing.sold(lot, now, attempt=attempt))


@use_case
def decline(*, lot_id: int, by: int) -> None:
    """Pass the lot on to the next in line. Raises NotFound, TooLate or Stale."""
    lot = finding.locked_lot(lot_id)
    chance, now = _chance_of(lot, by), clock.now()
    state = chance_rules.judge(State(chance.state), Action.DECLINE, by=Party.OFFERED, ends_at=chance.ends_at, now=now)
    _settle(lot, chance, state, by=by, now=now)
    _offer(lot, now=now)


def lapse_due_chances(limit: int = 50) -> int:
    """Offers that nobody answered go on to the next in line. How many have lapsed."""
    due = select(Chance.lot_id).where(Chance.state == State.OPEN, Chance.ends_at <= clock.now())
    lot_ids = list(db.session.scalars(due.order_by(Chance.ends_at).limit(limit)))
    let_go()
    return sum(_lapse(lot_id) for lot_id in lot_ids)


def to_lapse(now: datetime) -> Backlog:
    """How many offers wait to lapse."""
    return backlog_of(Chance.ends_at, Chance.state == State.OPEN, now=now, late_after=LATE_AFTER)


@use_case
def refuse_chances(*, by: int, wants_none: bool) -> None:
    """Be passed over from now on, or no longer."""
    db.session.execute(delete(NoChances).where(NoChances.person_id == by))
    if wants_none:
        db.session.add(NoChances(person_id=by, since=clock.now()))
    audit.note("refuse second chances" if wants_none else "want second chances", f"person:{by}", by=by)


def wants_none(person_id: int) -> bool:
    """Whether he is passed over."""
    return db.session.get(NoChances, person_id) is not None


def open_chance(lot: Lot, person_id: int | None) -> Chance | None:
    """What is offered to this person on a lot, whether its end has come or not."""
    if person_id is None or lot.offered_until is None:
        return None
    his = (Chance.lot_id == lot.id, Chance.person_id == person_id, Chance.state == State.OPEN)
    return db.session.scalar(select(Chance).where(*his))


# Asked for with the head of every page: see escrow/waiting.py.
_WAITING = (
    select(Chance, Lot, Group)
    .join(Lot, Lot.id == Chance.lot_id)
    .join(Group, Group.id == Lot.group_id)
    .join(Membership, and_(Membership.group_id == Lot.group_id, Membership.person_id == Chance.person_id))
    .where(Membership.state == Belonging.MEMBER, Lot.hidden_at.is_(None), Chance.person_id == bindparam("person_id"))
    .where(Chance.state == State.OPEN, Chance.ends_at > bindparam("now"))
    .order_by(Chance.ends_at, Chance.id)
)


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id` at `now`: see web/waiting.py."""
    return finds(_WAITING)


def waiting_for(person_id: int, *, now: datetime) -> list[tuple[Chance, Lot, Group]]:
    """What is offered to a person in groups that he has not left, the first to lapse first. One query."""
    rows = db.session.execute(_WAITING, {"person_id": person_id, "now": now})
    return [(chance, lot, group) for chance, lot, group in rows]


@use_case
def _lapse(lot_id: int) -> bool:
    lot = db.session.scalar(
        select(Lot).where(Lot.id == lot_id).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    )
    if lot is None:
        return False
    now = clock.now()
    due = [chance for chance in _chances(lot, State.OPEN) if chance.ends_at <= now]
    for chance in due:
        state = chance_rules.judge(State(chance.state), Action.LAPSE, by=Party.CLOCK, ends_at=chance.ends_at, now=now)
        _settle(lot, chance, state, by=None, now=now)
        _offer(lot, now=now)
    return bool(due)


def _offer(lot: Lot, *, now: datetime) -> None:
    """Offer the lot to the first in line who may have it and was not asked yet; else say that nobody is left."""
    past = _chances(lot)
    group = db.session.get_one(Group, lot.group_id)
    line = list(chance_rules.in_line(lot.facts(), retracting.counting_bids(lot)))
    found = None
    if lot.hidden_at is None and not group.is_closed and len(past) < MOST_CHANCES:
        found = _first(line, free=_free_to_take(lot, group, line) - {chance.person_id for chance in past})
    about = (lot.id, lot.group_id, lot.number, lot.title, lot.seller_id)
    if found is None:
        if past:
            announce(ChancesOver(*about))
        return
    chance = Chance(
        lot_id=lot.id, person_id=found.leader_id, currency=lot.currency, price_minor=bid_rules.price(found).minor,
        offered_at=now, ends_at=now + TIME_TO_DECIDE, state=State.OPEN,
    )  # fmt: skip
    db.session.add(chance)
    db.session.flush()
    lot.offered_until = chance.ends_at
    lot.version += 1
    audit.note("offer second chance", f"lot:{lot.id}", by=None, group_id=lot.group_id)
    announce(ChanceGiven(*about, chance.person_id, chance.price, lot.shipping, chance.ends_at))


def _first(line: Iterable[Facts], *, free: set[int]) -> Facts | None:
    return next((standing for standing in line if standing.leader_id in free), None)


def _free_to_take(lot: Lot, group: Group, line: Sequence[Facts]) -> set[int]:
    """Who of those in line may still buy here, and has not asked to be passed over. Four queries at the most."""
    ids = {standing.leader_id for standing in line if standing.leader_id is not None}
    refused = set(db.session.scalars(select(NoChances.person_id).where(NoChances.person_id.in_(ids))))
    aliases = select(Alias).where(Alias.lot_id == lot.id, Alias.person_id.in_(ids - refused))
    bidders = {each.person_id for each in db.session.scalars(aliases) if each.party is not LotParty.REFUSED}
    members = select(Membership).where(Membership.group_id == group.id, Membership.person_id.in_(bidders))
    able = {
        member.person_id for member in db.session.scalars(members) if may(Permission.PLACE_BID, facts(group, member))
    }
    able = with_deposit(lot, able)
    return {person_id for person_id in able if groups.has_other_confirmer(group.id, lot.seller_id, person_id)}


def _give(lot: Lot, chance: Chance, now: datetime) -> None:
    """The bids of everybody before him in line go, so that by the law he leads at the price that he was offered."""
    cause = Cause.UNPAID
    while lot.leader_id != chance.person_id:
        ahead = db.session.scalars(select(Alias).where(Alias.lot_id == lot.id, Alias.person_id == lot.leader_id)).one()
        bids = retracting.standing_bids(lot.id, ahead.person_id)
        retracting.void(lot, ahead, bids, cause, "", by=None, now=now)
        cause = Cause.PASSED_ON
    lot.fell_through_at = None
    assert lot.price == chance.price  # noqa: S101 - nothing can be bid, retracted or voided once a lot has ended


def _settle(lot: Lot, chance: Chance, state: State, *, by: int | None, now: datetime) -> None:
    chance.state, chance.settled_at = state, now
    lot.offered_until = None
    lot.version += 1
    db.session.flush()
    audit.note(f"second chance {state}", f"lot:{lot.id}", by=by, group_id=lot.group_id)


def _chance_of(lot: Lot, person_id: int) -> Chance:
    chance = db.session.scalar(select(Chance).where(Chance.lot_id == lot.id, Chance.person_id == person_id))
    if chance is None or lot.hidden_at is not None:
        raise NotFound("Nothing is offered to you here.")
    return chance


def _chances(lot: Lot, *states: State) -> list[Chance]:
    """Those of a lot, in the order they were given."""
    wanted = select(Chance).where(Chance.lot_id == lot.id)
    return list(db.session.scalars(wanted.where(Chance.state.in_(states or State)).order_by(Chance.id)))
