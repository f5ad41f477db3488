"""What Stripe's own books say is held against ours, after whatever course an order took: nothing is left to explain.
Then one thing is changed behind our back, and just that is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st

from marketplace.escrow import shipping
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, State
from marketplace.escrow.processor_proving import processor_findings
from marketplace.escrow.proving import held_findings
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import EarnestError
from marketplace.ledger import audit, queries as books
from marketplace.ledger.rules import receivable
from marketplace.payments import incoming, queries as movements, reconciling, service as payments
from marketplace.payments.line_rules import Named, What
from marketplace.payments.reconcile_models import ProcessorLine, ProcessorRead, Reconciliation
from marketplace.payments.rules import Kind, State as MovementState
from marketplace.playmoney import accounts, charges, checkout, disputes, transfers
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.till import Thing
from tests.factories.accounts import a_person
from tests.factories.escrow import dispute, fresh, receive, release, rule, ship
from tests.factories.stripe import hear, now_of, reconciled, stripe_at
from tests.journeys.test_paid_by_card import an_order_by_card, begin, pay, pay_other_orders, state, work

LATER = timedelta(hours=3)


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        pay_other_orders(here)
        yield here


def found(*, is_full: bool = True) -> list[tuple[str, str]]:
    return [(each.what, each.about) for each in reconciled(is_full=is_full)]


def a_split_order(stripe: StandIn) -> Order:
    """Its buyer has a part back, its seller the rest."""
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    dispute(order)
    rule(order, Action.DIVIDE, 42_00)
    work(stripe)
    assert state(order) == State.CLOSED
    return order


def line_of(stripe: StandIn, category: str) -> Thing:
    return stripe.till.all("balance_transaction", reporting_category=category)[0]


def run() -> Reconciliation:
    found = reconciling.last_run()
    assert found is not None
    return found


# ---- nothing is left to explain ----


def test_what_explains_the_balance_is_named(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    other = an_order_by_card(stripe)
    pay(other, stripe)
    disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    stripe.till.book("payout", -50_00, "eur", "po_1")
    stripe.till.book("stripe_fee", -2_00, "eur", "fee_1", category="fee")
    hear(stripe)
    assert found() == []
    assert [(each.named, each.amount.minor, each.times) for each in run().explanations()] == [
        (Named.OPEN_CHARGEBACK, -142_00, 1), (Named.THEIR_OWN, -2_00, 1), (Named.TO_THE_BANK, 50_00, 2),
    ]  # fmt: skip


def test_held_money_that_was_paid_out_to_the_platform_is_an_alarm_until_it_is_back(app: Flask, stripe: StandIn) -> None:
    """As automatic payouts would do it."""
    pay(an_order_by_card(stripe), stripe)
    stripe.till.book("payout", -130_00, "eur", "po_1")
    assert found() == [(What.COVER, "EUR")]
    (alarm,) = reconciling.discrepancies()
    assert alarm.ours is not None and alarm.theirs is not None
    assert (alarm.ours - alarm.theirs).minor == 30_00, "a hundred was topped up"
    stripe.till.book("topup", 30_00, "eur", "tu_9")
    assert found() == []


def test_what_is_young_is_no_alarm(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    session = now_of(begin(order))
    checkout.pay(stripe.till, str(session.session_id))
    reconciling.reconcile()
    assert reconciling.discrepancies() == []
    assert [each.named for each in run().explanations()] == [Named.NOT_HEARD, Named.TO_THE_BANK]
    assert found() == [(What.UNHEARD, stripe.till.all("charge")[0]["id"])], "hours later it is one"
    hear(stripe)
    assert found() == []


def test_a_night_reads_only_what_is_new(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    assert found(is_full=False) == []
    assert run().is_full, "the first time all of it"
    stripe.door.log.clear()
    pay(an_order_by_card(stripe), stripe)
    with clock.at(clock.now() + timedelta(days=3)):
        days_later = clock.now().timestamp()
        stripe.till.clock = lambda: days_later
        pay(an_order_by_card(stripe), stripe)
        assert found(is_full=False) == []
    assert not run().is_full
    lines = len(stripe.till.all("balance_transaction"))
    assert run().line_count == lines == db.session.query(ProcessorLine).count()


def test_what_was_missed_is_read_when_the_balance_does_not_agree(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    assert found(is_full=False) == []
    line_of(stripe, "charge")["created"] -= 10 * 24 * 3600
    with unit_of_work():
        db.session.execute(db.delete(ProcessorLine).where(ProcessorLine.category == "charge"))
    assert found(is_full=False) == []
    assert run().is_full


STEPS: dict[str, Callable[[StandIn, Order], object]] = {
    "pays": lambda here, order: pay(order, here),
    "pays by bank debit": lambda here, order: pay(order, here, card=checkout.BANK_DEBIT),
    "begins": lambda here, order: begin(order),
    "pays what is open": lambda here, order: [
        checkout.pay(here.till, each["id"]) for each in here.till.all("checkout.session", status="open")
    ],
    "the debit comes": lambda here, order: checkout.settle(here.till, here.till.all("checkout.session")[0]["id"]),
    "ships": lambda here, order: ship(order),
    "receives": lambda here, order: receive(order),
    "releases": lambda here, order: release(order),
    "disputes": lambda here, order: dispute(order),
    "ruled back": lambda here, order: rule(order, Action.REFUND),
    "divided": lambda here, order: rule(order, Action.DIVIDE, 42_00),
    "cancels": lambda here, order: shipping.cancel(order_id=order.id, by=order.seller_id),
    "asked back": lambda here, order: disputes.open_(here.till, here.till.all("charge")[0]["id"]),
    "inquired": lambda here, order: disputes.open_(here.till, here.till.all("charge")[0]["id"], is_inquiry=True),
    "won": lambda here, order: disputes.decide(here.till, here.till.all("dispute")[0]["id"], "won"),
    "lost": lambda here, order: disputes.decide(here.till, here.till.all("dispute")[0]["id"], "lost"),
    "little is there": lambda here, order: setattr(here.till, "settles_after", 10**6),
    "the refund comes back": lambda here, order: charges.fail_refund(here.till, here.till.all("refund")[0]["id"]),
    "the refund goes": lambda here, order: _settles(here),
    "the seller is restricted": lambda here, order: accounts.become(
        here.till, here.till.all("account")[0]["id"], wanted=["external_account"]
    ),
    "the seller is free": lambda here, order: accounts.become(here.till, here.till.all("account")[0]["id"]),
    "the seller is paid out": lambda here, order: accounts.pay_out(here.till, here.till.all("account")[0]["id"], "eur"),
    "the worker comes": lambda here, order: work(here),
}


def _settles(here: StandIn) -> None:
    for each in here.till.all("refund", status="pending"):
        charges.settle_refund(here.till, each["id"])


LIKELY = ["pays", "ships", "receives"]
COURSES = st.tuples(st.integers(0, 3), st.lists(st.sampled_from(sorted(STEPS)), max_size=12))


@pytest.mark.one_database
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(course=COURSES)
def test_whatever_course_an_order_takes_nothing_is_left_to_explain(
    app: Flask, stripe: StandIn, course: tuple[int, list[str]]
) -> None:
    """One order after another: what is done to the newest may be done to one of before."""
    stripe.till.settles_after = 0
    pay_other_orders(stripe)
    order = an_order_by_card(stripe)
    for step in (*LIKELY[: course[0]], *course[1]):
        with suppress(EarnestError, Refusal, IndexError):
            STEPS[step](stripe, fresh(order))
        hear(stripe)
    work(stripe)
    assert [each.trouble for each in incoming.parked_events()] == []
    assert [(each.key, str(each.theirs), str(each.ours)) for each in reconciled()] == []
    assert [each.sentence for each in (*audit.findings(), *held_findings(), *processor_findings())] == []


# ---- one thing is changed ----


def _delete_transfer(stripe: StandIn) -> None:
    line = line_of(stripe, "transfer")
    del stripe.till.kept["balance_transaction"][line["id"]], stripe.till.kept["transfer"][line["source"]]


def _change(category: str, **values: Any) -> Callable[[StandIn], None]:
    def change(stripe: StandIn) -> None:
        line = line_of(stripe, category)
        line |= values
        line["net"] = line["amount"] - line["fee"]

    return change


def _strange_refund(stripe: StandIn) -> None:
    charges.refund(stripe.till, {"charge": stripe.till.all("charge")[0]["id"], "amount": 1_00})


def _strange_reversal(stripe: StandIn) -> None:
    transfers.reverse(stripe.till, stripe.till.all("transfer")[0]["id"], {"amount": 1_00})


def _transfer_again(stripe: StandIn) -> None:
    first = stripe.till.all("transfer")[0]
    wanted = ("currency", "destination", "transfer_group", "metadata")
    transfers.create(stripe.till, {**{name: first[name] for name in wanted}, "amount": 10_00})


def _double_line(stripe: StandIn) -> None:
    line = line_of(stripe, "refund")
    stripe.till.book("refund", line["amount"], line["currency"], line["source"])


def _other_order(stripe: StandIn) -> None:
    stripe.till.all("transfer")[0]["transfer_group"] = "order:999"


def _take_money(stripe: StandIn) -> None:
    stripe.till.book("other_adjustment", -7_00, "eur", "adj_1")


def _forget_movement(stripe: StandIn) -> None:
    """Somebody takes a payment out of our own rows; what the books have of it stays."""
    with unit_of_work():
        movement = db.session.query(movements.Movement).filter_by(kind=Kind.PAYOUT).one()
        movement.bank_reference, movement.mark = "tr_forged", "forged"


CHANGES: dict[str, tuple[Callable[[StandIn], None], list[What]]] = {
    "a transfer is deleted there": (_delete_transfer, [What.MISSING]),
    "a fee is changed": (_change("charge", fee=9_99), [What.FEE]),
    "a stranger refunds": (_strange_refund, [What.STRANGER]),
    "a stranger takes a transfer back": (_strange_reversal, [What.STRANGER]),
    "a transfer is made twice": (_transfer_again, [What.TWICE]),
    "a refund is booked twice": (_double_line, [What.TWICE]),
    "an amount is changed": (_change("transfer", amount=-1_00), [What.AMOUNT]),
    "the currency is changed": (_change("transfer", currency="usd"), [What.CURRENCY]),
    "it stands under another order": (_other_order, [What.ORDER]),
    "money is taken": (_take_money, [What.STRANGER]),
    "a reference of ours is forged": (_forget_movement, [What.MISSING, What.STRANGER]),
}


OF_NO_ORDER = {"money is taken"}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_behind_our_back_is_found_and_nothing_else(app: Flask, stripe: StandIn, change: str) -> None:
    order = a_split_order(stripe)
    assert found() == []
    does, expected = CHANGES[change]
    does(stripe)
    first = reconciled()
    assert [each.what for each in first] == expected
    assert [each.what for each in reconciled(is_full=False)] == expected
    expected_order = None if change in OF_NO_ORDER else order.id
    assert {each.order_id for each in first} <= {expected_order, order.id} and first[0].order_id == expected_order


def test_our_books_that_say_something_else_are_found(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    with unit_of_work():
        refund = db.session.query(movements.Movement).filter_by(kind=Kind.REFUND).one()
        refund.state, refund.moved_minor = MovementState.FAILED, None
    assert [what for what, _ in found()] == [What.AMOUNT, What.BALANCE]


def test_a_balance_that_is_not_what_is_listed_is_found(
    app: Flask, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_split_order(stripe)
    monkeypatch.setattr(stripe.till, "balance", lambda: ({"eur": 1_00}, {}))
    assert found() == [(What.LIST, "EUR")]


# ---- what was given up, and what is under way ----


def test_a_transfer_that_was_made_though_it_was_withdrawn_is_an_alarm(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    (payout,) = [each for each in movements.of_order(order.id) if each.kind == Kind.PAYOUT]
    made = {
        "amount": payout.amount_minor, "currency": "eur", "destination": next(iter(stripe.till.kept["account"])),
        "metadata": {"movement": payout.gateway_key},
    }  # fmt: skip
    payments.withdraw(movement_id=payout.id, by=None)
    transfer = transfers.create(stripe.till, made)
    hear(stripe)
    (parked,) = incoming.parked_events()
    assert "may be paid twice" in parked.trouble
    assert found() == [(What.WITHDRAWN, transfer["id"])]
    assert reconciling.discrepancies()[0].order_id == order.id


@pytest.mark.parametrize("ends", [charges.settle_refund, charges.fail_refund])
def test_a_refund_that_is_pending_when_its_charge_is_lost_ends_without_a_hole(
    app: Flask, stripe: StandIn, ends: Callable[[Any, str], Thing]
) -> None:
    order = an_order_by_card(stripe)
    stripe.till.settles_after = 10**6
    pay(order, stripe)
    shipping.cancel(order_id=order.id, by=order.seller_id)
    work(stripe)
    (refund,) = stripe.till.all("refund", status="pending")
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    hear(stripe)
    assert (state(order), found()) == (State.CHARGEBACK, [])
    disputes.decide(stripe.till, opened["id"], "lost")
    work(stripe)
    assert (state(order), found()) == (State.CLOSED, [])
    ends(stripe.till, refund["id"])
    work(stripe)
    assert (state(order), found(), incoming.parked_events()) == (State.CLOSED, [], [])
    owes = books.balance(receivable(order.group_id, order.buyer_id), "EUR").minor
    assert owes == (142_00 if ends is charges.settle_refund else 0)
    assert [each.sentence for each in (*audit.findings(), *held_findings(), *processor_findings())] == []
    if ends is charges.settle_refund:
        charges.fail_refund(stripe.till, refund["id"])
        work(stripe)
        assert books.balance(receivable(order.group_id, order.buyer_id), "EUR").minor == 0
        assert (fresh(order).owed_buyer_minor, found()) == (0, [])


# ---- the run itself ----


def test_a_finding_is_one_alarm_with_since_until_it_is_explained_or_gone(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    _strange_refund(stripe)
    (first,) = reconciled()
    since, number, operator = first.since, first.id, a_person(is_operator=True)
    with clock.at(clock.now() + timedelta(days=1)):
        (again,) = reconciled(is_full=False)
        assert (again.since, again.id, again.explained_at) == (since, number, None)
        reconciling.explain(discrepancy_id=number, by=operator.id, note="A gift of ours.")
        (explained,) = reconciled()
        assert (explained.note, explained.explained_by, explained.since) == ("A gift of ours.", operator.id, since)
        (line,) = db.session.query(AuditLine).filter_by(what="explain discrepancy")
        assert (line.actor_id, line.subject) == (operator.id, f"discrepancy:{number}")
        with pytest.raises(EarnestError):
            reconciling.explain(discrepancy_id=number, by=operator.id, note="Again.")
    line_of(stripe, "refund")["amount"] = -2_00
    line_of(stripe, "refund")["net"] = -2_00
    (other,) = reconciled()
    assert other.explained_at is None, "another sum is another alarm"
    del stripe.till.kept["balance_transaction"][line_of(stripe, "refund")["id"]]
    assert reconciled() == []


def test_what_is_missing_of_a_balance_stays_one_alarm_while_the_balance_moves(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    away = stripe.till.available("eur") - 5_00
    stripe.till.book("payout", -away, "eur", "po_1", category="payout")
    (first,) = reconciled()
    since, number, operator = first.since, first.id, a_person(is_operator=True)
    reconciling.explain(discrepancy_id=number, by=operator.id, note="It comes back on Monday.")
    pay(an_order_by_card(stripe), stripe)
    with clock.at(clock.now() + timedelta(days=1)):
        (again,) = reconciled()
        assert (again.what, again.since, again.note) == (What.COVER, since, "It comes back on Monday.")
        stripe.till.book("payout", -1, "eur", "po_2", category="payout")
        (more,) = reconciled()
        assert (more.id, more.explained_at) == (number, None), "more of it is missing"


def test_a_stripe_that_is_down_is_no_alarm_and_takes_none_back(app: Flask, stripe: StandIn) -> None:
    a_split_order(stripe)
    _strange_refund(stripe)
    assert len(reconciled()) == 1
    stripe.weather.is_down = True
    asked = reconciling.run_of(reconciling.reconcile())
    assert (asked.trouble, asked.through, asked.finding_count) == ("stripe_connect", None, 0)
    assert len(reconciling.discrepancies()) == 1


def test_it_is_done_every_night_and_an_hour_later_where_nobody_could_be_asked(app: Flask, stripe: StandIn) -> None:
    def runs() -> int:
        db.session.rollback()
        return db.session.query(Reconciliation).count()

    stripe.weather.is_down = True
    reconciling.reconcile_when_due()
    reconciling.reconcile_when_due()
    assert runs() == 1
    stripe.weather.is_down = False
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert reconciling.to_reconcile(clock.now()).due == 1
        reconciling.reconcile_when_due()
        reconciling.reconcile_when_due()
        assert runs() == 2
        assert reconciling.to_reconcile(clock.now()) == (0, 0)
        read = db.session.query(ProcessorRead).one()
        assert (read.due_at.hour, read.due_at.minute) == (3, 0)
        night = read.due_at
    with clock.at(night + timedelta(hours=3)):
        assert reconciling.to_reconcile(clock.now()) == (1, 1)
        reconciling.reconcile_when_due()
        assert runs() == 3


def test_where_no_processor_is_there_is_nothing_to_reconcile(app: Flask) -> None:
    assert reconciling.reconcile_when_due() == 0
    assert reconciling.last_run() is None
    done = app.test_cli_runner().invoke(args=["payments", "reconcile"])
    assert (done.exit_code, done.output) == (0, "Nothing is unexplained: 0 of their lines, 0 of our movements.\n")


def test_the_command_says_what_it_found_and_how_it_ends(app: Flask, stripe: StandIn) -> None:
    def says(*args: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["payments", "reconcile", *args])
        return done.exit_code, done.output

    order = a_split_order(stripe)
    status, words = says()
    assert status == 0
    assert "Nothing is unexplained: 4 of their lines, 3 of our movements." in words
    assert "Between the platform’s own bank and there: EUR 100.00 (1)." in words
    _take_money(stripe)
    line_of(stripe, "charge")["fee"] += 1_00
    line_of(stripe, "charge")["net"] -= 1_00
    with clock.at(clock.now() + LATER):
        status, words = says("--all")
        assert status == 1
        assert "Stripe has adj_1, EUR -7.00, and nobody here asked for it. (Since" in words
        assert "kept EUR 3.38, and in our books it is EUR 2.38. (Order" in words
        status, words = says("--json")
    report = json.loads(words)
    assert (status, report["ok"], [each["what"] for each in report["findings"]]) == (1, False, ["fee", "stranger"])
    assert (report["findings"][0]["order_id"], report["findings"][0]["theirs_minor"]) == (order.id, 3_38)
    stripe.weather.is_down = True
    status, words = says()
    assert status == 2
    assert "Stripe could not be asked. Nothing is concluded from that." in words
