"""The main way, with the worker killed by `kill -9` between each pair of steps, and the web server once.

Real processes, a real mail server, both databases. At the end there is one order, everybody was told everything once,
the books are right to the cent, and nothing is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import escrow, fees, gateway, payable
from marketplace.notifications.models import Mail, Notice
from tests import postgres
from tests.cast import Club, club
from tests.house import House, house_in_parts, wait_until
from tests.journeys.caller import Caller

# What everybody has to hear in this story. Not from the worker's clock: no deadline comes near in it.
TOLD = {
    "Jonas Weidl": {"lot_sold": 1, "payment_confirmed": 1, "arrived": 1, "released": 1, "payout_sent": 1,
                    "feedback_open": 1, "feedback_shown": 1},
    "Marta Lind": {"outbid": 1, "won": 1, "order_to_pay": 1, "payment_confirmed": 1, "shipped": 1,
                   "feedback_open": 1, "feedback_shown": 1},
    "Ferenc Bartos": {"outbid": 1},
    "Agnes Thaler": {"payment_said_sent": 1, "payout_to_make": 1},
    "Hedwig Amsel": {"payment_said_sent": 1, "payout_to_make": 1},
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        environ = {}
        if request.param == "postgresql":
            environ["DATABASE_URL"] = stack.enter_context(postgres.database())
        yield stack.enter_context(house_in_parts(tmp_path_factory.mktemp("house"), **environ))


def kill_worker(here: House) -> None:
    """Whatever it was doing, it did not finish it. Another takes over."""
    here.kill("worker")
    here.start_worker()


def kill_web(here: House) -> None:
    here.kill("web")
    here.start_web()
    here.wait_for_web()


def test_a_deal_comes_to_its_end_whatever_is_killed(here: House) -> None:
    group = club(here)
    jonas, marta, ferenc, agnes = (Caller(here) for _who in range(4))
    jonas.signs_in(group.jonas.email)
    marta.signs_in(group.marta.email)
    ferenc.signs_in(group.ferenc.email)
    lot = list_and_bid(here, group, jonas, marta, ferenc)
    order = win_and_pay(here, group, marta, agnes, lot)
    ship_and_confirm(here, jonas, marta, order)
    pay_out_and_rate(here, group, agnes, jonas, marta, order)
    assert_one_order_is_closed(here)
    assert_everybody_was_told_once(here)
    assert_the_money_is_where_it_belongs(here, group)


def list_and_bid(here: House, group: Club, jonas: Caller, marta: Caller, ferenc: Caller) -> str:
    jonas.opens(group.path(f"/items/{group.has_watch()}/auction"))
    kill_worker(here)
    jonas.sends("Put it up for auction", opening="100.00")
    lot = jonas.url
    for bidder, maximum in ((marta, "150"), (ferenc, "200"), (marta, "300")):
        kill_worker(here)
        bidder.opens(lot)
        bidder.sends("Check bid", maximum=maximum)
        bidder.sends("Place bid")
        bidder.sends_again()
        bidder.reads("You lead")
    return lot


def win_and_pay(here: House, group: Club, marta: Caller, agnes: Caller, lot: str) -> str:
    let_mails_go(here)
    here.move(days=8)
    kill_worker(here)
    marta.opens(lot)
    marta.reads_soon("You won this lot.")
    order = here.ask(lambda: f"/orders/{db.session.scalars(select(Order.id)).one()}")
    kill_worker(here)
    marta.opens(order)
    marta.sends("I have sent the money", delivery=marta.first_choice("I have sent the money", "delivery"))
    kill_web(here)
    marta.sends_again()
    marta.reads("The treasurer looks for your payment")
    kill_worker(here)
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(f"{order}/payment")
    agnes.sends("Confirm that it came in", bank_reference="2026-1117-04")
    agnes.sends_again()
    return order


def ship_and_confirm(here: House, jonas: Caller, marta: Caller, order: str) -> None:
    kill_worker(here)
    jonas.opens(order)
    jonas.sends("I have shipped it", carrier="Post", tracking="CX 4471 9920 3 AT")
    kill_worker(here)
    marta.opens(order)
    marta.sends("It arrived: begin the inspection")
    kill_worker(here)
    marta.sends("Confirm receipt and release")
    marta.sends_again()
    marta.reads("EUR 212.30")


def pay_out_and_rate(here: House, group: Club, agnes: Caller, jonas: Caller, marta: Caller, order: str) -> None:
    kill_worker(here)
    agnes.opens(group.path("/treasury"))
    agnes.reads_soon("See where to send it")
    kill_worker(here)
    agnes.opens(f"{order}/payouts/seller")
    agnes.sends("Confirm that", bank_reference="2026-1121-01")
    agnes.sends_again()
    for each in (marta, jonas):
        kill_worker(here)
        each.opens(f"{order}/feedback")
        each.sends("Put this on record", description="good", shipping="good", communication="good")
    jonas.reads("Marta Lind said")


def assert_one_order_is_closed(here: House) -> None:
    assert here.ask(lambda: list(db.session.scalars(select(Order.state)))) == [State.CLOSED]


def assert_everybody_was_told_once(here: House) -> None:
    """As notices, and by mail: each has gone out, if need be a second time under the same name."""
    let_mails_go(here)
    told = here.ask(lambda: Counter((notice.person_id, notice.kind) for notice in db.session.scalars(select(Notice))))
    names = here.ask(names_by_id)
    by_name: dict[str, dict[str, int]] = {}
    for (person_id, kind), count in told.items():
        by_name.setdefault(names[person_id], {})[kind] = count
    assert by_name == TOLD
    sent = {mail["Message-ID"] for mail in here.mail.mails}
    assert len(sent) == here.ask(lambda: len(list(db.session.scalars(select(Mail.id)))))


def let_mails_go(here: House) -> None:
    """A killed worker's lease on a mail ends; the next sends it again."""
    here.move(minutes=11)
    wait_until(lambda: here.ask(mails_due) == 0, "the mails")


def mails_due() -> int:
    return len(list(db.session.scalars(select(Mail.id).where(Mail.state != "sent"))))


def names_by_id() -> dict[int, str]:
    return {person.id: person.name for person in db.session.scalars(select(Person))}


def assert_the_money_is_where_it_belongs(here: House, group: Club) -> None:
    """The hammer fell at 202.50 with 9.80 for shipping; five per cent of the former are the group's."""
    done = here.flask("ledger", "verify", "--json")
    assert (done.returncode, '"ok": true' in done.stdout) == (0, True), done.stdout + done.stderr

    def balances() -> dict[str, Money]:
        order_id = db.session.scalars(select(Order.id)).one()
        accounts = [gateway(group.id), fees(group.id), escrow(order_id), payable(group.id, group.jonas.id)]
        return {account: ledger.balance(account, db.session.get_one(Group, group.id).currency) for account in accounts}

    held, fee, kept, owed = here.ask(lambda: list(balances().values()))
    assert (held.minor, abs(fee.minor), kept.minor, owed.minor) == (10_12, 10_12, 0, 0)
