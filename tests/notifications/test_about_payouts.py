"""Late payouts: who is written to, in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.notifications import about_payouts
from marketplace.payments.events import PayoutLate
from marketplace.payments.late_rules import LAW, Payout, Stage
from marketplace.payments.rules import Kind, Through
from tests.factories.escrow import an_order
from tests.notifications.letters import all_letters, kinds_told, letters_to


def late(order: Order, stage: Stage, **changes: object) -> PayoutLate:
    """What is the seller's was not paid."""
    since = clock.now() - timedelta(days=6)
    payout = Payout(
        movement_id=1, group_id=order.group_id, order_id=order.id, person_id=order.seller_id,
        purpose=f"order:{order.id}:payout:seller", kind=Kind.PAYOUT, gateway=Through.TREASURER,
        amount=order.money(120_00), since=since, payable_from=None if stage is Stage.FOR_PAYEE else since,
    )  # fmt: skip
    payout = replace(payout, **changes)  # type: ignore[arg-type]
    told = next(clause.told for clause in LAW if clause.stage is stage)
    return PayoutLate(payout, stage, payout.whose, told)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("gateway", list(Through))
def test_every_letter_can_be_written(app: Flask, stage: Stage, gateway: Through) -> None:
    order = an_order(State.PAYING_OUT)
    before = len(all_letters())
    about_payouts.late(late(order, stage, gateway=gateway))
    assert len(all_letters()) > before


def test_officers_read_whom_to_pay_and_what_the_group_will_see(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    owner = groups.group(order.group_id).founded_by
    about_payouts.late(late(order, Stage.LATE))
    letter = letters_to(owner)[-1]
    assert letter.subject == "Late: EUR 120.00 to Hedwig Amsel".replace(" 120", "\u00a0120")
    assert "not paid out within 2 days" in " ".join(letter.body.split()) and "/treasury\n" in letter.body
    about_payouts.late(late(order, Stage.VERY_LATE))
    assert "now see that a payout is late, but not to whom" in " ".join(letters_to(owner)[-1].body.split())


def test_the_same_stage_is_told_once_and_the_next_once_more(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    first, second = late(order, Stage.LATE), late(order, Stage.VERY_LATE)
    second = replace(second, payout=first.payout)
    for fact in (first, first, second, second):
        about_payouts.late(fact)
    assert kinds_told(order.seller_id).count("payout_late_to_you") == 2


def test_of_a_deposit_it_is_said_so(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    about_payouts.late(late(order, Stage.LATE, order_id=None, purpose="deposit:3:payout:5", kind=Kind.REFUND))
    letter = letters_to(order.seller_id)[-1]
    assert "for a deposit" in letter.subject and letter.body.count("/deposit\n") == 1
