"""A page asks the database as often for ten rows as for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from marketplace.accounts import addresses, payout_details
from marketplace.accounts.models import Person
from marketplace.auctions import offering, questions, sales, searches, service, watching
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.auctions.search_rules import Search, Sort
from marketplace.deposits.rules import State as DepositState
from marketplace.disputes import answering
from marketplace.disputes.dispute_rules import Reason
from marketplace.escrow import messages, parcels
from marketplace.escrow.chargeback_models import BankClaim
from marketplace.escrow.order_rules import State
from marketplace.groups import joining, moderation, service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.payments.models import Movement
from marketplace.payments.rules import Through
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.bank import kept
from tests.factories.catalog import a_photo, an_item
from tests.factories.claims import an_order_by_card, asked_back, the_seller_says
from tests.factories.debts import a_debt
from tests.factories.deposits import a_deposit, confirm as confirm_deposit
from tests.factories.disputes import a_dispute, a_key, an_upload
from tests.factories.escrow import an_order
from tests.factories.groups import a_member
from tests.factories.notifications import a_notice
from tests.factories.reputation import feedback
from tests.web.world import Who, World

# Who reads which page of what. Every list has a row or more before it grows.
PAGES = [
    (Who.BUYER, "home.show", "the group"),
    (Who.SELLER, "home.show", "the group"),
    (Who.TREASURER, "home.show", "the group"),
    (Who.MODERATOR, "home.show", "the group"),
    (Who.OWNER, "home.show", "the group"),
    (Who.ANONYMOUS, "home.show", "the group"),
    (Who.MEMBER, "lots.catalogue", "the group"),
    (Who.MEMBER, "lots.catalogue", "what has ended"),
    (Who.MEMBER, "lots.catalogue", "what is filtered"),
    (Who.SELLER, "labels.choose", "the group"),
    (Who.MODERATOR, "labels.sheet", "the group"),
    (Who.MODERATOR, "labels.bidders", "the group"),
    (Who.BUYER, "searches.mine", "the group"),
    (Who.MEMBER, "sales.index", "the group"),
    (Who.MEMBER, "sales.show", "the sale"),
    (Who.MEMBER, "sales.now", "the sale"),
    (Who.MODERATOR, "sale_deeds.arranging", "the sale"),
    (Who.SELLER, "sale_deeds.choosing", "a lot to come"),
    (Who.SELLER, "lots.new", "a published item"),
    (Who.BUYER, "lots.show", "a running lot"),
    (Who.SELLER, "lots.show", "a running lot"),
    (Who.BUYER, "live.now", "a running lot"),
    (Who.SELLER, "bids.history", "a running lot"),
    (Who.SELLER, "bids.record", "a running lot"),
    (Who.MEMBER, "buying.asking", "a lot without bids"),
    (Who.SELLER, "questions.index", "a running lot"),
    (Who.SELLER, "questions.answering", "a question"),
    (Who.MEMBER, "chances.show", "a lot that was not paid"),
    (Who.MEMBER, "lots.show", "an offer"),
    (Who.SELLER, "lots.show", "an offer"),
    (Who.SELLER, "offers.on_lot", "an offer"),
    (Who.SELLER, "offers.accepting", "an offer"),
    (Who.MEMBER, "offers.mine", "the group"),
    (Who.BUYER, "retractions.retracting_mine", "a running lot"),
    (Who.MODERATOR, "retractions.retracting_for", "a running lot"),
    (Who.SELLER, "retractions.cancelling_bids", "a running lot"),
    (Who.SELLER, "retractions.cancelling", "a running lot"),
    (Who.BUYER, "bids.mine", "the group"),
    (Who.SELLER, "bids.sales", "the group"),
    (Who.BUYER, "bids.watched", "the group"),
    (Who.SELLER, "items.mine", "the group"),
    (Who.MEMBER, "items.show", "a published item"),
    (Who.SELLER, "items.edit", "a published item"),
    (Who.SELLER, "photos.arrange", "a published item"),
    (Who.SELLER, "importing.new", "the group"),
    (Who.SELLER, "importing.show", "the seller's table"),
    (Who.BUYER, "orders.index", "the group"),
    (Who.BUYER, "orders.show", "a held order"),
    (Who.SELLER, "orders.show", "a held order"),
    (Who.TREASURER, "orders.show", "a held order"),
    (Who.SELLER, "orders.show", "an order being paid out"),
    (Who.BUYER, "orders.show", "an order in a parcel"),
    (Who.BUYER, "orders.show", "an order to be paid by card"),
    (Who.BUYER, "orders.show", "an order that could join"),
    (Who.BUYER, "parcels.show", "a parcel"),
    (Who.SELLER, "parcels.show", "a parcel"),
    (Who.TREASURER, "parcels.payment", "a parcel said to be paid"),
    (Who.TREASURER, "treasury.show", "the group"),
    (Who.TREASURER, "treasury.payment", "an order said to be paid"),
    (Who.TREASURER, "handovers.show", "the group"),
    (Who.OWNER, "handovers.show", "the group"),
    (Who.MEMBER, "handovers.show", "the group that is handed over"),
    (Who.OWNER, "proposals.show", "a proposal"),
    (Who.TREASURER, "deposit_treasury.index", "the group"),
    (Who.TREASURER, "deposit_treasury.show", "a deposit said to be sent"),
    (Who.TREASURER, "deposit_treasury.payout", "a deposit to be paid back"),
    (Who.SELLER, "deposits.mine", "the group"),
    (Who.BUYER, "deposits.mine", "the group"),
    (Who.TREASURER, "bank_statements.show", "the group"),
    (Who.TREASURER, "bank_statements.statement", "a bank's file"),
    (Who.TREASURER, "bank_statements.statement", "a kept statement"),
    (Who.TREASURER, "bank_lines.index", "the group"),
    (Who.TREASURER, "bank_lines.show", "a line of the bank"),
    (Who.MODERATOR, "attestations.show", "the group"),
    (Who.MEMBER, "books.show", "the group"),
    (Who.BUYER, "books.show", "the group"),
    (Who.MEMBER, "books.export", "the group"),
    (Who.SELLER, "statements.show", "the group"),
    (Who.SELLER, "statements.export", "the group"),
    (Who.MEMBER, "reserves.show", "the group with a root"),
    (Who.BUYER, "reserves.show", "the group with a root"),
    (Who.BUYER, "reserves.download", "the group with a root"),
    (Who.MEMBER, "members.index", "the group"),
    (Who.MEMBER, "people.show", "the buyer"),
    (Who.OWNER, "members.show", "the buyer"),
    (Who.MEMBER, "groups.show", "the group"),
    (Who.MEMBER, "groups.rules", "the group"),
    (Who.OUTSIDER, "groups.find", "the group"),
    (Who.MODERATOR, "moderation.applications", "the group"),
    (Who.MODERATOR, "moderation.reports", "the group"),
    (Who.MODERATOR, "rulings.queue", "the group"),
    (Who.BUYER, "disputes.show", "a dispute"),
    (Who.MODERATOR, "disputes.show", "a dispute"),
    (Who.TREASURER, "debts.index", "the group"),
    (Who.OWNER, "debts.show", "a debt to write off"),
    (Who.MEMBER, "debts.mine", "the group"),
    (Who.MEMBER, "debts.own", "the group"),
    (Who.OWNER, "fees.show", "the group"),
    (Who.OPERATOR, "fees.requests", "the group"),
    (Who.MODERATOR, "chargebacks.show", "a bank’s claim"),
    (Who.MODERATOR, "chargebacks.show", "a bank’s claim that was answered"),
    (Who.SELLER, "chargebacks.show", "a bank’s claim"),
    (Who.SELLER, "orders.show", "a bank’s claim that was answered"),
    (Who.BUYER, "notices.index", "the group"),
    (Who.BUYER, "accounts.overview", "the group"),
    (Who.BUYER, "card_accounts.show", "the group"),
    (Who.OPERATOR, "operators.show", "the group"),
]


@pytest.fixture(scope="module")
def counts(built_world: World) -> Iterator[dict[int, list[Counter[str]]]]:
    """What each page asked when there was little, and when there was much."""
    world = built_world
    world.things["what has ended"] = {**world.things["the group"], "stage": "ended"}
    world.things["what is filtered"] = {**world.things["the group"], "q": "watches", "trust": "some", "order": "bids"}
    little, much = [asks_after(world, range(1)), asks_after(world, range(1, 10))]
    yield {at: [little[at], much[at]] for at in range(len(PAGES))}
    world.put_back()


@pytest.mark.parametrize("at", range(len(PAGES)), ids=[f"{who.name} {page} of {of}" for who, page, of in PAGES])
def test_much_costs_as_many_questions_as_little(counts: dict[int, list[Counter[str]]], at: int) -> None:
    little, much = counts[at]
    assert dict(much - little) == {}
    assert sum(much.values()) <= 60


def asks_after(world: World, rounds: range) -> list[Counter[str]]:
    """What each page asks after so many rounds of growth."""
    with world.app.app_context():
        for round in rounds:
            _Growth(world, round).more_of_everything()
        db.session.remove()
    return [asked(world, *page) for page in PAGES]


def asked(world: World, who: Who, endpoint: str, of: str) -> Counter[str]:
    """The statements that a page sends, the second time that it is asked for."""
    rule = next(world.app.url_map.iter_rules(endpoint))
    thing = world.things[of]
    path = world.path(
        endpoint, **{name: thing[name] for name in rule.arguments | thing.keys() & {"stage", "q", "trust", "order"}}
    )
    for _ in range(2):
        with statements(world.app) as sent, world.client(who).get(path) as answer:
            assert answer.status_code == 200, (path, answer.status_code)
    return sent


class statements:  # noqa: N801 - reads as a phrase
    """The statements sent meanwhile, without what varies with the number of values in a list."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self.engine = db.engine
        self.sent: Counter[str] = Counter()

    def __enter__(self) -> Counter[str]:
        event.listen(self.engine, "before_cursor_execute", self.note)
        return self.sent

    def __exit__(self, *_how: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self.note)

    def note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.sent[statement.replace("?, ", "").replace("(?), ", "")] += 1


class _Growth:
    """One more of everything that the group has."""

    def __init__(self, world: World, round: int) -> None:
        self.world, self.round = world, round
        number = world.things["a running lot"]["number"]
        self.running = db.session.scalars(select(Lot).where(Lot.number == number).order_by(Lot.id)).first()
        self.group = db.session.get_one(Group, self.running.group_id)
        self.buyer, self.seller, self.owner, self.moderator, self.member = (
            db.session.get_one(Person, world.ids[who])
            for who in (Who.BUYER, Who.SELLER, Who.OWNER, Who.MODERATOR, Who.MEMBER)
        )

    def more_of_everything(self) -> None:
        self.more_people()
        self.more_lots()
        self.more_sales()
        self.more_orders()
        self.more_disputes()
        self.more_claims()
        a_debt(self.group, a_member(self.group))
        a_debt(self.group, self.member)
        self.more_deposits()
        self.late_payouts()
        self.more_of_the_bank()

    def more_people(self) -> None:
        a_member(self.group, Role.MODERATOR)
        applicant = a_person("Another applicant")
        joining.ask_to_join(by=applicant.id, group_id=self.group.id, answers=[], agreed_version=1)
        reporter = a_member(self.group)
        asked = questions.thread_of(self.running.id, self.world.things["a question"]["question"]).question
        subjects = {f"person:{self.buyer.id}": self.buyer.id, f"lot:{self.running.id}": self.seller.id}
        for subject, about_id in {**subjects, f"words:{asked.id}": asked.author_id}.items():
            moderation.report(
                by=reporter.id, group_id=self.group.id, subject=subject, about_id=about_id, reason="Again."
            )
        a_notice(self.buyer, group=self.group)
        groups.give_strike(group_id=self.group.id, person_id=self.buyer.id, reason="Did not pay.", order_id=None)
        addresses.add_address(by=self.buyer.id, recipient="Bruno", street="Lindengasse 8", city="Wien", country="AT")

    def more_lots(self) -> None:
        watching.watch(lot_id=a_lot(an_item(self.seller, self.group)).id, by=self.buyer.id)
        a_photo(an_item(self.seller, self.group))
        for sort in Sort:
            searches.keep(
                by=self.buyer.id, group_id=self.group.id, sort=sort, name="Clocks", search=Search(words="clock"),
                client_key=f"key-of-{sort}-{self.round}",
            )  # fmt: skip
        lot = a_lot(an_item(self.seller, self.group))
        a_bid(lot, self.buyer, 900)
        a_bid(lot, None, 2000)
        key = f"key-of-question-{self.round}"
        number = questions.ask(lot_id=self.running.id, by=self.member.id, text="And the lid?", client_key=key)
        questions.answer(lot_id=self.running.id, number=number, by=self.seller.id, text="It fits.", client_key=key)
        a_bid(self.running, None, 100_00 * (2 + self.round))
        self.more_offers()

    def more_offers(self) -> None:
        number = self.world.things["an offer"]["number"]
        offered = db.session.scalars(select(Lot).where(Lot.group_id == self.group.id, Lot.number == number)).one()
        past = {"ends_at": clock.now() - timedelta(days=1), "starts_at": clock.now() - timedelta(days=2)}
        passed = a_lot(an_item(self.seller, self.group), state=LotState.PASSED, **past)
        for lot, person in ((offered, a_member(self.group)), (passed, self.member)):
            offering.make_offer(
                lot_id=lot.id, by=person.id, amount=Money(400 + self.round, lot.currency), shipping_seen=lot.shipping,
                client_key=a_key(),
            )  # fmt: skip

    def more_sales(self) -> None:
        item, now = an_item(self.seller, self.group, photos=1), clock.now()
        service.list_lot(
            by=self.seller.id, item_id=item.id, opening=Money(500, self.group.currency),
            sale=self.world.things["the sale"]["number"], client_key=f"key-in-the-sale-{self.round + 10}",
        )  # fmt: skip
        sales.open_sale(
            by=self.moderator.id, group_id=self.group.id, title="More clocks", words="",
            starts_at=now + timedelta(days=2), first_end_at=now + timedelta(days=4), gap_seconds=20,
            client_key=f"key-of-a-sale-{self.round}",
        )  # fmt: skip

    def more_orders(self) -> None:
        how = {"group": self.group, "seller": self.seller, "buyer": self.buyer}
        for state in (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED, State.HELD, State.INSPECTING, State.PAYING_OUT):
            an_order(state, **how)
        further = an_order(State.AWAITING_PAYMENT, **how)
        inside = self.world.things["an order in a parcel"]["order_id"]
        parcels.put_together(order_id=further.id, by=self.buyer.id, together=[inside])
        closed = an_order(State.CLOSED, **how)
        feedback(closed.id, by=self.buyer, words="As shown.")
        feedback(closed.id, by=self.seller, words="Paid at once.")
        held = self.world.things["a held order"]["order_id"]
        messages.write_message(order_id=held, by=self.seller.id, text="Yes.", client_key=a_key())

    def more_deposits(self) -> None:
        for state in DepositState:
            a_deposit(self.group, a_member(self.group), state)
        a_deposit(self.group, self.seller, DepositState.EMPTY)
        confirm_deposit(self.group, self.buyer, 10_00)

    def late_payouts(self) -> None:
        """All that is owed is late by now."""
        for person in (self.seller, self.buyer):
            with clock.at(clock.now() - timedelta(days=20)):
                payout_details.change_payout_details(by=person.id, details=f"AT{self.round:02}")
        with unit_of_work():
            is_owed = Movement.owed_since.is_not(None)
            db.session.execute(update(Movement).where(is_owed).values(owed_since=clock.now() - timedelta(days=9)))

    def more_of_the_bank(self) -> None:
        order = an_order(State.PAYMENT_CLAIMED, group=self.group, seller=self.seller, buyer=self.buyer)
        kept(
            self.group, (0, f"{order.reference}", 142_00), (0, f"Somebody {self.round}", 142_00), (0, "Dues", 3_00),
            (0, f"{order.reference} again", -5_00), closing=0,
        )  # fmt: skip

    def more_claims(self) -> None:
        """More is written and shown for the bank; and another bank asks."""
        assert self.world.stripe is not None
        here = self.world.things["a bank’s claim"]
        claim = db.session.get_one(BankClaim, here["claim_id"])
        messages.write_message(order_id=here["order_id"], by=self.buyer.id, text="It came.", client_key=a_key())
        the_seller_says(claim, "Once more.")
        by_card = replace(self.group.terms, gateway=Through.STRIPE)
        order = an_order(group=self.group, seller=self.seller, buyer=self.buyer, terms=by_card)
        asked_back(self.world.stripe, an_order_by_card(self.world.stripe, order=order))

    def more_disputes(self) -> None:
        order = an_order(State.INSPECTING, group=self.group, seller=self.seller, buyer=self.buyer)
        a_dispute(order, reason=Reason.NOT_AS_DESCRIBED)
        answering.say_more(
            dispute_id=self.world.things["a dispute"]["dispute_id"], by=self.buyer.id, words="And the handle.",
            uploads=[an_upload()] if self.round % 2 else [], client_key=a_key(),
        )  # fmt: skip
