"""Finding and founding groups, and their front page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from marketplace.groups import founding, joining, queries
from marketplace.groups.entry_rules import JoinPolicy
from marketplace.groups.models import Group, RulesVersion
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Ladder
from marketplace.kernel.database import db, unit_of_work
from marketplace.payments.rules import Through
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.web.groups_pages import WRONG_TEXTS, a_cast, founding_form, words

pytestmark = pytest.mark.one_database


def owner_of(group):
    return queries.officers(group.id)[0].person_id


# ---- finding ----


def test_everybody_finds_groups_that_want_to_be_found(app, client):
    a_group(name="Vienna Clocks", collects="Clocks")
    a_group(name="Secret Silver", is_listed=False)
    page = words(client.get("/groups"))
    assert "Vienna Clocks" in page
    assert "Secret Silver" not in page
    assert "Vienna Clocks" in words(client.get("/groups?q=clock"))
    assert "No group here has “trains”" in words(client.get("/groups?q=trains"))


def test_the_list_is_read_page_by_page(app, client, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    for name in ("Amber", "Buttons", "Coins"):
        a_group(name=name)
    first = client.get("/groups")
    assert "Amber" in words(first)
    assert "Coins" not in words(first)
    address = f"/groups?after={queries.group_by_slug('buttons').id}"
    assert address in first.get_data(as_text=True)
    assert "Coins" in words(client.get(address))


@pytest.mark.parametrize(
    "query", ["q=%00", "q=" + "x" * 5000, "after=-1", "after=99999999999999999999", "after=%00", "q=%FF"]
)
def test_a_strange_search_finds_something_or_nothing(app, client, query):
    a_group()
    assert client.get(f"/groups?{query}").status_code == 200


# ---- founding ----


def test_a_group_is_founded_and_its_founder_sees_it(app, client_of):
    browser = client_of(a_person())
    assert browser.get("/groups/new").status_code == 200
    answer = browser.post(
        "/groups/new", data=founding_form(fee_basis_points="2.5", days_to_pay="5"), follow_redirects=True
    )
    assert "You belong to this group" in words(answer)
    group = queries.group_by_slug("gauge-0-sundays")
    assert (group.terms.fee_basis_points, group.terms.days_to_pay) == (250, 5)
    assert group.questions == ["Why?", "Since when?"]
    assert not group.is_listed
    assert not group.is_catalogue_public


def test_sending_the_form_twice_founds_one_group(app, client_of):
    browser = client_of(a_person())
    for _ in range(2):
        assert browser.post("/groups/new", data=founding_form()).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Group)) == 1


def test_who_has_not_signed_in_founds_nothing(app, client):
    assert client.post("/groups/new", data=founding_form()).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Group)) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 81), ("collects", "\0"), ("currency", "XYZ"), ("currency", ""),
        ("time_zone", "Mars/Olympus"), ("time_zone", ""), ("join_policy", "bribe"), ("question_2", "x" * 251),
        ("rules_text", ""), ("rules_text", "x" * 20_001), ("instructions", ""), ("client_key", "?"),
        ("fee_basis_points", "-1"), ("fee_basis_points", "50.01"), ("fee_basis_points", "2.555"),
        ("fee_basis_points", "NaN"), ("fee_basis_points", "1e3"), ("days_to_pay", "0"), ("days_to_pay", "15"),
        ("days_to_pay", "3.5"), ("days_to_pay", "٣"), ("days_to_inspect", ""), ("soft_close_seconds", "9" * 5000),
        ("ladder", "steep"), ("ladder", ""),
        ("seller_pays_return", "maybe"), ("days_until_unshipped_refund", "2"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(app, client_of, field, value):
    answer = client_of(a_person()).post("/groups/new", data=founding_form(**{field: value}))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    if field != "client_key":
        assert f'id="{field}-error"' in page
        assert "No steam indoors." in page or field == "rules_text"
    assert db.session.scalar(select(func.count()).select_from(Group)) == 0


@pytest.mark.parametrize("text", WRONG_TEXTS)
def test_no_text_breaks_the_form(app, client_of, text):
    browser = client_of(a_person())
    for field in founding_form():
        assert browser.post("/groups/new", data=founding_form(**{field: text})).status_code in {302, 422}


def test_an_empty_form_and_one_with_lists_are_answered(app, client_of):
    browser = client_of(a_person())
    assert browser.post("/groups/new", data={}).status_code == 422
    assert (
        browser.post("/groups/new", data={name: [value, "x"] for name, value in founding_form().items()}).status_code
        == 302
    )


# ---- the front page ----


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("owner", "as owner"),
        ("member", "as member"),
        ("applicant", "Your application waits for an officer"),
        ("removed", "You were removed from this group"),
        ("outsider", "Ask to join"),
        ("other_owner", "Ask to join"),
    ],
)
def test_the_front_page_says_to_everybody_where_he_is_with_the_group(app, client_of, who, says):
    cast = a_cast()
    page = words(client_of(cast.person(who)).get(f"/g/{cast.slug}"))
    assert says in page
    assert "Describe what you sell as it is." in page
    assert "Clocks, porcelain and silver" in page
    assert "Olga" in page
    assert "5 % of the hammer price" in page.replace("\xa0", " ")


def test_a_front_page_is_readable_without_an_account_and_shows_no_members(app, client):
    cast = a_cast()
    page = words(client.get(f"/g/{cast.slug}"))
    assert "Ask to join" in page
    assert cast.member.name not in page
    assert "IBAN" not in page
    assert "For officers" not in page
    assert client.get("/g/no-such-group").status_code == 404


def test_only_officers_have_a_desk_and_each_his_own(app, client_of):
    cast = a_cast()
    desks = {
        who: words(client_of(cast.person(who)).get(f"/g/{cast.slug}"))
        for who in ("owner", "treasurer", "moderator", "member")
    }
    assert "For officers" not in desks["member"]
    assert "Close the group" in desks["owner"]
    assert "Applications" in desks["moderator"]
    assert "Close the group" not in desks["moderator"]
    assert "Where members pay" in desks["treasurer"]
    assert "Applications" not in desks["treasurer"]


def test_who_sees_no_lots_is_not_led_to_them(app, client_of):
    cast = a_cast()
    for who in ("outsider", "removed", "applicant"):
        assert f"/g/{cast.slug}/lots" not in client_of(cast.person(who)).get(f"/g/{cast.slug}").get_data(as_text=True)
    assert f"/g/{cast.slug}/lots" in client_of(cast.member).get(f"/g/{cast.slug}").get_data(as_text=True)


def test_new_rules_are_agreed_to_on_the_front_page(app, client_of):
    cast = a_cast()
    founding.change_rules(by=cast.owner.id, group_id=cast.group.id, text="Be kind.", based_on=1)
    browser = client_of(cast.member)
    assert "The rules have changed" in words(browser.get(f"/g/{cast.slug}"))
    assert "Agree to the rules, version 2" in words(browser.get(f"/g/{cast.slug}/rules"))
    answer = browser.post(f"/g/{cast.slug}/agree", data={"version": "1"}, follow_redirects=True)
    assert "Read them again" in words(answer)
    answer = browser.post(f"/g/{cast.slug}/agree", data={"version": "2"}, follow_redirects=True)
    assert "You agreed to the rules, version 2" in words(answer)
    assert "The rules have changed" not in words(answer)


def test_rules_and_terms_are_everybodys_to_read(app, client):
    cast = a_cast()
    founding.change_rules(by=cast.owner.id, group_id=cast.group.id, text="Be **kind**.", based_on=1)
    page = client.get(f"/g/{cast.slug}/rules")
    assert "<strong>kind</strong>" in page.get_data(as_text=True)
    assert "Describe what you sell as it is." in words(page)
    assert "Days to ship" in words(client.get(f"/g/{cast.slug}/terms"))


def test_rules_cannot_carry_scripts_or_pictures_from_elsewhere(app, client):
    group = a_group(rules_text="<script>alert(1)</script> ![x](https://evil.example/x.png) [y](javascript:alert(1))")
    page = client.get(f"/g/{group.slug}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_a_pages_queries_do_not_grow_with_the_group(app, client_of):
    cast = a_cast()
    counted = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    browser = client_of(cast.owner)

    def queries_of(path):
        counted.clear()
        assert browser.get(path).status_code == 200
        return len([line for line in counted if line.startswith("SELECT")])

    paths = [
        f"/g/{cast.slug}",
        f"/g/{cast.slug}/members",
        f"/g/{cast.slug}/applications",
        f"/g/{cast.slug}/reports",
        "/groups",
    ]
    before = [queries_of(path) for path in paths]
    for number in range(5):
        a_member(cast.group, Role.MODERATOR)
        joining.ask_to_join(by=a_person().id, group_id=cast.group.id, answers=[], agreed_version=1)
        a_group(cast.owner, name=f"Another {number}")
    assert [queries_of(path) for path in paths] == before


# ---- changing it ----


def test_an_owner_changes_what_the_group_is(app, client_of):
    cast = a_cast()
    browser = client_of(cast.owner)
    assert 'value="Lindengasse Antiques"' in browser.get(f"/g/{cast.slug}/settings").get_data(as_text=True)
    form = {
        "name": "Vienna Antiques", "collects": "Clocks", "currency": "CHF", "time_zone": "UTC", "join_policy": "open",
        "most_members": "20", "is_catalogue_public": "1",
    }  # fmt: skip
    assert browser.post(f"/g/{cast.slug}/settings", data=form).status_code == 302
    group = queries.group_by_slug(cast.slug)
    assert (group.name, group.currency, group.join_policy, group.is_listed) == (
        "Vienna Antiques",
        "CHF",
        JoinPolicy.OPEN,
        False,
    )
    answer = browser.post(f"/g/{cast.slug}/settings", data=form | {"most_members": "3"})
    assert answer.status_code == 422
    assert "The group has 4 members already" in words(answer)


def test_an_owner_writes_the_rules_anew(app, client_of):
    cast = a_cast()
    browser = client_of(cast.owner)
    assert browser.get(f"/g/{cast.slug}/settings/rules").status_code == 200
    path = f"/g/{cast.slug}/settings/rules"
    assert browser.post(path, data={"text": "Be kind.", "based_on": "1"}).status_code == 302
    answer = browser.post(path, data={"text": "Be quick.", "based_on": "1"})
    assert answer.status_code == 422
    assert "Another owner has changed the rules" in words(answer)
    assert "Be quick." in words(answer)
    assert db.session.scalars(select(RulesVersion.number).where(RulesVersion.group_id == cast.group.id)).all() == [1, 2]


def of_cards(cast, **instead):
    """The terms form of a group that was paid by card before its site lost the key."""
    with unit_of_work():
        group = db.session.get_one(Group, cast.group.id)
        group.terms = replace(group.terms, gateway=Through.STRIPE)
    form = founding_form(**instead)
    form.pop("gateway", None)
    return form


def test_a_group_whose_site_takes_no_cards_any_more_keeps_its_choice(app, client_of):
    cast = a_cast()
    form, browser, path = of_cards(cast, days_to_ship="5"), client_of(cast.owner), f"/g/{cast.slug}/settings/terms"
    page = browser.get(path)
    assert "Cards are not available on this site now." in words(page)
    assert 'value="stripe_connect" selected' in page.text
    for sent in (form, form | {"gateway": "stripe_connect", "days_to_ship": "4"}):
        answer = browser.post(path, data=sent, follow_redirects=True)
        assert "Cards are not available on this site now. Your choice is kept." in words(answer)
        terms = queries.group_by_slug(cast.slug).terms
        assert (terms.gateway, str(terms.days_to_ship)) == (Through.STRIPE, sent["days_to_ship"])


def test_it_may_go_back_to_the_treasurer_and_then_not_to_cards(app, client_of):
    cast = a_cast()
    form, browser, path = of_cards(cast), client_of(cast.owner), f"/g/{cast.slug}/settings/terms"
    assert browser.post(path, data=form | {"gateway": "treasurer"}).status_code == 302
    assert queries.group_by_slug(cast.slug).terms.gateway is Through.TREASURER
    assert "Cards are not available" not in words(browser.get(path))
    answer = browser.post(path, data=form | {"gateway": "stripe_connect"})
    assert answer.status_code == 422 and "Cards are not taken on this site" in words(answer)


def test_an_owner_changes_the_terms(app, client_of):
    cast = a_cast()
    browser = client_of(cast.owner)
    path = f"/g/{cast.slug}/settings/terms"
    assert 'value="5.00"' in browser.get(path).get_data(as_text=True)
    changed = founding_form(fee_basis_points="0", seller_pays_return="0", ladder="house")
    assert browser.post(path, data=changed).status_code == 302
    terms = queries.group_by_slug(cast.slug).terms
    assert (terms.fee_basis_points, terms.seller_pays_return, terms.ladder) == (0, False, Ladder.HOUSE)
    assert "Round steps, as auction houses take them" in words(browser.get(f"/g/{cast.slug}/terms"))
    answer = browser.post(path, data=founding_form(days_to_rule="99"))
    assert answer.status_code == 422
    assert "from 1 to 14" in words(answer)


def test_closing_a_group_is_said_on_its_front_page(app, client_of):
    cast = a_cast()
    browser = client_of(cast.owner)
    before = words(browser.get(f"/g/{cast.slug}/close"))
    assert "for good" in before
    assert "members go on bidding" in before
    answer = browser.post(f"/g/{cast.slug}/close", follow_redirects=True)
    assert "This group was closed on" in words(answer)
    assert browser.post(f"/g/{cast.slug}/close").status_code == 409
    assert browser.get(f"/g/{cast.slug}/settings").status_code == 409
    assert "Nobody joins a closed group" in words(client_of(cast.outsider).get(f"/g/{cast.slug}"))
    assert client_of(cast.member).get(f"/g/{cast.slug}/members").status_code == 200


def test_new_rules_are_agreed_to_in_a_closed_group_as_well(app, client_of):
    cast = a_cast()
    group = queries.group_by_slug(cast.slug)
    founding.change_rules(by=cast.owner.id, group_id=group.id, text="Silver alone.", based_on=1)
    founding.close_group(by=cast.owner.id, group_id=group.id)
    for path in ("", "/rules"):
        assert "Agree to the rules" in words(client_of(cast.member).get(f"/g/{cast.slug}{path}"))
