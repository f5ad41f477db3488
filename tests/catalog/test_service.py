"""Items are drafted, published, withdrawn and, from the first bid on, fixed."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.catalog import queries, service
from marketplace.catalog.events import ItemChanged, ItemPublished, ItemWithdrawn, RemarkAdded
from marketplace.catalog.models import Item, Remark
from marketplace.catalog.rules import Category, Claim, Condition, Details, Incomplete, State, Sureness
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock, events
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

DETAILS = Details(
    title="Bow porcelain teapot",
    description="Blue flowers.",
    category=Category.PORCELAIN,
    condition=Condition.GOOD,
    claims=(Claim("Maker", "Bow", Sureness.LIKELY),),
    shipping=Decimal("12.50"),
    shipping_to="Europe",
)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that is announced."""
    facts: list[object] = []
    kinds = (ItemPublished, ItemChanged, ItemWithdrawn, RemarkAdded)
    monkeypatch.setattr(events, "_handlers", dict.fromkeys(kinds, (facts.append,)))
    return facts


def fresh(item: Item) -> Item:
    db.session.rollback()
    return queries.item(item.id)


def group_of(item: Item) -> Group:
    return db.session.get_one(Group, item.group_id)


def frozen(item: Item) -> Item:
    service.freeze(item.id, at=clock.now())
    return item


def test_a_draft_may_be_as_incomplete_as_a_title_without_words(app: Flask) -> None:
    group = a_group()
    seller = a_member(group)
    item = service.draft_item(by=seller.id, group_id=group.id, client_key="key-00001", details=Details())
    assert (item.state, item.title, item.currency, item.shipping) == (State.DRAFT, "", "EUR", None)


def test_what_was_written_is_kept_as_it_was_written(app: Flask) -> None:
    group = a_group()
    seller = a_member(group)
    item = service.draft_item(by=seller.id, group_id=group.id, client_key="key-00001", details=DETAILS)
    kept = fresh(item)
    assert kept.claims == DETAILS.claims
    assert kept.shipping == Money(12_50, "EUR")
    assert (kept.category, kept.condition) == (Category.PORCELAIN, Condition.GOOD)


def test_a_form_sent_twice_is_one_item(app: Flask) -> None:
    group = a_group()
    seller = a_member(group)
    items = {
        service.draft_item(by=seller.id, group_id=group.id, client_key="key-00001", details=DETAILS).id
        for _ in range(2)
    }
    assert len(items) == 1
    assert db.session.scalar(select(func.count()).select_from(Item)) == 1
    other = a_member(group)
    assert service.draft_item(by=other.id, group_id=group.id, client_key="key-00001", details=DETAILS).id not in items


def test_a_double_click_that_arrives_at_once_is_one_item(app: Flask) -> None:
    group = a_group()
    seller_id, group_id = a_member(group).id, group.id
    found: list[int] = []

    def click() -> None:
        with app.app_context():
            found.append(
                service.draft_item(by=seller_id, group_id=group_id, client_key="key-00001", details=DETAILS).id
            )

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_strangers_list_nothing_and_hear_of_no_group(app: Flask) -> None:
    group, stranger = a_group(), a_person()
    with pytest.raises(NotFound):
        service.draft_item(by=stranger.id, group_id=group.id, client_key="key-00001", details=DETAILS)


def test_shipping_with_more_decimals_than_the_currency_is_refused_at_its_field(app: Flask) -> None:
    group = a_group(currency="JPY")
    seller = a_member(group)
    with pytest.raises(RuleBroken, match="0 decimals") as refusal:
        service.draft_item(by=seller.id, group_id=group.id, client_key="key-00001", details=DETAILS)
    assert refusal.value.field == "shipping"


def test_publishing_shows_the_item_and_tells(app: Flask, heard: list[object]) -> None:
    item = an_item(published=False)
    member = a_member(group_of(item))
    with pytest.raises(NotFound):
        queries.item_for(item.id, member.id)
    service.publish(item_id=item.id, by=item.seller_id)
    assert queries.item_for(item.id, member.id).state == State.PUBLISHED
    assert [type(fact) for fact in heard] == [ItemPublished]


def test_publishing_an_incomplete_item_says_what_is_missing_and_changes_nothing(app: Flask) -> None:
    item = an_item(published=False, photos=0, title="", category=None)
    with pytest.raises(Incomplete) as refusal:
        service.publish(item_id=item.id, by=item.seller_id)
    assert [each.field for each in refusal.value.missing] == ["title", "category", "photos"]
    assert fresh(item).state == State.DRAFT


def test_publishing_after_the_currency_changed_asks_for_shipping_again(app: Flask) -> None:
    item = an_item(published=False)
    with unit_of_work():
        group_of(item).currency = "CHF"
    with pytest.raises(Incomplete) as refusal:
        service.publish(item_id=item.id, by=item.seller_id)
    assert [each.field for each in refusal.value.missing] == ["shipping"]


def test_a_published_item_is_changed_and_stays_complete(app: Flask, heard: list[object]) -> None:
    item = an_item()
    service.change_item(item_id=item.id, by=item.seller_id, details=DETAILS)
    assert fresh(item).title == DETAILS.title
    assert [(fact.title, fact.shipping) for fact in heard if isinstance(fact, ItemChanged)] == [
        (DETAILS.title, Money(12_50, "EUR"))
    ]
    with pytest.raises(Incomplete):
        service.change_item(item_id=item.id, by=item.seller_id, details=replace(DETAILS, description=""))
    assert fresh(item).description == DETAILS.description


def test_a_withdrawn_item_can_be_published_again(app: Flask, heard: list[object]) -> None:
    item = an_item()
    service.withdraw(item_id=item.id, by=item.seller_id)
    service.publish(item_id=item.id, by=item.seller_id)
    assert fresh(item).state == State.PUBLISHED
    assert [type(fact) for fact in heard] == [ItemWithdrawn, ItemPublished]


def test_what_hears_of_a_withdrawal_can_refuse_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_fact: ItemWithdrawn) -> None:
        raise RuleBroken("Its lot is running.")

    monkeypatch.setattr(events, "_handlers", {ItemWithdrawn: (refuse,)})
    item = an_item()
    with pytest.raises(RuleBroken):
        service.withdraw(item_id=item.id, by=item.seller_id)
    assert fresh(item).state == State.PUBLISHED


def test_after_the_first_bid_nothing_is_changed(app: Flask) -> None:
    item = frozen(an_item())
    for deed in (
        lambda: service.change_item(item_id=item.id, by=item.seller_id, details=DETAILS),
        lambda: service.withdraw(item_id=item.id, by=item.seller_id),
    ):
        with pytest.raises(TooLate):
            deed()


def test_freezing_again_keeps_the_moment_of_the_first_bid(app: Flask) -> None:
    item = frozen(an_item())
    first = fresh(item).frozen_at
    service.freeze(item.id, at=clock.now())
    assert fresh(item).frozen_at == first


def test_remarks_are_added_in_order_after_the_first_bid(app: Flask, heard: list[object]) -> None:
    item = an_item()
    with pytest.raises(TooEarly):
        service.add_remark(item_id=item.id, by=item.seller_id, client_key="key-00001", text="A scratch.")
    frozen(item)
    for key, text in (("key-00001", "A scratch."), ("key-00001", "A scratch."), ("key-00002", "Another.")):
        service.add_remark(item_id=item.id, by=item.seller_id, client_key=key, text=text)
    assert [remark.text for remark in queries.remarks_of(item.id)] == ["A scratch.", "Another."]
    assert [fact.text for fact in heard if isinstance(fact, RemarkAdded)] == ["A scratch.", "Another."]


def test_nobody_else_touches_an_item(app: Flask) -> None:
    item = an_item()
    owner = a_member(group_of(item), Role.OWNER)
    for deed in (
        lambda by: service.change_item(item_id=item.id, by=by, details=DETAILS),
        lambda by: service.withdraw(item_id=item.id, by=by),
        lambda by: service.publish(item_id=item.id, by=by),
        lambda by: service.add_remark(item_id=item.id, by=by, client_key="key-00001", text="Mine."),
    ):
        with pytest.raises(NotAllowed):
            deed(owner.id)
        with pytest.raises(NotFound):
            deed(a_person().id)
    assert not db.session.scalar(select(func.count()).select_from(Remark))


def test_a_draft_is_the_sellers_alone(app: Flask) -> None:
    item = an_item(published=False)
    owner = a_member(group_of(item), Role.OWNER)
    assert queries.item_for(item.id, item.seller_id).id == item.id
    for other in (owner.id, a_person().id, None):
        with pytest.raises(NotFound):
            queries.item_for(item.id, other)


def test_a_public_catalogue_shows_its_items_to_everyone(app: Flask) -> None:
    item = an_item(group=a_group(is_catalogue_public=True))
    assert queries.item_for(item.id, None).id == item.id
    assert queries.item_for(item.id, a_person().id).id == item.id


def test_what_a_moderator_hid_only_its_seller_and_the_officers_see(app: Flask) -> None:
    item = an_item(group=a_group(is_catalogue_public=True))
    member, moderator = a_member(group_of(item)), a_member(group_of(item), Role.MODERATOR)
    service.hide(item.id, at=clock.now())
    for person_id in (item.seller_id, moderator.id):
        assert queries.item_for(item.id, person_id).id == item.id
    for person_id in (member.id, a_person().id, None):
        with pytest.raises(NotFound):
            queries.item_for(item.id, person_id)
    with pytest.raises(RuleBroken, match="moderator"):
        service.change_item(item_id=item.id, by=item.seller_id, details=DETAILS)


def test_every_deed_leaves_a_line(app: Flask) -> None:
    group = a_group()
    seller = a_member(group)
    item = service.draft_item(by=seller.id, group_id=group.id, client_key="key-00001", details=DETAILS)
    service.withdraw(item_id=item.id, by=seller.id)
    lines = db.session.scalars(
        select(AuditLine.what).where(AuditLine.subject == f"item:{item.id}").order_by(AuditLine.id)
    ).all()
    assert lines == ["draft item", "withdraw item"]


def test_my_items_come_in_pages_newest_first(app: Flask) -> None:
    group = a_group()
    seller = a_member(group)
    numbers = [an_item(seller, group, published=number % 2 == 0, photos=0).id for number in range(5)]
    first = queries.items_of(seller.id, group.id, limit=2)
    then = queries.items_of(seller.id, group.id, before=first[-1].id, limit=9)
    assert [item.id for item in [*first, *then]] == numbers[::-1]
    assert len(queries.items_of(seller.id, group.id, state=State.DRAFT)) == 2
