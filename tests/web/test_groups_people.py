"""Joining, leaving, roles, removal, applications and reports, as people use them."""

from __future__ import annotations

import html
import re

import pytest

from marketplace.escrow.messages import write_message
from marketplace.escrow.order_rules import State
from marketplace.groups import moderation, queries, service
from marketplace.groups.entry_rules import Answer, JoinPolicy
from marketplace.groups.rules import Role
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.web.groups_pages import WRONG_TEXTS, a_cast, words

pytestmark = pytest.mark.one_database


# ---- who may open what ----

PEOPLE = "owner treasurer moderator member applicant removed outsider other_owner".split()
PAGES = {
    # path                                o   t   m   m   a   r   o   o
    "/members":                         "200 200 200 200 404 404 404 404",
    "/members/{member}/role":           "200 403 200 403 404 404 404 404",
    "/applications":                    "200 403 200 403 404 404 404 404",
    "/applications/{application}":      "200 403 200 403 404 404 404 404",
    "/report?subject=person:{member}":  "200 200 200 200 404 404 404 404",
    "/reports":                         "200 404 200 404 404 404 404 404",
    "/reports/{report}":                "200 404 200 404 404 404 404 404",
    "/settings":                        "200 403 403 403 404 404 404 404",
    "/settings/rules":                  "200 403 403 403 404 404 404 404",
    "/settings/terms":                  "200 403 403 403 404 404 404 404",
    "/settings/instructions":           "200 200 200 404 404 404 404 404",
    "/close":                           "200 403 403 403 404 404 404 404",
    "/leave":                           "200 200 200 200 404 404 404 404",
    "/join":                            "302 302 302 302 302 302 200 200",
}  # fmt: skip


def test_each_page_opens_to_whom_the_table_says(app, client_of, client):
    cast = a_cast()
    report = moderation.report(
        by=cast.member.id, group_id=cast.group.id, subject="person:1", about_id=cast.member.id, reason="?"
    ).id
    ids = {"member": cast.member.id, "application": queries.applications(cast.group.id)[0].id, "report": report}
    found = {}
    for path in PAGES:
        address = f"/g/{cast.slug}{path.format(**ids)}"
        found[path] = " ".join(str(client_of(cast.person(who)).get(address).status_code) for who in PEOPLE)
        assert client.get(address).status_code == 302, "who has not signed in is asked to"
    assert found == PAGES


DEEDS = {
    # path                                o   t   m   m   a   r   o   o
    "/members/{member}/role":           "422 403 403 403 404 404 404 404",
    "/members/{member}/remove":         "422 403 422 403 404 404 404 404",
    "/applications/{application}":      "422 403 422 403 404 404 404 404",
    "/report":                          "404 404 404 404 404 404 404 404",
    "/reports/{report}":                "422 404 422 404 404 404 404 404",
    "/settings":                        "422 403 403 403 404 404 404 404",
    "/settings/rules":                  "422 403 403 403 404 404 404 404",
    "/settings/terms":                  "422 403 403 403 404 404 404 404",
    "/join":                            "422 422 422 422 422 422 422 422",
}  # fmt: skip


def test_each_deed_is_open_to_whom_the_table_says_and_wants_its_fields(app, client_of, client):
    cast = a_cast()
    report = moderation.report(
        by=cast.member.id, group_id=cast.group.id, subject="person:1", about_id=cast.member.id, reason="?"
    ).id
    ids = {"member": cast.member.id, "application": queries.applications(cast.group.id)[0].id, "report": report}
    found = {}
    for path in DEEDS:
        address = f"/g/{cast.slug}{path.format(**ids)}"
        found[path] = " ".join(str(client_of(cast.person(who)).post(address).status_code) for who in PEOPLE)
        assert client.post(address).status_code == 302
    assert found == DEEDS


# ---- joining ----


def test_an_applicant_answers_agrees_and_reads_where_he_is(app, client_of):
    group = a_group(questions=("What do you collect?",))
    browser = client_of(a_person())
    path = f"/g/{group.slug}/join"
    assert "What do you collect?" in words(browser.get(path))
    form = {"answer_1": "Verge watches.", "agreed_version": "1", "agrees": "1"}
    for missing in ("answer_1", "agrees", "agreed_version"):
        answer = browser.post(path, data={name: value for name, value in form.items() if name != missing})
        assert answer.status_code == 422
        assert f'id="{missing}-error"' in answer.get_data(as_text=True)
        assert "Verge watches." in words(answer) or missing == "answer_1"
    answer = browser.post(path, data=form, follow_redirects=True)
    assert "Your application waits for an officer" in words(answer)
    assert browser.post(path, data=form).status_code == 302
    assert len(queries.applications(group.id)) == 1
    answer = browser.post(f"{path}/withdraw", follow_redirects=True)
    assert "Ask to join" in words(answer)
    assert browser.post(f"{path}/withdraw").status_code == 409


def test_an_open_group_lets_him_in_at_once(app, client_of):
    group = a_group(join_policy=JoinPolicy.OPEN)
    answer = client_of(a_person()).post(
        f"/g/{group.slug}/join", data={"agreed_version": "1", "agrees": "1"}, follow_redirects=True
    )
    assert "You are a member of Lindengasse Antiques" in words(answer)


def test_a_full_group_says_so(app, client_of):
    group = a_group(most_members=1, join_policy=JoinPolicy.OPEN)
    browser = client_of(a_person())
    assert "The group is full: 1 members" in words(browser.get(f"/g/{group.slug}"))
    browser.post(f"/g/{group.slug}/join", data={"agreed_version": "1", "agrees": "1"})
    assert "Your application is kept until somebody leaves" in words(browser.get(f"/g/{group.slug}"))


@pytest.mark.parametrize("text", WRONG_TEXTS)
def test_no_answer_breaks_the_application(app, client_of, text):
    group = a_group(questions=("Why?",))
    browser = client_of(a_person())
    for field in ("answer_1", "agreed_version", "agrees"):
        form = {"answer_1": "So.", "agreed_version": "1", "agrees": "1", field: text}
        assert browser.post(f"/g/{group.slug}/join", data=form).status_code in {302, 422}


# ---- deciding ----


def test_a_moderator_reads_and_takes_in(app, client_of):
    cast = a_cast()
    browser = client_of(cast.moderator)
    path = f"/g/{cast.slug}/applications/{queries.applications(cast.group.id)[0].id}"
    assert "Paula asks to join" in words(browser.get(path))
    assert browser.post(path, data={"decision": "accept"}).status_code == 302
    assert queries.membership(cast.group.id, cast.applicant.id) is not None
    again = browser.post(path, data={"decision": "refuse", "reason": "No."})
    assert again.status_code == 422
    assert "decided already" in words(again)
    assert "Accepted by" in words(again)


def test_a_refusal_needs_a_reason_that_the_applicant_reads(app, client_of):
    cast = a_cast()
    browser = client_of(cast.moderator)
    application = queries.applications(cast.group.id)[0].id
    path = f"/g/{cast.slug}/applications/{application}"
    answer = browser.post(path, data={"decision": "refuse", "reason": ""})
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.get_data(as_text=True)
    browser.post(path, data={"decision": "refuse", "reason": "Nobody <b>knows</b> you."})
    assert queries.application(application).state == Answer.REFUSED
    page = client_of(cast.applicant).get(f"/g/{cast.slug}")
    assert "Nobody <b>knows</b> you." in words(page)
    assert "You may ask again from" in words(page)
    assert client_of(cast.applicant).get(f"/g/{cast.slug}/join").status_code == 302


def test_an_application_is_found_under_its_own_group_only(app, client_of):
    cast = a_cast()
    application = queries.applications(cast.group.id)[0].id
    assert client_of(cast.other_owner).get(f"/g/gauge-0-sundays/applications/{application}").status_code == 404
    browser = client_of(cast.owner)
    for number in (0, application + 99, 2**63 - 1, 2**63, 10**30):
        assert browser.get(f"/g/{cast.slug}/applications/{number}").status_code == 404


# ---- members ----


def test_members_are_listed_page_by_page(app, client_of, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    group = a_group()
    names = [a_member(group, name=name).name for name in ("Anna", "Berta", "Carla")]
    browser = client_of(a_member(group, name="Dora"))
    first = browser.get(f"/g/{group.slug}/members")
    assert names[0] in words(first)
    assert names[1] not in words(first)
    after = queries.members(group.id, limit=2)[1].id
    assert f"after={after}" in first.get_data(as_text=True)
    assert "Berta" in words(browser.get(f"/g/{group.slug}/members?after={after}"))


def test_an_owner_gives_a_role(app, client_of):
    cast = a_cast()
    browser = client_of(cast.owner)
    path = f"/g/{cast.slug}/members/{cast.member.id}/role"
    assert browser.post(path, data={"role": "treasurer"}).status_code == 302
    membership = queries.membership(cast.group.id, cast.member.id)
    assert membership is not None
    assert membership.role == Role.TREASURER
    assert browser.post(path, data={"role": "emperor"}).status_code == 422
    own = browser.post(f"/g/{cast.slug}/members/{cast.owner.id}/role", data={"role": "member"})
    assert own.status_code == 422
    assert "A group needs an owner" in words(own)
    assert browser.post(f"/g/{cast.slug}/members/{cast.outsider.id}/role", data={"role": "owner"}).status_code == 404


@pytest.mark.parametrize("how", [{"fresh": False}, {"second_factor": False}])
def test_a_stolen_password_gives_no_role_and_closes_no_group(app, client_of, how):
    cast = a_cast()
    browser = client_of(cast.owner, **how)
    pages = {f"/g/{cast.slug}/members/{cast.member.id}/role": "Give this role", f"/g/{cast.slug}/close": "for good"}
    for path, button in pages.items():
        page = words(browser.get(path))
        assert button not in page
        assert "This wants a code of your second factor" in page
        assert browser.post(path, data={"role": "owner"}).status_code == 302
    assert len(queries.officers(cast.group.id, (Role.OWNER,))) == 1
    assert not queries.group(cast.group.id).is_closed


def test_an_owner_without_a_second_factor_is_led_to_set_one_up_and_comes_back(app, client_of):
    owner = a_person()
    path = f"/g/{a_group(owner).slug}/close"
    browser = client_of(owner)
    way = re.search(r'href="(/settings/second-factor/prove[^"]*)"', browser.get(path).text)
    assert way
    answer = browser.get(html.unescape(way[1]), follow_redirects=True)
    assert answer.request.path == "/settings/second-factor"
    assert "For this you need a second factor" in words(answer)
    with browser.session_transaction() as session:
        assert session["after_second_factor"] == path


def test_a_moderator_removes_a_member_who_then_reads_why(app, client_of):
    cast = a_cast()
    browser = client_of(cast.moderator)
    path = f"/g/{cast.slug}/members/{cast.member.id}/remove"
    assert browser.post(path, data={"reason": " "}).status_code == 422
    assert browser.post(path, data={"reason": "New, sold as old."}).status_code == 302
    assert "New, sold as old." in words(client_of(cast.member).get(f"/g/{cast.slug}"))
    assert client_of(cast.member).get(f"/g/{cast.slug}/members").status_code == 404
    assert browser.post(path, data={"reason": "Again."}).status_code == 404
    assert browser.post(f"/g/{cast.slug}/members/{cast.owner.id}/remove", data={"reason": "?"}).status_code == 403


def test_an_officer_sees_a_members_strikes(app, client_of):
    cast = a_cast()
    service.give_strike(group_id=cast.group.id, person_id=cast.member.id, reason="Did not pay.", order_id=7)
    assert "Did not pay." in words(client_of(cast.moderator).get(f"/g/{cast.slug}/members/{cast.member.id}/role"))


def test_leaving_is_one_button_but_for_the_last_owner(app, client_of):
    cast = a_cast()
    answer = client_of(cast.member).post(f"/g/{cast.slug}/leave", follow_redirects=True)
    assert "You left Lindengasse Antiques" in words(answer)
    answer = client_of(cast.owner).post(f"/g/{cast.slug}/leave")
    assert answer.status_code == 422
    assert "Make another member an owner, or close the group" in words(answer)


# ---- reports ----


def test_a_report_goes_to_the_officers_who_close_it_with_a_note(app, client_of):
    cast = a_cast()
    form = {"subject": f"person:{cast.treasurer.id}", "reason": "Asks for money <i>outside</i>."}
    assert client_of(cast.member).post(f"/g/{cast.slug}/report", data=form).status_code == 302
    browser = client_of(cast.moderator)
    listed = browser.get(f"/g/{cast.slug}/reports")
    assert "Asks for money <i>outside</i>." in words(listed)
    assert cast.treasurer.name in words(listed)
    path = f"/g/{cast.slug}/reports/{queries.open_reports(cast.group.id)[0].id}"
    assert browser.get(path).status_code == 200
    assert browser.post(path, data={"note": ""}).status_code == 422
    assert browser.post(path, data={"note": "We talked to him."}).status_code == 302
    again = browser.post(path, data={"note": "Once more."})
    assert again.status_code == 422
    assert "Another officer has closed this report" in words(again)
    assert "We talked to him." in words(again)


@pytest.mark.parametrize(
    "subject", ["", "lot", "lot:0", "order:1", "lot:1'", "person:99999999999999999999", "lot:\x00", "words:1"]
)
def test_what_cannot_be_reported_is_not_there(app, client_of, subject):
    cast = a_cast()
    browser = client_of(cast.member)
    assert browser.get(f"/g/{cast.slug}/report", query_string={"subject": subject}).status_code == 404
    answer = browser.post(f"/g/{cast.slug}/report", data={"subject": subject, "reason": "?"})
    assert answer.status_code == 404
    assert queries.open_reports(cast.group.id) == []


@pytest.mark.parametrize("subject", ["lot:12", "message:5", "person:123456789", "words:12"])
def test_a_report_on_what_is_gone_still_has_its_page(app, client_of, subject):
    cast = a_cast()
    made = moderation.report(
        by=cast.member.id, group_id=cast.group.id, subject=subject, about_id=cast.outsider.id, reason="?"
    ).id
    assert client_of(cast.moderator).get(f"/g/{cast.slug}/reports/{made}").status_code == 200
    assert client_of(cast.moderator).get(f"/g/{cast.slug}/reports").status_code == 200


def test_a_reported_message_goes_along_and_reporter_and_moderator_read_it(app, client_of):
    cast = a_cast()
    order = an_order(State.HELD, group=cast.group, seller=cast.moderator, buyer=cast.member)
    text = "Pay me past the group,\nit is cheaper."
    message = write_message(order_id=order.id, by=cast.moderator.id, text=text, client_key="key-of-message")
    subject = f"message:{message.id}"
    page = words(client_of(cast.member).get(f"/g/{cast.slug}/report", query_string={"subject": subject}))
    assert "Pay me past the group, it is cheaper. Written by" in page
    assert "read this message with your report" in page
    form = {"subject": subject, "reason": "Look at this."}
    assert client_of(cast.member).post(f"/g/{cast.slug}/report", data=form).status_code == 302
    made = queries.open_reports(cast.group.id)[0]
    assert (made.about_id, made.message, made.written_at) == (cast.moderator.id, text, message.at)
    page = words(client_of(cast.owner).get(f"/g/{cast.slug}/reports/{made.id}"))
    assert f"Pay me past the group, it is cheaper. Written by {cast.moderator.name}" in page
    accused = client_of(cast.moderator)
    assert accused.get(f"/g/{cast.slug}/reports/{made.id}").status_code == 404
    assert "Look at this." not in words(accused.get(f"/g/{cast.slug}/reports"))


def test_a_report_on_a_lot_is_kept_from_its_seller(app, client_of):
    cast = a_cast()
    lot = a_lot(an_item(cast.moderator, cast.group))
    form = {"subject": f"lot:{lot.id}", "reason": "New, sold as old."}
    assert client_of(cast.member).post(f"/g/{cast.slug}/report", data=form).status_code == 302
    made = queries.open_reports(cast.group.id)[0]
    assert made.about_id == cast.moderator.id
    path = f"/g/{cast.slug}/reports/{made.id}"
    assert client_of(cast.moderator).post(path, data={"note": "All is well."}).status_code == 404
    assert client_of(cast.owner).get(path).status_code == 200
