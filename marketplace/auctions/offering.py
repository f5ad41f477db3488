"""Offers on lots that have passed: a member makes one, the seller accepts or declines it, or it lapses.

What ends an offer from outside, the item being listed again for instance, stands in superseding.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select

from marketplace.auctions import aliases, bidding, closing, finding, offer_queries, offer_rules
from marketplace.auctions.depositing import check_deposit, check_offerers_deposit
from marketplace.auctions.events import LotOfferEnded, LotOfferMade
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import STANDS_FOR, Action, Cause, Party, Stand, State
from marketplace.auctions.queries import LATE_AFTER
from marketplace.catalog import queries as catalog_queries, service as catalog
from marketplace.catalog.models import Item
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money


@use_case
def make_offer(*, lot_id: int, by: int, amount: Money, shipping_seen: Money, client_key: str) -> Offer:
    """Offer the seller `amount`; it binds for two days, unless it is declined or withdrawn before.

    The same form again gives the offer that came of it. Raises NotFound, NotAllowed, TooEarly, TooLate, Stale or
    RuleBroken, at the field that is wrong.
    """
    lot = finding.locked_lot(lot_id)
    groups.require(by, lot.group_id, Permission.MAKE_OFFER)
    if lot.hidden_at is not None:
        finding.check_sees(lot, by)
    item = catalog.held(lot.item_id)
    earlier = _offers(lot, Offer.person_id == by)
    if (same := next((offer for offer in earlier if offer.client_key == client_key), None)) is not None:
        return _checked_same(same, amount)
    now = clock.now()
    with clock.at(now):
        _lapse_due(lot, earlier, now)
        alias = _judge(lot, item, earlier, by=by, amount=amount, now=now) or aliases.given(lot.id, by)
        bidding.check_shipping(lot, shipping_seen)
        offer = Offer(
            lot_id=lot.id, person_id=by, client_key=client_key, currency=lot.currency, amount_minor=amount.minor,
            made_at=now, ends_at=now + STANDS_FOR, state=State.OPEN,
        )  # fmt: skip
        db.session.add(offer)
        db.session.flush()
        audit.note("make offer", f"lot:{lot.id}", by=by, group_id=lot.group_id)
        about = (lot.id, lot.group_id, lot.number, lot.title, lot.seller_id)
        announce(LotOfferMade(*about, offer.id, alias.name, offer.amount, offer.ends_at))
    return offer


def try_offer(*, lot_id: int, by: int, amount: Money) -> None:
    """Raise what make_offer would, without making one."""
    lot = finding.lot_for(lot_id, by)
    groups.require(by, lot.group_id, Permission.MAKE_OFFER)
    earlier = db.session.scalars(select(Offer).where(Offer.lot_id == lot.id, Offer.person_id == by)).all()
    _judge(lot, catalog_queries.item(lot.item_id), earlier, by=by, amount=amount, now=clock.now())


@use_case
def accept(*, lot_id: int, offer_id: int, by: int) -> None:
    """The seller takes it: the lot is sold, an order is open, and all other offers on it end. Again, it does nothing.

    Raises NotFound, NotAllowed, TooLate, Stale or RuleBroken.
    """
    lot = _own_lot(lot_id, by)
    item = catalog.held(lot.item_id)
    offer = _offer(lot, offer_id)
    if offer.state == State.ACCEPTED:
        return
    groups.require(by, lot.group_id, Permission.LIST_ITEM)
    now = clock.now()
    with clock.at(now):
        state = offer_rules.judge(State(offer.state), Action.ACCEPT, by=Party.SELLER, ends_at=offer.ends_at, now=now)
        if not offer_queries.is_item_free(lot, item):
            raise Stale("The item is not free any more. Look at its last lot.")
        bidding.check_confirmer(lot, offer.person_id)
        check_offerers_deposit(lot, offer.person_id)
        after = offer_rules.sold(lot.facts(), buyer_id=offer.person_id, amount=offer.amount, now=now)
        _settle(lot, offer, state, by=by, now=now)
        for rival in _offers(lot, Offer.state == State.OPEN):
            supersede(lot, rival, Cause.SOLD, now=now)
        catalog.freeze(lot.item_id, at=now)
        lot.sold_on_offer_at = now
        lot.take(after)
        announce(closing.sold(lot, now))


@use_case
def decline(*, lot_id: int, offer_id: int, by: int) -> None:
    """The seller does not take it, and who made it is told. Again, it does nothing.

    Raises NotFound, TooLate or Stale.
    """
    lot = _own_lot(lot_id, by)
    offer, now = _offer(lot, offer_id), clock.now()
    if offer.state == State.DECLINED:
        return
    state = offer_rules.judge(State(offer.state), Action.DECLINE, by=Party.SELLER, ends_at=offer.ends_at, now=now)
    _settle(lot, offer, state, by=by, now=now)
    _tell_of_end(lot, offer)


@use_case
def withdraw(*, lot_id: int, offer_id: int, by: int) -> None:
    """Who made it takes it back, until it is accepted. Again, it does nothing. Raises NotFound, TooLate or Stale."""
    lot = finding.locked_lot(lot_id)
    offer, now = _offer(lot, offer_id), clock.now()
    if offer.person_id != by:
        raise _no_such_offer()
    if offer.state == State.WITHDRAWN:
        return
    state = offer_rules.judge(State(offer.state), Action.WITHDRAW, by=Party.OFFERER, ends_at=offer.ends_at, now=now)
    _settle(lot, offer, state, by=by, now=now)


def lapse_due_offers(limit: int = 50) -> int:
    """Offers that the seller has not answered in time bind nobody any more. How many have lapsed."""
    due = select(Offer.lot_id).where(Offer.state == State.OPEN, Offer.ends_at <= clock.now())
    lot_ids = list(dict.fromkeys(db.session.scalars(due.order_by(Offer.ends_at).limit(limit))))
    let_go()
    return sum(_lapse(lot_id) for lot_id in lot_ids)


def to_lapse(now: datetime) -> Backlog:
    """How many offers wait to lapse."""
    return backlog_of(Offer.ends_at, Offer.state == State.OPEN, now=now, late_after=LATE_AFTER)


def supersede(lot: Lot, offer: Offer, cause: Cause, *, now: datetime) -> None:
    """End an offer because of what became of its lot or of who made it, in the caller's unit of work; tell him.

    One whose time was over, though no worker had come yet, has lapsed.
    """
    if offer.state_at(now) is State.LAPSED:
        _lapse_due(lot, [offer], now)
        return
    state = offer_rules.judge(State(offer.state), Action.SUPERSEDE, by=Party.CLOCK, ends_at=offer.ends_at, now=now)
    offer.cause = cause
    _settle(lot, offer, state, by=None, now=now)
    _tell_of_end(lot, offer)


@use_case
def _lapse(lot_id: int) -> int:
    lot = db.session.scalar(
        select(Lot).where(Lot.id == lot_id).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    )
    if lot is None:
        return 0
    now = clock.now()
    return _lapse_due(lot, _offers(lot, Offer.state == State.OPEN), now)


def _lapse_due(lot: Lot, offers: Iterable[Offer], now: datetime) -> int:
    due = [offer for offer in offers if offer.state == State.OPEN and offer.ends_at <= now]
    for offer in due:
        state = offer_rules.judge(State(offer.state), Action.LAPSE, by=Party.CLOCK, ends_at=offer.ends_at, now=now)
        _settle(lot, offer, state, by=None, now=now)
        _tell_of_end(lot, offer)
    return len(due)


def _judge(lot: Lot, item: Item, earlier: Iterable[Offer], *, by: int, amount: Money, now: datetime) -> Alias | None:
    """Whom the member is known as on the lot, if he is known already. Raises the rule that his offer breaks."""
    alias = db.session.scalar(select(Alias).where(Alias.lot_id == lot.id, Alias.person_id == by))
    stand = Stand(
        by, is_refused=alias is not None and alias.refused_at is not None,
        is_item_free=offer_queries.is_item_free(lot, item), made=[offer.state_at(now) for offer in earlier],
    )  # fmt: skip
    offer_rules.check_may_offer(lot.facts(), stand, now=now)
    offer_rules.check_amount(amount)
    bidding.check_confirmer(lot, by)
    check_deposit(lot, by)
    return alias


def _checked_same(offer: Offer, amount: Money) -> Offer:
    if offer.amount != amount:
        raise Stale("This form was used already. Look at your offer, then make another.")
    return offer


def _settle(lot: Lot, offer: Offer, state: State, *, by: int | None, now: datetime) -> None:
    offer.state, offer.settled_at = state, now
    db.session.flush()
    audit.note(f"offer {state}", f"lot:{lot.id}", by=by, group_id=lot.group_id, why=offer.cause)


def _tell_of_end(lot: Lot, offer: Offer) -> None:
    cause = Cause(offer.cause) if offer.cause else None
    about = (lot.id, lot.group_id, lot.number, lot.title, offer.person_id)
    announce(LotOfferEnded(*about, offer.id, offer.amount, State(offer.state), cause))


def _own_lot(lot_id: int, person_id: int) -> Lot:
    """The seller's lot, locked. To others there are no offers."""
    lot = finding.locked_lot(lot_id)
    if lot.seller_id != person_id:
        raise _no_such_offer()
    return lot


def _offers(lot: Lot, *which: ColumnElement[bool]) -> list[Offer]:
    """Those of a locked lot, locked as well: what ends them from outside locks them alone."""
    wanted = select(Offer).where(Offer.lot_id == lot.id, *which).order_by(Offer.id).with_for_update()
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))


def _offer(lot: Lot, offer_id: int) -> Offer:
    found = _offers(lot, Offer.id == offer_id)
    if not found:
        raise _no_such_offer()
    return found[0]


def _no_such_offer() -> NotFound:
    return NotFound("There is no such offer.")
