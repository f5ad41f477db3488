"""The catalogue's filters in the address, and the pages of what a member looks for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.auctions import matching
from marketplace.auctions.search_models import KeptSearch
from marketplace.auctions.search_rules import Search
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.notifications.models import Notice
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database


@pytest.fixture
def group(app):
    return a_group()


@pytest.fixture
def anna(group):
    return a_member(group)


def words(answer):
    """What a reader reads: without tags, spaces folded."""
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).replace("\xa0", " ").replace("&nbsp;", " ")
    return " ".join(text.split())


def numbers(answer):
    return [int(number) for number in re.findall(r"/lots/(\d+)\">", answer.get_data(as_text=True))]


def links(answer):
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', answer.get_data(as_text=True))]


def test_the_filters_are_in_the_address_and_each_can_be_taken_off(group, anna, client_of):
    for opening, title, period in (
        (500, "Seiko diver", "1970"),
        (900, "Seiko dress watch", "1970"),
        (500, "Omega", "1950"),
    ):
        a_lot(an_item(group=group, title=title, period=period, condition="used"), opening=opening)
    client, path = client_of(anna), f"/g/{group.slug}/lots"
    answer = client.get(f"{path}?q=seiko&condition=used&price_to=8.00&made_from=1960&trust=&within=&order=dearest")
    assert numbers(answer) == [1]
    for chip in ("“seiko”", "Used, with its traces", "up to EUR 8.00", "made in 1960 or later"):
        assert chip in words(answer), chip
    without = f"{path}?order=dearest&q=seiko&condition=used&made_from=1960"
    assert without in links(answer)
    assert numbers(client.get(without)) == [2, 1]
    assert numbers(client.get(f"{path}?condition=used&order=price")) == [1, 3, 2]


@pytest.mark.parametrize(("query", "sentence"), [
    ("price_from=dear", "This is not an amount."), ("price_to=1.234", "EUR has 2 decimals."),
    ("price_from=5&price_to=4", "This is below the lowest price."), ("made_from=MDCC", "Write a year in four figures"),
    ("made_from=1900&made_to=1800", "This is before the first year."), ("until=tomorrow", "This is not a day."),
    ("until=9999-12-31", "This is not a day."), ("q=%25", "Signs alone find nothing."), ("q=a%00b", "cannot be stored"),
    ("q=" + "x" * 500, "This is too long."),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_stays_there(group, anna, client_of, query, sentence):
    a_lot(an_item(group=group))
    answer = client_of(anna).get(f"/g/{group.slug}/lots?{query}&kind=watches")
    assert (answer.status_code, numbers(answer)) == (200, [1])
    assert sentence in words(answer)
    name, _equals, typed = query.split("&")[-1].partition("=")
    shown = re.search(rf'name="{name}"[^>]*value="([^"]*)"', answer.get_data(as_text=True))
    assert shown and (shown[1] in typed or "%" in typed)


def test_choices_that_are_none_and_keys_of_nowhere_are_left_out(group, anna, client_of):
    a_lot(an_item(group=group))
    nasty = "stage=x&order=y&kind=z&within=9h&trust=blind&condition=odd&no_bids=perhaps&after=x-y"
    assert numbers(client_of(anna).get(f"/g/{group.slug}/lots?{nasty}")) == [1]


def test_who_finds_nothing_is_told_how_to_go_on(group, anna, client_of, client):
    answer = client_of(anna).get(f"/g/{group.slug}/lots?q=sundial&kind=watches")
    assert "No lot here is what you asked for." in words(answer)
    paths = links(answer)
    assert f"/g/{group.slug}/wants/new?words=sundial&kind=watches" in paths
    assert f"/g/{group.slug}/searches/new?kind=watches&q=sundial" in paths
    public = a_group(name="Open to all", is_catalogue_public=True)
    stranger = client.get(f"/g/{public.slug}/lots?q=sundial")
    assert not any("/wants" in path or "/searches" in path for path in links(stranger))


def test_a_search_is_saved_shown_followed_and_removed(group, anna, client_of):
    client = client_of(anna)
    form = client.get(f"/g/{group.slug}/searches/new?q=seiko&price_to=8.00&order=newest&within=1h")
    assert "You look for: “seiko”, up to EUR 8.00." in words(form)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.get_data(as_text=True)))
    assert "within" not in hidden
    client.post(f"/g/{group.slug}/searches/new", data=hidden | {"name": "Cheap Seikos"})
    kept = db.session.scalars(select(KeptSearch)).one()
    assert (kept.search.words, kept.search.price_to, kept.name) == ("seiko", 800, "Cheap Seikos")
    page = client.get(f"/g/{group.slug}/searches")
    assert "Cheap Seikos “seiko”, up to EUR 8.00" in words(page)
    leads_to = client.get(f"/g/{group.slug}/searches/{kept.id}").location
    assert leads_to == f"/g/{group.slug}/lots?order=newest&q=seiko&price_to=8"
    answer = client.post(f"/g/{group.slug}/searches/{kept.id}/remove", follow_redirects=True)
    assert "The search is removed." in words(answer)
    assert db.session.scalars(select(KeptSearch)).all() == []


def test_a_search_of_nothing_is_not_saved(group, anna, client_of):
    answer = client_of(anna).post(
        f"/g/{group.slug}/searches/new", data={"name": "All", "order": "newest", "client_key": "key-of-form"}
    )
    assert answer.status_code == 422
    assert "Choose a filter first" in words(answer)


def test_a_want_is_kept_with_its_maximum_and_leads_to_what_is_new(group, anna, client_of):
    client, path = client_of(anna), f"/g/{group.slug}/wants/new"
    refused = client.post(path, data={"words": "茶壶", "kind": "", "most": "dear", "client_key": "key-of-form"})
    assert refused.status_code == 422
    assert 'value="茶壶"' in refused.get_data(as_text=True)
    client.post(path, data={"words": "茶壶", "kind": "", "most": "20", "client_key": "key-of-form"})
    kept = db.session.scalars(select(KeptSearch)).one()
    assert kept.search == Search(words="茶壶", with_shipping_to=2000)
    assert "茶壶 “茶壶”, up to EUR 20.00 with shipping" in words(client.get(f"/g/{group.slug}/searches"))
    for title in ("青花茶壶", "茶壶"):
        lot = a_lot(an_item(group=group, title=title), ends_at=clock.now() + timedelta(days=2))
        matching.lot_listed(type("Fact", (), {"lot_id": lot.id}))
    matching.match_new_lots()
    matching.tell_of_fits()
    notice = db.session.scalars(select(Notice)).one()
    assert "2 new lots may be what you want (茶壶), at your price." in words(client.get("/notices"))
    answer = client.get(f"/notices/{notice.id}", follow_redirects=True)
    assert numbers(answer) == [2, 1]
