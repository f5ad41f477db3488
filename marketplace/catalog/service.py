"""What a seller does with an item: draft it, change it, publish it, withdraw it, add a remark.

Photographs have their own file, photos.py.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from marketplace.catalog import queries, rules, texts
from marketplace.catalog.events import ItemChanged, ItemPublished, ItemWithdrawn, RemarkAdded
from marketplace.catalog.models import Item, Photo, Remark
from marketplace.catalog.rules import Action, Details, State
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money, NotExact, exponent


@use_case
def draft_item(*, by: int, group_id: int, client_key: str, details: Details, copied_from_id: int | None = None) -> Item:
    """Begin an item, as incomplete as it may be. The same form sent twice is one item."""
    groups.require(by, group_id, Permission.LIST_ITEM)
    item = begun(by=by, group_id=group_id, client_key=client_key, details=details, at=clock.now())
    item.copied_from_id = copied_from_id
    try:
        with db.session.begin_nested():
            db.session.add(item)
    except IntegrityError:
        return _drafted_before(by, client_key)
    audit.note("draft item", f"item:{item.id}", by=by, group_id=group_id)
    return item


@use_case
def change_item(*, item_id: int, by: int, details: Details) -> Item:
    """Write an item anew. A published one stays complete."""
    item = changeable(item_id, by=by)
    _write(item, details)
    item.changed_at = clock.now()
    texts.write(item)
    if item.state == State.PUBLISHED:
        rules.check_complete(item.facts(photos=photos_in(item)))
        announce(_changed(item))
    audit.note("change item", f"item:{item.id}", by=by, group_id=item.group_id)
    return item


@use_case
def publish(*, item_id: int, by: int) -> Item:
    """Show an item to the group. Raises rules.Incomplete with a sentence for each thing that is missing."""
    item = changeable(item_id, by=by)
    item.state = rules.judge(item.facts(photos=photos_in(item)), Action.PUBLISH)
    if item.shipping is not None and item.currency != group_queries.group(item.group_id).currency:
        changed = RuleBroken("The group's currency has changed. Enter what shipping costs again.", field="shipping")
        raise rules.Incomplete(changed)
    item.published_at = clock.now()
    texts.write(item)
    audit.note("publish item", f"item:{item.id}", by=by, group_id=item.group_id)
    announce(ItemPublished(item.id, item.group_id, by, item.title, item.published_at))
    return item


@use_case
def withdraw(*, item_id: int, by: int) -> Item:
    """Put an item away that nobody has bid on. It can be published again."""
    item = own(item_id, by=by)
    item.state = rules.judge(item.facts(photos=photos_in(item)), Action.WITHDRAW)
    now = clock.now()
    audit.note("withdraw item", f"item:{item.id}", by=by, group_id=item.group_id)
    announce(ItemWithdrawn(item.id, item.group_id, by, item.title, now))
    return item


@use_case
def freeze(*item_ids: int, at: datetime) -> None:
    """Fix items as they are: somebody has bid on what he saw. Called at the first bid; later calls change nothing."""
    fixed = update(Item).where(Item.id.in_(item_ids), Item.frozen_at.is_(None)).values(frozen_at=at)
    for item_id, group_id in db.session.execute(fixed.returning(Item.id, Item.group_id)).all():
        audit.note("freeze item", f"item:{item_id}", by=None, group_id=group_id, why="the first bid")


@use_case
def hide(item_id: int, *, at: datetime) -> None:
    """Take an item with its photographs out of sight: a moderator has hidden its lot. Who may, the caller asks."""
    item = _locked(item_id)
    if item.hidden_at is None:
        item.hidden_at = at
        audit.note("hide item", f"item:{item.id}", by=None, group_id=item.group_id, why="its lot was hidden")


@use_case
def add_remark(*, item_id: int, by: int, client_key: str, text: str) -> None:
    """Add something, with its date, to an item that is fixed. The same form sent twice is one remark."""
    item = own(item_id, by=by)
    remarks = queries.remarks_of(item.id)
    if any(remark.client_key == client_key for remark in remarks):
        return
    rules.check_remark(item.facts(photos=0), already=len(remarks))
    now = clock.now()
    remark = Remark(item_id=item.id, client_key=client_key, text=text, at=now)
    db.session.add(remark)
    db.session.flush()
    texts.write(item)
    audit.note("add remark", f"item:{item.id}", by=by, group_id=item.group_id)
    announce(RemarkAdded(item.id, item.group_id, by, item.title, remark.id, text, now))


def begun(*, by: int, group_id: int, client_key: str, details: Details, at: datetime) -> Item:
    """A draft as it would be, not yet in the database. Raises RuleBroken where a sum is not one of the currency's."""
    item = Item(
        group_id=group_id, seller_id=by, client_key=client_key, state=State.DRAFT.value, created_at=at, changed_at=at
    )  # fmt: skip
    _write(item, details)
    return item


def changeable(item_id: int, *, by: int) -> Item:
    """The seller's own item, locked; raises the rule that keeps him from changing it."""
    item = own(item_id, by=by)
    groups.require(by, item.group_id, Permission.LIST_ITEM)
    rules.check_open(item.facts(photos=0))
    return item


def own(item_id: int, *, by: int) -> Item:
    """The seller's own item, its row locked until the unit of work ends.

    Raises NotFound where it is not his to see, NotAllowed where it is another's.
    """
    item = _locked(item_id)
    queries.check_sees(item, by)
    if item.seller_id != by:
        raise NotAllowed("Only its seller changes an item. Ask the seller.")
    return item


def held(item_id: int) -> Item:
    """The item, its row locked until the unit of work ends: it is not listed, changed or put away meanwhile."""
    return _locked(item_id)


def photos_in(item: Item) -> int:
    """How many photographs the item has."""
    return db.session.scalar(select(func.count()).where(Photo.item_id == item.id)) or 0


def _locked(item_id: int) -> Item:
    item = db.session.get(Item, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFound("There is no such item.")
    return item


def _drafted_before(seller_id: int, client_key: str) -> Item:
    return db.session.scalars(select(Item).where(Item.seller_id == seller_id, Item.client_key == client_key)).one()


def _write(item: Item, details: Details) -> None:
    """Put what the seller wrote onto the row."""
    currency = group_queries.group(item.group_id).currency
    item.title, item.description = details.title, details.description
    item.category, item.condition = details.category, details.condition
    item.period, item.dimensions, item.weight_grams = details.period, details.dimensions, details.weight_grams
    item.claims, item.faults = details.claims, details.faults
    item.currency, item.shipping_minor = currency, _minor(details.shipping, currency, "shipping")
    item.shipping_further_minor = _minor(details.shipping_further, currency, "shipping_further")
    rules.check_further(item.shipping, item.shipping_further)
    item.shipping_to, item.pickup_possible = details.shipping_to, details.pickup_possible
    item.unsaid = list(details.unsaid)


def _changed(item: Item) -> ItemChanged:
    return ItemChanged(
        item.id, item.group_id, item.seller_id, item.title, item.category or "", item.shipping, item.changed_at,
        condition=item.condition or "", period=item.period, shipping_further=item.shipping_further,
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str, field: str) -> int | None:
    if amount is None:
        return None
    try:
        return Money.of(amount, currency).minor
    except NotExact:
        raise RuleBroken(
            "%(currency)s has %(decimals)s decimals. Enter what shipping costs with no more than that.",
            field=field,
            currency=currency,
            decimals=exponent(currency),
        ) from None
