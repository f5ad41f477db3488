"""The first page says what waits for whom, with its deadline and what happens then; the soonest comes first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.auctions import closing
from marketplace.disputes.models import Dispute
from marketplace.escrow import delivery, lapsing, paying, waiting
from marketplace.escrow.order_rules import Action, State
from marketplace.groups import joining, members, queries as groups
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.web import operators, waiting as waiting_count
from marketplace.worker.duties import TIMETABLE
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.disputes import a_dispute, a_moderator, a_part, appeal, ruled, sides_of, under_review
from tests.factories.escrow import an_address, an_order, confirm, rule, treasurer_of
from tests.factories.groups import a_group, a_member
from tests.factories.notifications import a_mail
from tests.factories.statements import statements

pytestmark = pytest.mark.one_database
Browse = Callable[..., FlaskClient]
COUNTED, LAST = waiting_count.counted, waiting_count.last_count


def page(client: FlaskClient, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\u00a0", " ")


def one(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def test_a_stranger_reads_what_earnest_is_and_which_groups_take_members(app: Flask, client: FlaskClient) -> None:
    a_group(name="Lindengasse Antiques", is_listed=True)
    text = page(client)
    assert "held until he confirms receipt" in text
    assert "Lindengasse Antiques" in text


def test_who_has_nothing_to_do_is_told_where_to_begin(app: Flask, client_of: Browse) -> None:
    text = page(client_of(a_person()))
    assert "Nothing waits for you" in text
    assert "Find a group" in text


def test_where_nothing_waits_one_question_finds_that_out(app: Flask) -> None:
    member_id = a_member(a_group()).id
    with app.test_request_context(), statements() as asked:
        assert waiting_count.tasks_of(member_id) == []
    clock_skew, question = asked
    assert "clock_offset" in clock_skew
    assert question.count("EXISTS") > len(waiting_count.SOURCES)


def test_who_asks_to_join_reads_that_they_decide(app: Flask, client_of: Browse) -> None:
    group, paul = a_group(), a_person(name="Paul")
    joining.ask_to_join(by=paul.id, group_id=group.id, answers=[], agreed_version=1)
    assert f"You asked to join {group.name}. Its officers decide" in page(client_of(paul))


@pytest.mark.parametrize(
    ("state", "who", "task", "then"),
    [
        (State.AWAITING_PAYMENT, "buyer", "Pay for ", "you get a strike"),
        (State.TOPPING_UP, "buyer", "Send the rest for ", "sent back to you"),
        (State.HELD, "seller", "Ship ", "may cancel, and is refunded after 7 days in all"),
        (State.SHIPPED, "buyer", "Say when it arrives", "inspection begins"),
        (State.INSPECTING, "buyer", "Inspect ", "is released to"),
        (State.RETURN_DUE, "buyer", "Send back ", "is released to"),
        (State.RETURN_SHIPPED, "seller", "Say when it comes back", "begins by itself"),
        (State.RETURN_RECEIVED, "seller", "Look at what came back", "is refunded to"),
    ],
)
def test_whoever_has_to_act_on_an_order_reads_what_and_until_when(
    app: Flask, client_of: Browse, state: State, who: str, task: str, then: str
) -> None:
    order = an_order(state)
    people = {"buyer": one(order.buyer_id), "seller": one(order.seller_id)}
    other = people["seller" if who == "buyer" else "buyer"]
    text = page(client_of(people[who]))
    assert "One thing waits for you" in text
    assert task in text
    assert then in text
    assert "left" in text
    assert task not in page(client_of(other))


def test_a_seller_ships_before_the_buyer_may_cancel_and_home_sorts_by_that(app: Flask, client_of: Browse) -> None:
    order = an_order(State.HELD)
    buyer, seller = one(order.buyer_id), one(order.seller_id)
    with clock.at(order.since + timedelta(days=2)):
        (wait,) = waiting.waiting_for(seller.id)
        assert isinstance(wait, waiting.OrderWaits)
        assert (wait.until, wait.is_late) == (order.since + timedelta(days=3), False)
        assert waiting.waiting_for(buyer.id) == []
    clock.move(timedelta(days=3, hours=1))
    assert "You may cancel now, and get EUR 142.00 back." in page(client_of(buyer))
    assert "may cancel now. EUR 142.00 is held." in page(client_of(seller))


def test_where_it_goes_back_to_is_asked_of_the_seller_while_he_can_say_it(app: Flask, client_of: Browse) -> None:
    order = an_order(State.DISPUTED)
    rule(order, Action.RETURN_FIRST)
    buyer, seller = one(order.buyer_id), one(order.seller_id)
    assert "Say where it goes back to" in page(client_of(seller))
    assert "Nothing waits for you" in page(client_of(buyer))
    assert "Nothing for you to do yet" in page(client_of(buyer), f"/orders/{order.id}")
    assert "You act now" in page(client_of(seller), f"/orders/{order.id}")
    clock.move(timedelta(days=2, hours=1))
    assert "Nothing waits for you" in page(client_of(seller))
    assert "goes back to Marta Lind" in page(client_of(seller), f"/orders/{order.id}")
    assert "did not say where it goes back to" in page(client_of(buyer), f"/orders/{order.id}")


def test_the_treasurer_reads_how_much_money_waits_for_him(app: Flask, client_of: Browse) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    assert "1 payment to confirm" in page(client_of(treasurer_of(order)))


def test_who_was_outbid_reads_what_to_bid(app: Flask, client_of: Browse) -> None:
    lot = a_lot(opening=500)
    marta = a_member(group=groups.group(lot.group_id), name="Marta")
    a_bid(lot, marta, 1000)
    a_bid(lot, None, 5000)
    text = page(client_of(marta))
    assert f"You have been outbid on lot {lot.number}" in text
    assert "Bid EUR 11.00 or more" in text


def test_who_is_next_in_line_reads_for_what_and_until_when(app: Flask, client_of: Browse) -> None:
    lot = a_lot(opening=500)
    group = groups.group(lot.group_id)
    marta, ferenc = a_member(group, name="Marta"), a_member(group, name="Ferenc")
    a_bid(lot, marta, 1000)
    a_bid(lot, ferenc, 5000)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    clock.move(timedelta(days=4, hours=1))
    lapsing.lapse_due_orders()
    browser = client_of(marta)
    text = page(browser)
    assert f"Lot {lot.number} can be yours for EUR 5.00" in text
    assert "Then it goes on to the next." in text
    assert "can be yours" not in page(client_of(ferenc))
    members.leave_group(by=marta.id, group_id=group.id)
    assert "can be yours" not in page(browser), "she would not see the lot"


def test_a_moderator_without_part_in_it_is_asked_to_rule(app: Flask, client_of: Browse) -> None:
    dispute = under_review()
    moderator = a_moderator(dispute.group_id)
    text = page(client_of(moderator))
    assert "Rule on the dispute about " in text
    assert "Without a ruling: EUR 142.00 goes back to Marta Lind." in text


def test_where_the_code_was_used_home_says_that_silence_releases(app: Flask, client_of: Browse) -> None:
    dispute = under_review(a_dispute(an_order(State.INSPECTING, pick_up=True)))
    moderator = a_moderator(dispute.group_id)
    with unit_of_work():
        db.session.get_one(Dispute, dispute.id).deadline = clock.now() + timedelta(days=4)
    assert "Without a ruling: EUR 132.00 is released to Hedwig Amsel." in page(client_of(moderator))


def test_on_an_appeal_home_says_that_the_first_ruling_stands(app: Flask, client_of: Browse) -> None:
    dispute, _first = ruled(a_part(60_00))
    second = a_moderator(dispute.group_id, name="Second")
    appeal(dispute, sides_of(dispute)[0])
    text = page(client_of(second))
    assert "Without a second ruling the first one stands: EUR 60.00 goes back to Marta Lind" in text


def test_the_soonest_deadline_comes_first(app: Flask, client_of: Browse) -> None:
    first = an_order(State.AWAITING_PAYMENT)
    clock.move(timedelta(days=1))
    an_order(State.AWAITING_PAYMENT, buyer=one(first.buyer_id), group=groups.group(first.group_id))
    queue = client_of(one(first.buyer_id)).get("/").text
    orders = [int(number) for number in re.findall(r'<h2><a href="/orders/(\d+)"', queue)]
    assert orders[0] == first.id
    assert len(orders) == 2


def test_the_count_beside_waiting_is_the_length_of_the_queue(app: Flask, client_of: Browse) -> None:
    order = an_order(State.INSPECTING)
    browser = client_of(one(order.buyer_id))
    assert browser.get("/").text.count('<ol class="queue">') == 1
    assert '<span class="count">1</span>' in browser.get("/settings").text


def test_the_count_is_kept_for_a_while_but_not_beyond_ones_own_deeds(
    app: Flask, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_count, "counted", COUNTED)
    COUNTED.cache.clear()
    lot = a_lot()
    marta = a_member(groups.group(lot.group_id))
    a_bid(lot, marta, 900)
    a_bid(lot, maximum=2000)
    phone, laptop = client_of(marta), client_of(marta)
    for each in (phone, laptop):
        assert '<span class="count">1</span>' in each.get("/settings").text
    bid = {"maximum": "50", "client_key": "key-of-the-form-on-the-phone", "confirmed": "y"}
    assert phone.post(f"/g/{groups.group(lot.group_id).slug}/lots/{lot.number}/bid", data=bid).status_code == 302
    assert '<span class="count">' not in phone.get("/settings").text
    assert '<span class="count">1</span>' in laptop.get("/settings").text
    assert '<span class="count">' not in laptop.get("/").text


def test_a_form_that_comes_back_counts_nothing_anew(
    app: Flask, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has changed nothing; in the last seconds of an auction its reader wants it at once."""
    lot = a_lot(opening=500)
    marta = a_member(groups.group(lot.group_id))
    browser, where = client_of(marta), f"/g/{groups.group(lot.group_id).slug}/lots/{lot.number}"
    for maximum in (900, 2000):
        a_bid(lot, marta if maximum == 900 else None, maximum)
    monkeypatch.setattr(waiting_count, "last_count", LAST)
    assert '<span class="count">1</span>' in browser.get(where).text
    with monkeypatch.context() as once:
        once.setattr(waiting_count, "counted", lambda *_asked: pytest.fail("it was counted"))
        refused = browser.post(f"{where}/bid", data={"maximum": "6", "client_key": "key-of-the-form", "confirmed": "y"})
    assert refused.status_code == 422
    assert '<span class="count">1</span>' in refused.text


def test_who_paid_before_he_said_where_it_goes_is_asked_to(app: Flask, client_of: Browse) -> None:
    order = an_order(State.AWAITING_PAYMENT)
    confirm(order)
    browser = client_of(one(order.buyer_id))
    text = page(browser)
    assert "Say where it goes: Bow porcelain teapot" in text
    assert "Then it cannot be shipped, and is refunded to you." in text
    assert "You say where it goes" in page(browser, f"/orders/{order.id}")
    delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id))
    assert "where it goes" not in page(browser)


def test_a_buyer_sees_that_his_seller_would_call_it_off(app: Flask, client_of: Browse) -> None:
    order = an_order(State.AWAITING_PAYMENT)
    assert "call it off" not in page(client_of(one(order.buyer_id)), "/")
    paying.propose_cancel(order_id=order.id, by=order.seller_id)
    text = page(client_of(one(order.buyer_id)), "/")
    assert "Hedwig Amsel proposes to call it off: Bow porcelain teapot" in text
    assert "Agree, and nobody gets a strike" in text


def test_operators_see_the_orders_whose_money_nobody_can_confirm(app: Flask, client_of: Browse) -> None:
    owner = a_person("Olga")
    order = an_order(State.PAYMENT_CLAIMED, group=a_group(owner), buyer=owner)
    text = page(client_of(a_person(name="Nora", is_operator=True)), "/operator")
    assert "Nobody can confirm this money" in text and f"Order {order.id} " in text


def test_operators_see_what_is_late_and_nobody_else_knows_of_the_page(app: Flask, client_of: Browse) -> None:
    operator = a_person(name="Nora", is_operator=True)
    lot = a_lot()
    clock.move(timedelta(days=40))
    text = page(client_of(operator), "/operator")
    assert f"Lot {lot.id} " in text
    assert "Lots to end 1 1" in text
    assert "Disputes to remind of 0 0" in text
    assert "No worker has ever run" in text
    owner = a_member(group=a_group(), role=Role.OWNER, name="Leopold")
    assert client_of(owner).get("/operator").status_code == 404
    assert app.test_client().get("/operator").status_code == 302


def test_an_operator_sends_a_parked_mail_again(app: Flask, client_of: Browse) -> None:
    operator = a_person(name="Nora", is_operator=True)
    mail_id = a_mail()
    browser = client_of(operator)
    assert browser.post(f"/operator/mails/{mail_id}/again").status_code == 404, "it is not parked"


def test_every_duty_that_can_be_late_stands_on_the_operators_page() -> None:
    never_late = ("forget ", "find ", "look up ")
    assert len(operators.BACKLOGS) == sum(not duty.name.startswith(never_late) for duty in TIMETABLE)
