"""What can be done with a lot, bids apart: list it, list it again, withdraw it, hide it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from marketplace.auctions import closing, finding, rules, sale_finding
from marketplace.auctions.events import LotHidden, LotListed, LotWithdrawn
from marketplace.auctions.listing_rules import Offer, check_prices, judge_offer
from marketplace.auctions.models import Lot
from marketplace.auctions.retraction_rules import LotGone
from marketplace.auctions.rules import Action, Format, Party, State
from marketplace.auctions.sale_finding import Place
from marketplace.catalog import service as catalog
from marketplace.catalog.models import Item
from marketplace.catalog.period_rules import years_of
from marketplace.catalog.rules import State as ItemState
from marketplace.groups import finding as group_finding, service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.fields import in_zone
from marketplace.kernel.money import Money
from marketplace.payments import sellers
from marketplace.payments.rules import Through
from marketplace.payments.stripe_rules import check_can_be_paid


@use_case
def list_lot(
    *, by: int, item_id: int, opening: Money, reserve: Money | None = None, buy_now: Money | None = None,
    format: Format = Format.OPEN, starts_at: datetime | None = None, ends_at: datetime | None = None,
    sale: int | None = None, client_key: str,
) -> Lot:  # fmt: skip
    """Offer a published item in an auction, from now or from `starts_at`; moments without a zone are the group's.

    In a sale of the group, by its number, it starts and ends when that says; else it has an end of its own.
    The same key again gives the first lot. Raises NotFound, NotAllowed, or RuleBroken at the field that is wrong.
    """
    item = catalog.own(item_id, by=by)
    if (earlier := _listed_before(by, client_key)) is not None:
        return earlier
    group = group_finding.locked_group(item.group_id)
    chosen = None if sale is None else sale_finding.locked_choice(group.id, sale)
    now = clock.now()
    place = None if chosen is None else sale_finding.next_place(chosen, now=now)
    if place is not None:
        starts_at, ends_at = place.starts_at, place.ends_at
    if ends_at is None:
        raise RuleBroken("Choose when it ends.", field="ends_at")
    offer = Offer(
        opening=opening,
        reserve=reserve,
        buy_now=buy_now,
        format=format,
        starts_at=None if starts_at is None else in_zone(starts_at, group.time_zone),
        ends_at=in_zone(ends_at, group.time_zone),
    )
    return _publish(item, group, offer, client_key, now=now, place=place)


@use_case
def relist(*, lot_id: int, by: int, client_key: str) -> Lot:
    """Offer a lot that did not find its buyer once more: the same item, prices and duration, from now."""
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    rules.judge(lot.facts(), Action.RELIST, by=rules.party_of(lot.seller_id, by), now=clock.now())
    item = catalog.own(lot.item_id, by=by)
    if (earlier := _listed_before(by, client_key)) is not None:
        return earlier
    now = clock.now()
    ends_at = now + (lot.scheduled_end_at - lot.starts_at)
    buy_now = None if lot.buy_now_minor is None else Money(lot.buy_now_minor, lot.currency)
    offer = Offer(
        opening=lot.opening, reserve=lot.reserve, buy_now=buy_now, format=Format(lot.format), starts_at=None,
        ends_at=ends_at,
    )  # fmt: skip
    group = group_finding.locked_group(lot.group_id)
    return _publish(item, group, offer, client_key, now=now, relisted_from=lot.id)


@use_case
def withdraw_lot(*, lot_id: int, by: int) -> None:
    """The seller takes his lot back, while nobody has bid."""
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    state = rules.judge(lot.facts(), Action.WITHDRAW, by=rules.party_of(lot.seller_id, by), now=clock.now())
    _withdraw(lot, state, by=by, reason="")


@use_case
def cancel_lot(*, lot_id: int, by: int, reason: LotGone) -> None:
    """The seller ends a lot though there are bids, more than twelve hours before its end. All who bid are told why."""
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    state = rules.judge(lot.facts(), Action.CANCEL, by=rules.party_of(lot.seller_id, by), now=clock.now())
    lot.cancelled_for = reason
    _withdraw(lot, state, by=by, reason=reason)


@use_case
def hide_lot(*, lot_id: int, by: int, reason: str) -> None:
    """A moderator takes a lot, its item and the item's other lots out of sight. Bidding stops, and none comes again.

    The seller, the officers and who bought it still see them.
    """
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    groups.require(by, lot.group_id, Permission.HIDE_LOT)
    if lot.hidden_at is not None:
        raise Stale("This lot is hidden already.")
    now = clock.now()
    _hide(lot, by=by, reason=reason, now=now)
    catalog.hide(lot.item_id, at=now)  # from here on the item is locked: no further lot of it comes
    for other in finding.locked_lots_of(lot.item_id):
        if other.hidden_at is None:
            _hide(other, by=by, reason=reason, now=now)


def _hide(lot: Lot, *, by: int, reason: str, now: datetime) -> None:
    was_open = lot.state in {State.SCHEDULED, State.RUNNING}
    state = rules.judge(lot.facts(), Action.HIDE, by=Party.MODERATOR, now=now)
    lot.hidden_at, lot.hidden_reason = now, reason
    if was_open:
        _withdraw(lot, state, by=by, reason=reason, by_moderator=True)
        return
    lot.version += 1
    audit.note("hide lot", f"lot:{lot.id}", by=by, group_id=lot.group_id, why=reason)
    buyer_id = lot.leader_id if state is State.SOLD else None
    announce(LotHidden(lot.id, lot.group_id, lot.number, lot.title, lot.seller_id, buyer_id, reason))


@use_case
def withdraw_unbid(*, lot_id: int, reason: str) -> None:
    """Take back a lot on which no bid stands, because its seller or its item goes. One with bids runs to its end."""
    lot = finding.locked_lot(lot_id)
    if Action.WITHDRAW in rules.open_to(lot.facts(), by=Party.SELLER, now=clock.now()):
        _withdraw(lot, State.WITHDRAWN, by=None, reason=reason)


def take_out_of_sale(lot: Lot, *, by: int, reason: str) -> None:
    """Withdraw a lot that is locked from its sale, before that begins; sales.py has asked who may."""
    state = rules.judge(lot.facts(), Action.TAKE_OUT_OF_SALE, by=Party.MODERATOR, now=clock.now())
    _withdraw(lot, state, by=by, reason=reason)


@use_case
def note_fallen_through(*, lot_id: int, buyer_id: int) -> None:
    """The deal with this buyer was undone: the seller may list the item again. Of an earlier buyer it says nothing."""
    lot = finding.locked_lot(lot_id)
    if lot.state == State.SOLD and lot.leader_id == buyer_id and lot.fell_through_at is None:
        lot.fell_through_at = clock.now()
        lot.version += 1
        audit.note("deal fell through", f"lot:{lot.id}", by=None, group_id=lot.group_id)


def _listed_before(seller_id: int, client_key: str) -> Lot | None:
    return db.session.scalar(select(Lot).where(Lot.seller_id == seller_id, Lot.client_key == client_key))


def _publish(
    item: Item, group: Group, offer: Offer, client_key: str, *, now: datetime, relisted_from: int | None = None,
    place: Place | None = None,
) -> Lot:  # fmt: skip
    """Write the lot down. Item and group are locked: numbers are given in order, and an item runs in one lot."""
    groups.require(item.seller_id, item.group_id, Permission.LIST_ITEM)
    if place is None:
        starts_at = judge_offer(offer, now=now)
    else:
        check_prices(offer)
        starts_at = place.starts_at
    _check_free(item)
    _check_confirmer(item)
    if group.terms.gateway is Through.STRIPE:
        check_can_be_paid(offer.opening)
        sellers.check_can_be_paid_by_card(item.seller_id)
    made_from, made_to = years_of(item.period) or (None, None)
    number = 1 + (db.session.scalar(select(func.max(Lot.number)).where(Lot.group_id == group.id)) or 0)
    lot = Lot(
        group_id=group.id, number=number, item_id=item.id, seller_id=item.seller_id, client_key=client_key,
        relisted_from_id=relisted_from, title=item.title, category=item.category or "other",
        condition=item.condition, made_from=made_from, made_to=made_to, currency=group.currency,
        shipping_minor=item.shipping_minor or 0, shipping_further_minor=item.shipping_further_minor,
        terms=group.terms, format=offer.format,
        opening_minor=offer.opening.minor,
        reserve_minor=None if offer.reserve is None else offer.reserve.minor,
        buy_now_minor=None if offer.buy_now is None else offer.buy_now.minor, price_minor=offer.opening.minor,
        starts_at=starts_at, scheduled_end_at=offer.ends_at, ends_at=offer.ends_at, listed_at=now,
        state=State.RUNNING if starts_at <= now else State.SCHEDULED,
        sale_id=None if place is None else place.sale_id, sale_position=None if place is None else place.position,
    )  # fmt: skip
    db.session.add(lot)
    db.session.flush()
    groups.fix_currency(group.id)
    if lot.state == State.RUNNING:
        closing.freeze_sealed(lot)
    audit.note("list lot", f"lot:{lot.id}", by=item.seller_id, group_id=group.id)
    announce(LotListed(lot.id, group.id, item.id, number, lot.title, lot.seller_id, lot.starts_at, lot.ends_at))
    return lot


def _check_free(item: Item) -> None:
    if item.hidden_at is not None:
        raise RuleBroken("A moderator has hidden this item, and it cannot be auctioned. Ask one of the officers.")
    if item.state != ItemState.PUBLISHED:
        raise RuleBroken("Only a published item is auctioned. Publish it first.")
    wanted = select(Lot).where(Lot.item_id == item.id).order_by(Lot.id.desc()).limit(1)
    last = db.session.scalar(wanted)
    if last is not None and last.offered_until is not None:
        raise RuleBroken("The next in line is offered lot %(number)s. List the item again when he has not taken it.",
                         number=last.number)  # fmt: skip
    if last is None or last.state in {State.PASSED, State.WITHDRAWN} or last.fell_through_at is not None:
        return
    if last.state == State.SOLD:
        raise RuleBroken("This item is sold. It can be listed again only if the deal falls through.")
    raise RuleBroken("This item is already in an auction, as lot %(number)s.", number=last.number)


def _check_confirmer(item: Item) -> None:
    """An officer's money is confirmed by another one: the law of people around an order."""
    if not groups.has_other_confirmer(item.group_id, item.seller_id):
        raise NotAllowed(
            "You are the only officer here who can confirm money, and nobody confirms his own. "
            "Make another member treasurer first; then your lots can run."
        )


def _withdraw(lot: Lot, state: State, *, by: int | None, reason: str, by_moderator: bool = False) -> None:
    if lot.state == State.SCHEDULED:  # what goes before the sale begins was never in it
        lot.sale_id = lot.sale_position = None
    lot.state, lot.closed_at = state, clock.now()
    lot.version += 1
    audit.note(
        "hide lot" if by_moderator else "withdraw lot", f"lot:{lot.id}", by=by, group_id=lot.group_id, why=reason
    )
    announce(
        LotWithdrawn(
            lot.id, lot.group_id, lot.item_id, lot.number, lot.title, lot.seller_id, lot.leader_id, by_moderator, reason
        )
    )
