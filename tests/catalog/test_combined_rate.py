"""What a further lot costs in the same parcel: said by the seller, never more than by itself, never guessed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask

from marketplace.catalog import copying, importing, queries, service
from marketplace.catalog.import_models import Import
from marketplace.catalog.import_rules import Choice
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Details, check_further
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

DETAILS = Details(title="Bow teapot", shipping=Decimal("8.00"), shipping_further=Decimal("2.50"), shipping_to="Austria")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def drafted(details: Details = DETAILS) -> Item:
    group = a_group()
    item = service.draft_item(
        by=a_member(group).id, group_id=group.id, client_key="key-of-the-item", details=details
    )  # fmt: skip
    return queries.item(item.id)


def imported(table: str) -> tuple[Import, int]:
    group = a_group()
    seller = a_member(group)
    upload = importing.keep(
        by=seller.id, group_id=group.id, client_key="key-of-the-table", content=table.encode(), zipped=None
    )  # fmt: skip
    return upload, seller.id


@pytest.mark.parametrize(("shipping", "further"), [(800, None), (800, 0), (800, 800), (0, 0), (None, None)])
def test_a_rate_up_to_the_shipping_is_kept(shipping: int | None, further: int | None) -> None:
    check_further(None if shipping is None else eur(shipping), None if further is None else eur(further))


@pytest.mark.parametrize(
    ("shipping", "further", "field"),
    [(800, 801, "shipping_further"), (0, 1, "shipping_further"), (None, 0, "shipping")],
)
def test_a_rate_that_is_none_is_refused_where_it_is_wrong(shipping: int | None, further: int, field: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        check_further(None if shipping is None else eur(shipping), eur(further))
    assert refusal.value.field == field


def test_it_is_kept_changed_and_taken_away(app: Flask) -> None:
    item = drafted()
    assert (item.shipping, item.shipping_further) == (eur(800), eur(250))
    service.change_item(item_id=item.id, by=item.seller_id, details=replace(DETAILS, shipping_further=None))
    db.session.rollback()
    assert queries.item(item.id).shipping_further is None
    dearer = replace(DETAILS, shipping_further=Decimal("8.01"))
    with pytest.raises(RuleBroken):
        service.change_item(item_id=item.id, by=item.seller_id, details=dearer)
    with pytest.raises(RuleBroken) as refusal:
        drafted(replace(DETAILS, shipping_further=Decimal("1.005")))
    assert refusal.value.field == "shipping_further"


def test_a_copy_says_the_same(app: Flask) -> None:
    item = an_item(shipping_minor=800, shipping_further_minor=250)
    copy = copying.copy_item(item_id=item.id, by=item.seller_id, client_key="key-of-the-copy")
    assert queries.item(copy.id).shipping_further == eur(250)


@pytest.mark.parametrize(
    ("table", "further"),
    [
        ("Title,Shipping,Combined shipping\nTeapot,8,\"2,50\"\n", 250),
        ("Title,Shipping,Shipping in one parcel\nTeapot,8,no\n", None),
        ("Title,Shipping,Shipping in one parcel\nTeapot,8,\n", None),
        ("Title,Shipping\nTeapot,8\n", None),
        ("Title,Shipping,Each further lot\nTeapot,8,0\n", 0),
    ],
)  # fmt: skip
def test_a_table_says_it_or_leaves_it_open(app: Flask, table: str, further: int | None) -> None:
    upload, seller_id = imported(table)
    importing.import_rows(upload_id=upload.id, by=seller_id, group_id=upload.group_id, choice=Choice.ALL)
    (item,) = db.session.query(Item).filter_by(seller_id=seller_id)
    assert (item.shipping_minor, item.shipping_further_minor) == (800, further)


@pytest.mark.parametrize(
    ("row", "field"), [("8,9", "shipping_further"), ("no,2", "shipping"), ("8,much", "shipping_further")]
)
def test_a_row_with_a_rate_that_is_none_is_not_imported(app: Flask, row: str, field: str) -> None:
    upload, _seller_id = imported(f"Title,Shipping,Shipping in one parcel\nTeapot,{row}\n")
    (verdict,) = importing.report_on(upload).verdicts
    assert [each.field for each in verdict.wrong] == [field]
