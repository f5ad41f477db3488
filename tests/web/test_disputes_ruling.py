"""Ruling in two steps, appealing, passing on, and agreeing on who rules, in pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.disputes import answering, queries, ruling
from marketplace.disputes.dispute_rules import State
from marketplace.disputes.finding import case
from marketplace.disputes.models import Dispute
from marketplace.disputes.rulers import rulers_of
from marketplace.escrow import messages
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person
from tests.factories.disputes import (
    RETURN_FIRST,
    a_dispute,
    a_moderator,
    a_part,
    contest,
    contest_return,
    fresh,
    order_of,
    ruled,
    sides_of,
    under_review,
)
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import an_open_deal
from tests.factories.statements import statements

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]
RULING = {"outcome": "split", "part": "60.00", "words": "B1 shows **it**.", "client_key": "a-key-of-a-ruling"}


def page_of(dispute: Dispute, deed: str = "") -> str:
    return f"/disputes/{dispute.id}{deed}"


def begun_now(dispute: Dispute) -> Dispute:
    """Its state began this moment by the clock on the wall: a request does not hear what time a test was told."""
    with unit_of_work():
        row = db.session.get_one(Dispute, dispute.id)
        assert row.deadline
        row.since, row.deadline = clock.now(), clock.now() + (row.deadline - row.since)
    return fresh(dispute)


@pytest.fixture
def due(app: Flask) -> tuple[Dispute, Person]:
    """A dispute on which a moderator has to rule."""
    dispute = begun_now(under_review())
    return dispute, a_moderator(dispute.group_id)


def test_a_ruling_is_read_before_it_is_final(due: tuple[Dispute, Person], client_of: ClientOf) -> None:
    dispute, moderator = due
    browser = client_of(moderator)
    page = browser.get(page_of(dispute)).text
    assert "Your ruling is due in" in page and "Read the ruling before it is final" in page
    assert "You rule as moderator: you have neither bid on the lot nor traded" in page
    checked = browser.post(page_of(dispute, "/ruling/check"), data=RULING)
    assert checked.status_code == 200
    for part in ("60.00", "78.19", "3.81", "142.00"):
        assert f'<data value="{part}">' in checked.text
    assert "B1 shows <strong>it</strong>." in checked.text
    assert fresh(dispute).state == State.UNDER_REVIEW, "nothing is final yet"
    assert browser.post(page_of(dispute, "/ruling"), data=RULING).status_code == 302
    assert fresh(dispute).state == State.RULED
    assert "You have ruled." in browser.get(page_of(dispute)).text


def test_a_ruling_can_be_changed_before_it_is_final(due: tuple[Dispute, Person], client_of: ClientOf) -> None:
    dispute, moderator = due
    answer = client_of(moderator).post(page_of(dispute, "/ruling/check"), data={**RULING, "step": "change"})
    assert answer.status_code == 200
    assert 'value="60.00"' in answer.text and "B1 shows **it**." in answer.text
    assert 'value="split" checked' in answer.text
    assert fresh(dispute).state == State.UNDER_REVIEW


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"part": "260.00"}, "part"),
        ({"part": ""}, "part"),
        ({"part": "-1"}, "part"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "burn"}, "outcome"),
        ({"words": ""}, "words"),
        ({"words": "x" * 100_000}, "words"),
        ({"words": "\x00"}, "words"),
    ],
)
@pytest.mark.parametrize("step", ["/ruling/check", "/ruling"])
def test_a_ruling_that_is_wrong_comes_again_with_what_was_typed(
    due: tuple[Dispute, Person], client_of: ClientOf, step: str, changed: dict[str, str], field: str
) -> None:
    dispute, moderator = due
    answer = client_of(moderator).post(page_of(dispute, step), data={**RULING, **changed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh(dispute).state == State.UNDER_REVIEW


def test_more_than_is_held_says_how_much_there_is(due: tuple[Dispute, Person], client_of: ClientOf) -> None:
    dispute, moderator = due
    answer = client_of(moderator).post(page_of(dispute, "/ruling/check"), data={**RULING, "part": "260.00"})
    assert "EUR\u00a0142.00 is held." in answer.text and 'value="260.00"' in answer.text


def test_a_ruling_sent_twice_is_one(due: tuple[Dispute, Person], client_of: ClientOf) -> None:
    dispute, moderator = due
    for _click in range(2):
        assert client_of(moderator).post(page_of(dispute, "/ruling"), data=RULING).status_code == 302
    other = a_moderator(dispute.group_id, name="Second")
    late = client_of(other).post(page_of(dispute, "/ruling"), data={**RULING, "client_key": "another-key"})
    assert late.status_code == 422 and "The dispute has moved on" in late.text


def test_nobody_else_rules(due: tuple[Dispute, Person], client_of: ClientOf, client: FlaskClient) -> None:
    dispute, _moderator = due
    for deed in ("/ruling/check", "/ruling"):
        assert client.post(page_of(dispute, deed), data=RULING).status_code == 302
        for side in sides_of(dispute):
            assert client_of(side).post(page_of(dispute, deed), data=RULING).status_code == 403
        for stranger in (a_person(), a_moderator(a_group()), a_member(db.session.get_one(Group, dispute.group_id))):
            assert client_of(stranger).post(page_of(dispute, deed), data=RULING).status_code == 404
    assert fresh(dispute).state == State.UNDER_REVIEW


def test_whoever_rules_reads_what_the_two_wrote_to_each_other(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    moderator = a_moderator(dispute.group_id)
    order = order_of(dispute)
    messages.write_message(order_id=order.id, by=order.buyer_id, text="It smells of paint.", client_key="message-1")
    assert "It smells of paint." in client_of(moderator).get(page_of(dispute)).text


def test_a_conflict_is_said_in_one_click_and_the_case_is_gone(due: tuple[Dispute, Person], client_of: ClientOf) -> None:
    dispute, moderator = due
    browser = client_of(moderator)
    slug = db.session.get_one(Group, dispute.group_id).slug
    assert browser.post(page_of(dispute, "/pass-on")).location == f"/g/{slug}/disputes"
    assert "The case is passed on." in browser.get(f"/g/{slug}/disputes").text
    assert browser.get(page_of(dispute)).status_code == 404
    assert client_of(sides_of(dispute)[0]).post(page_of(dispute, "/pass-on")).status_code == 403
    assert client_of(a_person()).post(page_of(dispute, "/pass-on")).status_code == 404


# ---- appeal ----


def test_a_side_appeals_and_says_why(app: Flask, client_of: ClientOf) -> None:
    dispute, first = ruled()
    dispute = begun_now(dispute)
    seller = client_of(sides_of(dispute)[1])
    page = seller.get(page_of(dispute)).text
    assert "Mo Moderator finds:" in page and "Appeal: let somebody else rule" in page
    silent = seller.post(page_of(dispute, "/appeal"), data={"words": "", "client_key": "key-of-appeal"})
    assert silent.status_code == 422
    lodged = seller.post(page_of(dispute, "/appeal"), data={"words": "S1.", "client_key": "key-of-appeal"})
    assert lodged.status_code == 302
    assert fresh(dispute).state == State.APPEALED
    assert client_of(first).get(page_of(dispute)).status_code == 200
    assert client_of(first).post(page_of(dispute, "/ruling"), data=RULING).status_code == 403


def test_only_a_side_appeals(app: Flask, client_of: ClientOf) -> None:
    dispute, first = ruled()
    data = {"words": "S1.", "client_key": "key-of-appeal"}
    assert client_of(first).post(page_of(dispute, "/appeal"), data=data).status_code == 403
    assert client_of(a_person()).post(page_of(dispute, "/appeal"), data=data).status_code == 404


def test_after_the_time_to_appeal_the_page_says_when_it_is_carried_out(app: Flask, client_of: ClientOf) -> None:
    dispute, _first = ruled()
    with unit_of_work():
        row = db.session.get_one(Dispute, dispute.id)
        row.since, row.deadline = clock.now() - timedelta(days=4), clock.now() + timedelta(days=1)
    page = client_of(sides_of(dispute)[1]).get(page_of(dispute)).text
    assert "The ruling is carried out in" in page and "Nobody can appeal any more." in page
    assert "Appeal: let somebody else rule" not in page


# ---- agreeing on a member ----


@pytest.fixture
def lonely(app: Flask) -> tuple[Dispute, Person, Person, Person]:
    """A dispute on which no officer may rule: its buyer, its seller, and somebody whom both might trust."""
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    neutral = a_member(group, name="Nora Neutral")
    dispute = a_dispute(group=group, seller=owner)
    buyer, seller = sides_of(dispute)
    for person_id in rulers_of(case(dispute.id), now=clock.now()):
        an_open_deal(group, buyer=buyer, seller=db.session.get_one(Person, person_id))
    return begun_now(under_review(dispute)), buyer, seller, neutral


def test_two_agree_on_a_member_and_he_rules(
    lonely: tuple[Dispute, Person, Person, Person], client_of: ClientOf
) -> None:
    dispute, buyer, seller, neutral = lonely
    page = client_of(buyer).get(page_of(dispute)).text
    assert "Who rules?" in page and "Nora Neutral" in page and "If you do not agree on anybody" in page
    proposed = client_of(buyer).post(page_of(dispute, "/rulers"), data={"person_id": neutral.id})
    assert proposed.status_code == 302
    assert client_of(neutral).get(page_of(dispute)).status_code == 404
    assert "Let Nora Neutral rule" in client_of(seller).get(page_of(dispute)).text
    accepted = client_of(seller).post(page_of(dispute, "/rulers/accept"), data={"person_id": neutral.id})
    assert accepted.status_code == 302
    page = client_of(neutral).get(page_of(dispute)).text
    assert "No officer is free to rule, and both sides accepted you" in page
    assert '/disputes">' not in page.split("</nav>")[-1], "a member has no list of disputes to go back to"
    assert client_of(neutral).post(page_of(dispute, "/ruling"), data=RULING).status_code == 302
    assert fresh(dispute).state == State.RULED


@pytest.mark.parametrize("number", ["", "0", "-1", "x", str(2**63), "\x00"])
def test_nonsense_is_nobody(lonely: tuple[Dispute, Person, Person, Person], client_of: ClientOf, number: str) -> None:
    dispute, buyer, _seller, _neutral = lonely
    for deed in ("/rulers", "/rulers/accept"):
        answer = client_of(buyer).post(page_of(dispute, deed), data={"person_id": number})
        assert answer.status_code == 422
    assert fresh(dispute).proposed_ruler_id is None


def test_neither_side_is_offered(lonely: tuple[Dispute, Person, Person, Person], client_of: ClientOf) -> None:
    dispute, buyer, seller, _neutral = lonely
    page = client_of(buyer).get(page_of(dispute)).text
    for person in (buyer, seller):
        assert f'<option value="{person.id}"' not in page
        answer = client_of(buyer).post(page_of(dispute, "/rulers"), data={"person_id": person.id})
        assert answer.status_code == 422 and "This member cannot rule on it." in answer.text


# ---- the queue ----


def test_the_queue_holds_what_one_may_rule_on_and_nothing_else(
    due: tuple[Dispute, Person], client_of: ClientOf
) -> None:
    dispute, moderator = due
    group = db.session.get_one(Group, dispute.group_id)
    coming = a_dispute(group=group)
    closed_to_him = a_dispute(group=group)
    an_open_deal(group, buyer=sides_of(closed_to_him)[0], seller=moderator)
    page = client_of(moderator).get(f"/g/{group.slug}/disputes").text
    assert page.index("A ruling is due") < page.index(page_of(dispute)) < page.index("The two sides have the word")
    assert page_of(coming) in page
    assert f'"{page_of(closed_to_him)}"' not in page


def test_the_queue_is_for_officers(due: tuple[Dispute, Person], client_of: ClientOf, client: FlaskClient) -> None:
    group = db.session.get_one(Group, due[0].group_id)
    path = f"/g/{group.slug}/disputes"
    assert client.get(path).status_code == 302
    assert client_of(a_member(group)).get(path).status_code == 403
    assert client_of(a_person()).get(path).status_code == 404
    assert client_of(due[1]).get(f"{path}?after=9{'9' * 30}").status_code == 200


def test_the_queue_goes_on_after_a_page(due: tuple[Dispute, Person]) -> None:
    dispute, moderator = due
    group = db.session.get_one(Group, dispute.group_id)
    numbers = {dispute.id, *(a_dispute(group=group).id for _more in range(2))}
    db.session.rollback()
    seen, after = [], None
    for _page in range(3):
        found, after = queries.open_for_ruling(group.id, moderator.id, after=after, limit=1)
        seen += [each.dispute.id for each in found]
    assert set(seen) == numbers and after is None


def test_the_queue_asks_as_much_of_the_database_however_long_it_is(
    due: tuple[Dispute, Person], client_of: ClientOf
) -> None:
    dispute, moderator = due
    group = db.session.get_one(Group, dispute.group_id)
    browser, path = client_of(moderator), f"/g/{group.slug}/disputes"
    browser.get(path)
    with statements() as short:
        browser.get(path)
    for _more in range(3):
        a_dispute(group=group)
    with statements() as long:
        browser.get(path)
    assert len(short) == len(long)


# ---- a ruling moves money ----


@pytest.mark.parametrize("step", ["/ruling/check", "/ruling"])
def test_an_officer_rules_only_with_a_fresh_second_factor_and_loses_nothing(
    due: tuple[Dispute, Person], client_of: ClientOf, step: str
) -> None:
    dispute, moderator = due
    plain = a_member(db.session.get_one(Group, dispute.group_id), Role.MODERATOR, name="Plain")
    for browser in (client_of(moderator, second_factor=False), client_of(plain)):
        page = browser.get(page_of(dispute)).text
        assert "A ruling moves money." in page and "Read the ruling before it is final" not in page
        answer = browser.post(page_of(dispute, step), data=RULING)
        assert answer.status_code == 422
        assert "B1 shows **it**." in answer.text and 'value="60.00"' in answer.text and "Do you rule" not in answer.text
        assert "/settings/second-factor" in browser.get(page_of(dispute, "/ruling")).location
    assert fresh(dispute).state == State.UNDER_REVIEW
    assert client_of(moderator).get(page_of(dispute, "/ruling")).location.endswith(f"{page_of(dispute)}#rule-h")


def test_the_member_whom_both_accepted_needs_no_second_factor(app: Flask, client_of: ClientOf) -> None:
    dispute = under_review()
    for person_id in rulers_of(case(dispute.id), now=dispute.since):
        with clock.at(dispute.since):
            ruling.pass_on(dispute_id=dispute.id, by=person_id)
    neutral = a_member(db.session.get_one(Group, dispute.group_id), name="Nora Neutral")
    with unit_of_work():
        db.session.get_one(Dispute, dispute.id).accepted_ruler_id = neutral.id
    dispute = begun_now(dispute)
    browser = client_of(neutral)
    assert "Read the ruling before it is final" in browser.get(page_of(dispute)).text
    assert browser.post(page_of(dispute, "/ruling"), data=RULING).status_code == 302


# ---- what stands, and what was settled before ----


def test_a_counter_offer_takes_the_place_of_the_offer(app: Flask, client_of: ClientOf) -> None:
    dispute = contest(a_dispute())
    buyer, seller = sides_of(dispute)
    answering.offer(dispute_id=dispute.id, by=seller.id, remedy=a_part(40_00), words="")
    assert "takes the place of what Hedwig Amsel offers" in client_of(buyer).get(page_of(dispute)).text
    answering.offer(dispute_id=dispute.id, by=buyer.id, remedy=a_part(90_00), words="")
    page = client_of(seller).get(page_of(dispute)).text
    assert "Offered before" in page and "replaced by the buyer’s offer" in page
    assert "Would settle for" in page


def test_whoever_reviews_a_return_reads_how_it_was_settled(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute(asked=RETURN_FIRST)
    answering.accept(dispute_id=dispute.id, by=sides_of(dispute)[1].id)
    moderator = a_moderator(dispute.group_id)
    page = client_of(moderator).get(page_of(contest_return(dispute))).text
    assert "nothing yet" not in page
    assert "Before it came back" in page and "They agreed. return first" in page


def test_after_an_offer_the_seller_is_not_asked_to_answer_again(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    seller = sides_of(dispute)[1]
    assert "If you say nothing by" in client_of(seller).get(page_of(dispute)).text
    answering.offer(dispute_id=dispute.id, by=seller.id, remedy=a_part(), words="")
    page = client_of(seller).get(page_of(dispute)).text
    assert "If you say nothing by" not in page and "says nothing by then" not in page
    assert "Then there are 3 days to agree" in page
