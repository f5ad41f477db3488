"""Twenty-four simultaneous clicks are one deed; and of confirming, disputing and the clock, one comes first.

On real web servers and a worker, on both databases.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

from sqlalchemy import select, update

from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action, State
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import payable
from marketplace.playmoney import checkout
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.faults.storm.plan import End, Part, Plan
from tests.faults.storm.reckoning import account_of
from tests.faults.storm.stage import Deal, Stage, a_treasurer, cookie_of, open_deals
from tests.faults.storm.visiting import Answered, Visitor
from tests.faults.storm.weathering import Storm, calm, let_people_act
from tests.house import wait_until

CLICKS = 24
HELD, INSPECTING = End.NEVER_SHIPPED, End.NEVER_CONFIRMED
HAMMER, SHIPPING = 132_00, 10_00
RACES = 24
SOON_SECONDS, BEFORE_AND_AFTER_SECONDS = 3.0, 2.0


def deals_at(stage: Stage, *ends: End) -> list[Deal]:
    """Orders by card, each as far as its end lets it come without the clock."""
    parts = tuple(Part(n, end, checkout.FINE, HAMMER, SHIPPING, 0) for n, end in enumerate(ends))
    storm = Storm(stage, Plan(0, parts, stage.server is not None), open_deals(stage, parts))
    let_people_act(storm, calm())
    return storm.deals


def at_once(*clicks: Callable[[], None]) -> None:
    """Every click in a thread of its own, at the same moment."""
    ready, failures = threading.Barrier(len(clicks)), list[BaseException]()

    def do(click: Callable[[], None]) -> None:
        ready.wait()
        try:
            click()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=do, args=(click,)) for click in clicks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def click(stage: Stage, cookie: str, path: str, button: str, **answers: str) -> None:
    """The same person has the page open twenty-four times, and presses everywhere at once."""
    heard: list[Answered] = []
    visitors = [Visitor(stage.here, cookie, heard) for _each in range(CLICKS)]
    for visitor in visitors:
        visitor.opens(path)
    at_once(*[lambda visitor=visitor: visitor.presses(button, **answers) for visitor in visitors])
    assert {visitor.status for visitor in visitors} <= {HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert [each for each in heard if each.status >= HTTPStatus.INTERNAL_SERVER_ERROR] == []


def times(stage: Stage, order_id: int, action: Action) -> int:
    """How often it was done to the order."""
    lines = select(OrderLine.action).where(OrderLine.order_id == order_id)
    return Counter(stage.ask(lambda: db.session.scalars(lines).all()))[action]


def wait_for(stage: Stage, order_id: int, state: State) -> None:
    query = select(Order.state).where(Order.id == order_id)
    wait_until(lambda: stage.ask(lambda: db.session.scalar(query)) == state, f"{state} of order {order_id}", 120)


def test_confirming_twenty_four_times_pays_the_seller_once(calm_stage: Stage) -> None:
    (deal,) = deals_at(calm_stage, INSPECTING)
    click(calm_stage, deal.cookies["buyer"], f"/orders/{deal.id}", "Confirm receipt and release")
    wait_for(calm_stage, deal.id, State.CLOSED)
    assert times(calm_stage, deal.id, Action.CONFIRM_RECEIPT) == 1
    account = account_of(calm_stage.stripe.till, deal.id)
    assert (account.refunded, len(account.marks)) == (0, 1)
    assert account.transferred > 0


def test_cancelling_twenty_four_times_gives_the_money_back_once(calm_stage: Stage) -> None:
    (deal,) = deals_at(calm_stage, HELD)
    click(calm_stage, deal.cookies["seller"], f"/orders/{deal.id}", "Cancel and refund")
    wait_for(calm_stage, deal.id, State.CLOSED)
    assert times(calm_stage, deal.id, Action.CANCEL) == 1
    account = account_of(calm_stage.stripe.till, deal.id)
    assert (account.refunded, account.transferred, len(account.marks)) == (HAMMER + SHIPPING, 0, 1)


def test_a_payout_that_the_treasurer_confirms_twenty_four_times_left_once(calm_stage: Stage) -> None:
    with calm_stage.here.inside():
        group_id = a_group(terms=Terms()).id
        group = db.session.get_one(Group, group_id)
        order = an_order(State.PAYING_OUT, group=group, seller=a_member(group, person=a_person("Jonas Weidl")))
        order_id, seller_id = order.id, order.seller_id
    agnes = a_treasurer(calm_stage, group_id)
    cookie = calm_stage.ask(lambda: cookie_of(calm_stage.here, agnes))
    click(calm_stage, cookie, f"/orders/{order_id}/payouts/seller", "Confirm that", bank_reference="2026-1121-01")
    wait_for(calm_stage, order_id, State.CLOSED)
    assert times(calm_stage, order_id, Action.CONFIRM_PAYOUT) == 1
    assert calm_stage.ask(lambda: ledger.balance(payable(group_id, seller_id), "EUR").minor) == 0


# ---- confirming, disputing, and the clock ----


def test_of_confirming_disputing_and_the_clock_one_comes_first(calm_stage: Stage) -> None:
    deals = deals_at(calm_stage, *[INSPECTING] * RACES)
    buyers = [Hands(calm_stage, deal) for deal in deals]
    deadlines = set_deadlines(calm_stage, deals)
    at_once(*[hand for buyer in buyers for hand in buyer.around(SOON_SECONDS)])
    heard = [each for buyer in buyers for each in buyer.answers]
    assert [each for each in heard if each.status >= HTTPStatus.INTERNAL_SERVER_ERROR] == []
    for deal in deals:
        wait_until(partial(outcomes, calm_stage, deal), f"an outcome of order {deal.id}", 120)
    found = {deal.id: outcomes(calm_stage, deal) for deal in deals}
    assert {order_id: len(lines) for order_id, lines in found.items()} == {deal.id: 1 for deal in deals}
    states = {
        each.id: each.state for each in calm_stage.ask(lambda: db.session.execute(select(Order.id, Order.state)).all())
    }
    for order_id, ((action, at),) in found.items():
        assert (states[order_id] == State.DISPUTED) is (action == Action.DISPUTE)
        if action == Action.DISPUTE:
            assert at < deadlines[order_id], "what is disputed later is too late"
        if action == Action.LAPSE:
            assert at >= deadlines[order_id], "the clock does not act before"
    assert len({action for ((action, _at),) in found.values()}) > 1, "it was no race"


class Hands:
    """A buyer who has both pages open, and presses in both, each at some moment around the deadline."""

    def __init__(self, stage: Stage, deal: Deal) -> None:
        self.answers: list[Answered] = []
        self._confirms, self._disputes = (Visitor(stage.here, deal.cookies["buyer"], self.answers) for _hand in "12")
        self._confirms.opens(f"/orders/{deal.id}")
        self._disputes.opens(f"/orders/{deal.id}/dispute")
        self._dice = random.Random(deal.id)

    def around(self, seconds: float) -> list[Callable[[], None]]:
        """Around so many from now."""
        return [
            self._at(time.monotonic() + seconds + self._dice.uniform(-1, 1) * BEFORE_AND_AFTER_SECONDS, deed)
            for deed in (self._confirm, self._dispute)
        ]

    def _at(self, due: float, deed: Callable[[], None]) -> Callable[[], None]:
        def wait_and_do() -> None:
            time.sleep(max(0.0, due - time.monotonic()))
            deed()

        return wait_and_do

    def _confirm(self) -> None:
        self._confirms.presses("Confirm receipt and release")

    def _dispute(self) -> None:
        words = {"reason": "not_as_described", "outcome": "refund", "words": "The lid is a later replacement."}
        self._disputes.presses("Open the dispute", **words)


def set_deadlines(stage: Stage, deals: Sequence[Deal]) -> dict[int, datetime]:
    """All end soon: a little later one than the other, so that the clock does not come to all at the same moment."""
    with stage.here.inside(), unit_of_work():
        now = clock.now() + timedelta(seconds=SOON_SECONDS)
        ends = {deal.id: now + timedelta(seconds=(number % 5 - 2) / 4) for number, deal in enumerate(deals)}
        for order_id, end in ends.items():
            db.session.execute(update(Order).where(Order.id == order_id).values(deadline=end))
    return ends


def outcomes(stage: Stage, deal: Deal) -> list[tuple[str, datetime]]:
    """What ended the inspection, and when."""
    lines = select(OrderLine.action, OrderLine.at).where(
        OrderLine.order_id == deal.id, OrderLine.from_state == State.INSPECTING
    )
    return [(str(action), at) for action, at in stage.ask(lambda: db.session.execute(lines).all())]
