"""One group with everybody and everything in it: what the tests that walk all routes walk through.

It is built once per process. A test that changes it puts it back; that costs little, for nothing is restored unless
something was written.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import addresses, payout_details, pictures, queries as people, service as accounts
from marketplace.accounts.models import Person
from marketplace.auctions import chances, offering, questions, sales, searches, service as auctions
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.auctions.search_rules import Search, Sort
from marketplace.bankbook import attesting
from marketplace.bankbook.attesting_rules import months_before
from marketplace.bankbook.models import AttestationCalendar
from marketplace.catalog import importing, queries as catalog
from marketplace.catalog.models import Item
from marketplace.config import Settings
from marketplace.deposits.models import Deposit
from marketplace.deposits.rules import State as DepositState
from marketplace.disputes import answering, queries as disputes
from marketplace.disputes.claim_record import pictures_of
from marketplace.disputes.dispute_rules import Party as Side
from marketplace.escrow import debts, fees, messages, parcel_paying, parcels, shipping
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups import handovers, instructions, joining, members, moderation, proposal_queries
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Deed as ProposedDeed
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock, images
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import reserves
from marketplace.notifications.models import Mail
from marketplace.payments.models import Movement
from marketplace.payments.rules import Through
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person, sign_in
from tests.factories.auctions import a_bid, a_lot
from tests.factories.bank import a_file as a_statement, kept, lines_in, sent
from tests.factories.catalog import a_picture, an_item
from tests.factories.claims import an_order_by_card, asked_back, contested, the_seller_says
from tests.factories.debts import a_debt, earned
from tests.factories.deposits import a_deposit, claim, confirm as confirm_deposit, pay_out, payouts_to
from tests.factories.disputes import a_dispute, a_part, an_upload, contest, fresh, lapse, rule
from tests.factories.escrow import an_order, confirm, say_sent
from tests.factories.groups import a_group, a_member
from tests.factories.notifications import a_mail, a_notice
from tests.factories.stripe import a_discrepancy, a_parked_event, become_seller, stripe_at
from tests.installations import built
from tests.schema import make_schema

Thing = dict[str, Any]
"""What stands in the address of a thing: {"slug": "lindengasse-antiques", "number": 4}."""


class Who(StrEnum):
    """Everybody there is, as the group knows them."""

    ANONYMOUS = "somebody who has not signed in"
    OUTSIDER = "somebody who belongs to no group"
    APPLICANT = "somebody who asks to join"
    REMOVED = "a member who was removed"
    MEMBER = "a member without part in anything"
    SELLER = "the seller"
    BUYER = "the buyer"
    OTHER_BIDDER = "another bidder"
    MODERATOR = "a moderator"
    PARTY_MODERATOR = "a moderator who bought something himself"
    TREASURER = "the treasurer, who sold something himself"
    OWNER = "the owner"
    FOREIGN_MODERATOR = "a moderator of another group"
    OPERATOR = "the operator of the site"


@dataclass
class World:
    """The group, and where its things are."""

    app: Flask
    cookies: dict[Who, str | None] = field(default_factory=dict)
    ids: dict[Who, int] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    stripe: StandIn | None = None
    """Where cards are paid."""
    _pristine: Path = Path()
    _watch: sqlite3.Connection | None = None
    _version: int = 0
    _files: set[str] = field(default_factory=set)

    def client(self, who: Who) -> FlaskClient:
        """A browser of this person, as it was when the world was made; but he has just typed his code, however long
        ago that is: a code counts for fifteen minutes, and the tests of a slow machine take longer."""
        client = self.app.test_client()
        cookie = self.cookies[who]
        if cookie is not None:
            client.set_cookie("earnest", cookie)
            with client.session_transaction() as session:
                if "second_factor" in session:
                    session["second_factor"] = [session["second_factor"][0], time.time()]
        return client

    def path(self, endpoint: str, **values: Any) -> str:
        """The address of a page; what the route does not name goes into the query."""
        adapter = self.app.url_map.bind("127.0.0.1")
        return adapter.build(endpoint, values)

    def has_changed(self) -> bool:
        """Whether anything was committed since the world was made or put back."""
        return self._version_now() != self._version

    def put_back(self) -> None:
        """Everything as it was, files too."""
        if not self.has_changed():
            return
        if self.stripe is not None:
            self.stripe.till.answers.clear()  # the same keys come again, for something else
        source, target = sqlite3.connect(self._pristine / "database"), sqlite3.connect(self._database)
        target.execute("PRAGMA synchronous=OFF")
        source.backup(target)
        source.close()
        target.close()
        for name in self._files - self.files():
            shutil.copy(self._pristine / "files" / name, self._data / "files" / name)
        self._version = self._version_now()

    def files(self) -> set[str]:
        """The names of all files that are kept."""
        files = self._data / "files"
        return {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}

    def keep(self) -> None:
        """This is how it is from now on."""
        self._pristine = self._data / "pristine"
        self._pristine.mkdir()
        with self.app.app_context():
            db.session.remove()
        source, target = sqlite3.connect(self._database), sqlite3.connect(self._pristine / "database")
        source.backup(target)
        source.close()
        target.close()
        shutil.copytree(self._data / "files", self._pristine / "files")
        self._files = self.files()
        self._watch = sqlite3.connect(self._database)
        self._version = self._version_now()

    def close(self) -> None:
        assert self._watch is not None
        self._watch.close()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    @property
    def _data(self) -> Path:
        settings: Settings = self.app.config["EARNEST"]
        return settings.data

    @property
    def _database(self) -> Path:
        return self._data / "earnest.sqlite3"

    def _version_now(self) -> int:
        """SQLite's own count of what others committed; see its PRAGMA data_version."""
        assert self._watch is not None
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def a_world(settings_of: Callable[..., Settings]) -> Iterator[World]:
    """The whole of it, on a database of its own."""
    app = built(settings_of())
    app.before_request(_nothing_waits)
    world = World(app)
    with stripe_at(app) as world.stripe:
        with app.app_context():
            make_schema()
            _Builder(world).build()
        world.keep()
        yield world
        world.close()


def _nothing_waits() -> None:
    """Thousands of pages are asked for: the queue in their header, most of their cost, is left to the first page."""
    if request.endpoint != "home.show":
        g.tasks = []


class _Builder:
    """Builds the world, a part at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: dict[Who, Person] = {}

    def build(self) -> None:
        self.build_group()
        self.build_own_things()
        self.build_items()
        self.build_lots()
        self.build_sale()
        self.build_orders()
        self.build_disputes()
        self.build_claims()
        self.build_debts()
        self.build_deposits()
        self.build_bank()
        self.build_root()
        self.build_elsewhere()
        self.build_handover()
        self.sign_everybody_in()

    def build_group(self) -> None:
        owner = self.people[Who.OWNER] = self._somebody("Olga Owner")
        group = self.group = a_group(owner)
        roles = {
            Who.MEMBER: Role.MEMBER, Who.SELLER: Role.MEMBER, Who.BUYER: Role.MEMBER, Who.OTHER_BIDDER: Role.MEMBER,
            Who.REMOVED: Role.MEMBER, Who.MODERATOR: Role.MODERATOR, Who.PARTY_MODERATOR: Role.MODERATOR,
            Who.TREASURER: Role.TREASURER,
        }  # fmt: skip
        for who, role in roles.items():
            self.people[who] = a_member(group, role, person=self._somebody(who.name.title()))
        for who in (Who.OUTSIDER, Who.APPLICANT):
            self.people[who] = self._somebody(who.name.title())
        self.people[Who.OPERATOR] = a_person("Otto Operator", is_operator=True, second_factor=True)
        self._thing("the group", slug=group.slug)
        self._thing("a stylesheet", filename="style.css")
        self._thing("a link that we never sent", token="a-token-of-our-own")
        self._thing("new payout details", token=self._new_payout_details(Who.OUTSIDER))
        application = joining.ask_to_join(
            by=self._id(Who.APPLICANT), group_id=group.id, answers=[], agreed_version=1
        )  # fmt: skip
        self._thing("the application", application_id=application.id)
        members.remove_member(by=owner.id, group_id=group.id, person_id=self._id(Who.REMOVED), reason="Sold fakes.")
        change = instructions.propose_instructions(by=self._id(Who.TREASURER), group_id=group.id, words="IBAN AT02")
        self._thing("new instructions", instructions_id=change.id)
        for name, who in {
            "the member": Who.MEMBER, "the buyer": Who.BUYER, "the applicant": Who.APPLICANT, "the owner": Who.OWNER,
            "the removed member": Who.REMOVED, "the outsider": Who.OUTSIDER,
        }.items():  # fmt: skip
            self._thing(name, person_id=self._id(who))

    def build_own_things(self) -> None:
        buyer = self.people[Who.BUYER]
        where = {"recipient": "Bruno", "street": "Lindengasse 7", "city": "Wien", "country": "AT"}
        address = addresses.add_address(by=buyer.id, **where)
        self._thing("the buyer's address", address_id=address.id)
        home = addresses.add_address(by=self._id(Who.SELLER), **where)
        self._thing("the seller's address", address_id=home.id)
        for who in (Who.BUYER, Who.APPLICANT, Who.OUTSIDER):
            accounts.show_picture(by=self._id(who), picture_key=pictures.keep(a_picture(), field="picture"))
        self._thing("a notice of the buyer's", notice_id=a_notice(buyer).id)
        mail_id = a_mail()
        with unit_of_work():
            db.session.get_one(Mail, mail_id).state = "failed"
        self._thing("a parked mail", mail_id=mail_id)
        self._thing("a parked event", event_id=a_parked_event())
        self._thing("a discrepancy", discrepancy_id=a_discrepancy())
        if self.world.stripe is not None:
            become_seller(self.world.stripe, self._id(Who.SELLER))

    def build_items(self) -> None:
        seller = self.people[Who.SELLER]
        self._item("a draft", an_item(seller, self.group, published=False))
        self._item("a published item", an_item(seller, self.group, photos=2))
        table = b"Title,Shipping\nBow teapot,9.80\nPocket watch,nine eighty\n"
        upload = importing.keep(
            by=seller.id, group_id=self.group.id, client_key="key-of-the-table", content=table, zipped=None
        )  # fmt: skip
        self._thing("the seller's table", upload_id=upload.id)

    def build_lots(self) -> None:
        seller, now = self.people[Who.SELLER], clock.now()
        running = self._lot("a running lot", a_lot(an_item(seller, self.group), reserve=5000))
        a_bid(running, self.people[Who.BUYER], 900)
        a_bid(running, self.people[Who.OTHER_BIDDER], 2000)
        question = questions.ask(
            lot_id=running.id, by=self._id(Who.OTHER_BIDDER), text="Does it tick?", client_key="key-of-the-question"
        )
        self._thing("a question", number=running.number, question=question)
        asked = questions.thread_of(running.id, question).question
        self._thing("a question to report", subject=f"words:{asked.id}")
        self._lot("a lot without bids", a_lot(an_item(seller, self.group), buy_now_minor=9000))
        self._lot("a lot to come", a_lot(an_item(seller, self.group), starts_at=now + timedelta(hours=3)))
        self._lot(
            "a passed lot",
            a_lot(
                an_item(seller, self.group), state=LotState.PASSED, starts_at=now - timedelta(days=3),
                ends_at=now - timedelta(days=1), closed_at=now - timedelta(days=1),
            ),
        )  # fmt: skip
        self._unpaid_lot()
        self._offered_lot(now)
        hidden = self._lot("a hidden lot", a_lot(an_item(seller, self.group)))
        self._thing("a hidden lot to report", subject=f"lot:{hidden.id}")
        auctions.hide_lot(lot_id=hidden.id, by=self._id(Who.MODERATOR), reason="Not an antique.")
        report = moderation.report(
            by=self._id(Who.MEMBER), group_id=self.group.id, subject=f"lot:{running.id}", about_id=seller.id,
            reason="New, sold as old.",
        )  # fmt: skip
        self._thing("the report", report_id=report.id)
        accused = self._id(Who.PARTY_MODERATOR)
        about_officer = moderation.report(
            by=self._id(Who.MEMBER), group_id=self.group.id, subject=f"person:{accused}", about_id=accused,
            reason="Rude.",
        )  # fmt: skip
        self._thing("a report about the moderator", report_id=about_officer.id)
        kept = searches.keep(
            by=self._id(Who.BUYER), group_id=self.group.id, sort=Sort.SEARCH, name="Watches",
            search=Search(kind="watches"), client_key="key-of-the-search",
        )  # fmt: skip
        self._thing("the buyer's search", search_id=kept.id)
        self._thing("a running lot to report", subject=f"lot:{running.id}")

    def _offered_lot(self, now: datetime) -> None:
        """Nobody bid on it; the member makes an offer."""
        day = timedelta(days=1)
        lot = a_lot(
            an_item(self.people[Who.SELLER], self.group), state=LotState.PASSED, starts_at=now - 3 * day,
            ends_at=now - day, closed_at=now - day,
        )  # fmt: skip
        offer = offering.make_offer(
            lot_id=lot.id, by=self._id(Who.MEMBER), amount=Money(400, lot.currency), shipping_seen=lot.shipping,
            client_key="key-of-the-offer",
        )  # fmt: skip
        self._thing("an offer", number=lot.number, offer_id=offer.id)

    def _unpaid_lot(self) -> None:
        """The other bidder won it and did not pay; the member was next."""
        lot = self._lot("a lot that was not paid", a_lot(an_item(self.people[Who.SELLER], self.group)))
        a_bid(lot, self.people[Who.MEMBER], 900)
        a_bid(lot, self.people[Who.OTHER_BIDDER], 2000)
        with unit_of_work():
            row = db.session.get_one(Lot, lot.id)
            row.state, row.closed_at, row.fell_through_at = LotState.SOLD, clock.now(), clock.now()
        chances.offer_next(lot_id=lot.id, unpaid_by=self._id(Who.OTHER_BIDDER))

    def build_sale(self) -> None:
        """One that is open for lots, with two in it."""
        seller, now = self.people[Who.SELLER], clock.now()
        sale = sales.open_sale(
            by=self._id(Who.MODERATOR), group_id=self.group.id, title="Clocks", words="All that **ticks**.",
            starts_at=now + timedelta(days=2), first_end_at=now + timedelta(days=4), gap_seconds=20,
            client_key="key-of-the-sale",
        )  # fmt: skip
        for place in (1, 2):
            lot = auctions.list_lot(
                by=seller.id, item_id=an_item(seller, self.group).id, opening=Money(500, self.group.currency),
                sale=sale.number, client_key=f"key-in-the-sale-{place}",
            )  # fmt: skip
        self._thing("the sale", slug=self.group.slug, number=sale.number)
        self._thing("a lot of the sale", slug=self.group.slug, number=sale.number, lot=lot.number)

    def _payout_that_waits(self) -> None:
        """A payment processor has not paid it for eighty days."""
        order = self._deal(State.PAYING_OUT)
        self._order("an order that waits for the processor", order)
        self.things["a payout that waits"] = {"order_id": order.id, "payee": "seller"}
        with unit_of_work():
            row = db.session.get_one(Order, order.id)
            row.terms = replace(row.terms, gateway=Through.STRIPE)
            row.held_at = clock.now() - timedelta(days=81)
            row.is_second_officer_due = True

    def build_orders(self) -> None:
        named = {
            "an unpaid order": State.AWAITING_PAYMENT,
            "an order said to be paid": State.PAYMENT_CLAIMED,
            "a held order": State.HELD,
            "a shipped order": State.SHIPPED,
            "an inspected order": State.INSPECTING,
            "an order to go back": State.RETURN_DUE,
            "an order on its way back": State.RETURN_SHIPPED,
            "an order that came back": State.RETURN_RECEIVED,
            "an order being paid out": State.PAYING_OUT,
            "a closed order": State.CLOSED,
        }
        for name, state in named.items():
            self._order(name, self._deal(state))
        lot = db.session.get_one(Lot, db.session.get_one(Order, self._order_id("a held order")).lot_id)
        self._lot("a sold lot", lot)
        self.things["a payout to the seller"] = {**self.things["an order being paid out"], "payee": "seller"}
        by_card = replace(self.group.terms, gateway=Through.STRIPE)
        self._order("an order to be paid by card", self._deal(State.AWAITING_PAYMENT, terms=by_card))
        self._payout_that_waits()
        self._parcels()
        self._pick_up()
        self._proof()
        bare = self._order("a held order without an address", self._deal(State.AWAITING_PAYMENT))
        confirm(bare)
        nowhere = self._order("a return that has nowhere to go", self._deal(State.RETURN_DUE))
        with unit_of_work():
            db.session.get_one(Order, nowhere.id).return_address = None
        self._order("the moderator's order", self._deal(State.PAYMENT_CLAIMED, buyer=Who.PARTY_MODERATOR))
        self._order("the treasurer's order", self._deal(State.PAYMENT_CLAIMED, seller=Who.TREASURER, buyer=Who.MEMBER))
        late = self._order("an order that the treasurer left", self._deal(State.PAYMENT_CLAIMED))
        with unit_of_work():
            db.session.get_one(Order, late.id).is_second_officer_due = True
        message = messages.write_message(
            order_id=self._order_id("a held order"), by=self._id(Who.BUYER), text="Is it wrapped?",
            client_key="key-of-message",
        )  # fmt: skip
        self._thing("a message to report", subject=f"message:{message.id}")
        for name, who in {"the buyer": Who.BUYER, "the outsider": Who.OUTSIDER}.items():
            self._thing(f"{name} to report", subject=f"person:{self._id(who)}")

    def _parcels(self) -> None:
        """One that is said to be paid, and one that takes more in; and an order that could go into that."""
        for name, is_sent in (("a parcel said to be paid", True), ("a parcel", False)):
            first, second = self._deal(State.AWAITING_PAYMENT), self._deal(State.AWAITING_PAYMENT)
            self._order(f"an order in {name}", first)
            parcel_id = parcels.put_together(order_id=first.id, by=first.buyer_id, together=[second.id])
            self.things[name] = {"parcel_id": parcel_id}
            if is_sent:
                address_id = self.things["the buyer's address"]["address_id"]
                parcel_paying.say_sent(parcel_id=parcel_id, by=first.buyer_id, address_id=address_id)
        self._order("an order that could join", self._deal(State.AWAITING_PAYMENT))

    def _pick_up(self) -> None:
        order = self._order("an order to be picked up", self._deal(State.HELD, pick_up=True))
        shipping.ship(order_id=order.id, by=order.seller_id)
        code = db.session.get_one(Order, order.id, populate_existing=True).pick_up_code
        self.things["the code of an order to be picked up"] = {"code": code}

    def _proof(self) -> None:
        order = self._order("an order with a proof", self._deal(State.AWAITING_PAYMENT))
        say_sent(order)
        key = images.keep(images.picture_of(a_picture(), widths=(1600,)), folder="proofs")
        confirm(order, proof_key=key)
        proof = db.session.scalars(select(Movement).where(Movement.proof_key == key)).one()
        self._thing("a proof", movement_id=proof.id)
        self._proposal(key)

    def _proposal(self, key: str) -> None:
        """What the treasurer entered, and a second officer has to approve."""
        group = db.session.get_one(Group, self.group.id)
        order = self._deal(State.PAYMENT_CLAIMED, terms=replace(group.terms, officer_limit_minor=0))
        self._order("an order that takes two officers", order)
        confirm(order, proof_key=key)
        proposal = proposal_queries.open_about(ProposedDeed.PAYMENT, order.id)
        assert proposal is not None
        self._thing("a proposal", proposal_id=proposal.id)

    def build_disputes(self) -> None:
        dispute = a_dispute(self._deal(State.INSPECTING), uploads=[an_upload()])
        self._dispute("a dispute", dispute.id, dispute.order_id)
        shown = [each for each in disputes.evidence_of(dispute.id)[Side.BUYER] if not each.is_listing]
        self._thing("a photograph of a dispute", evidence_id=shown[0].id)
        with clock.at(clock.now() - timedelta(days=6)):
            old = {
                name: contest(a_dispute(self._deal(State.INSPECTING, buyer=buyer)))
                for name, buyer in {
                    "a dispute to rule on": Who.BUYER,
                    "a dispute that was ruled on": Who.BUYER,
                    "the moderator's dispute": Who.PARTY_MODERATOR,
                }.items()
            }
        lapse(old["the moderator's dispute"])  # the last: with it, the others'
        for name, due in old.items():
            self._dispute(name, due.id, due.order_id)
        rule(old["a dispute that was ruled on"], by=self.people[Who.MODERATOR], at=clock.now())
        offered = a_dispute(self._deal(State.INSPECTING))
        answering.offer(dispute_id=offered.id, by=self._id(Who.SELLER), remedy=a_part(), words="A part, perhaps?")
        self._dispute("a dispute with an offer", offered.id, offered.order_id)
        self.things["the offer"] = {"offer": fresh(offered).offer_number}

    def build_claims(self) -> None:
        """Two that banks ask back; one of them was answered."""
        if self.world.stripe is None:
            return
        for name in ("a bank’s claim", "a bank’s claim that was answered"):
            by_card = replace(self.group.terms, gateway=Through.STRIPE)
            order = an_order_by_card(
                self.world.stripe, State.SHIPPED, self._deal(State.AWAITING_PAYMENT, terms=by_card)
            )
            claim = asked_back(self.world.stripe, order)
            the_seller_says(claim, uploads=[an_upload()])
            shown = f"picture-{pictures_of(claim.id)[0].id}"
            self.things[name] = {"claim_id": claim.id, "order_id": order.id, "name": shown}
        contest = contested(claim, self.people[Who.MODERATOR])
        self.things["what a bank was sent"] = {"claim_id": claim.id, "contest_id": contest.id, "name": "pictures"}

    def build_debts(self) -> None:
        """A member owes something, and so does the treasurer; to write a third’s debt off is proposed. The group asks
        for its fees."""
        group = db.session.get_one(Group, self.group.id)
        for name, who in {
            "a debt": Who.MEMBER, "the treasurer’s debt": Who.TREASURER, "a debt to write off": Who.OTHER_BIDDER,
        }.items():  # fmt: skip
            a_debt(group, self.people[who])
            self._thing(name, person_id=self._id(who))
        debts.propose_write_off(
            group_id=group.id, person_id=self._id(Who.OTHER_BIDDER), by=self._id(Who.OWNER), reason="He has moved.",
            client_key="key-of-writing-off",
        )  # fmt: skip
        earned(group, 900_00)
        fees.ask(group_id=group.id, by=self._id(Who.TREASURER), amount=Money(5_00, group.currency))
        self._thing("a request for fees", request_id=fees.open_requests()[0].id)

    def build_deposits(self) -> None:
        """In every state; the seller has his back once, and waits for another."""
        group = self.group
        key = images.keep(images.picture_of(a_picture(), widths=(1600,)), folder="proofs")
        claim(group, self.people[Who.MEMBER])
        confirm_deposit(group, self.people[Who.MEMBER], proof_key=key)
        slip = db.session.scalars(select(Movement).where(Movement.proof_key == key)).one()
        self._thing("a slip of the member's deposit", movement_id=slip.id)
        a_deposit(group, self.people[Who.OTHER_BIDDER], DepositState.RETURN_ASKED)
        for name, who in {
            "a deposit said to be sent": Who.BUYER, "the treasurer's deposit": Who.TREASURER,
            "a deposit that the treasurer left": Who.PARTY_MODERATOR,
        }.items():  # fmt: skip
            deposit = a_deposit(group, self.people[who], DepositState.CLAIMED)
            self._thing(name, person_id=deposit.person_id)
        with unit_of_work():
            db.session.get_one(Deposit, deposit.id).is_second_officer_due = True
        seller = self.people[Who.SELLER]
        for name in ("a deposit that was paid back", "a deposit to be paid back"):
            a_deposit(group, seller, DepositState.EMPTY)
            payout = payouts_to(group, seller)[0]
            self._thing(name, payout_id=payout.id)
            if name == "a deposit that was paid back":
                pay_out(payout)

    def build_bank(self) -> None:
        """Statements of the treasurer's bank, and a month that an officer attested."""
        treasurer, group = self.people[Who.TREASURER], self.group
        named, paid = (
            db.session.get_one(Order, self._order_id(name)) for name in ("an order said to be paid", "a held order")
        )
        lines = (0, "Somebody", 142_00), (0, named.reference, 142_00), (0, paid.reference, 142_00)
        statement = kept(group, *lines, by=treasurer, balance=0)
        self._thing("a kept statement", statement_id=statement.id)
        bare, _named, matched = lines_in(group)
        self._thing("a line of the bank", line_id=bare.id)
        self._thing("a matched line", line_id=matched.id)
        self._thing("a payment on no line", chosen=f"{self.things['a proof']['movement_id']}:moved")
        self._thing("a bank's file", statement_id=sent(group, a_statement((0, "Dues", 12_00)), by=treasurer).id)
        months = months_before(clock.now(), group.time_zone)
        with unit_of_work():
            db.session.get_one(AttestationCalendar, group.id).first_month = months[2]
        proof = images.keep(images.picture_of(a_picture(), widths=(1600,)), folder="proofs")
        bank = Money(0, group.currency)
        attesting.attest(
            by=self._id(Who.MODERATOR), group_id=group.id, month=months[1], bank=bank, note="", proof_key=proof
        )
        found = attesting.attestation_of(group.id, months[1])
        assert found is not None
        self._thing("an attestation with a picture", attestation_id=found.id)

    def build_root(self) -> None:
        reserves.take_root(group_id=self.group.id)
        self._thing("the group with a root", slug=self.group.slug)

    def build_elsewhere(self) -> None:
        """A group that the owner has besides; and another's, whose catalogue everybody may read, with a lot."""
        besides = a_group(self.people[Who.OWNER], name="Silver Spoons")
        earned(besides, 10_00)
        self._thing("the owner's other group", slug=besides.slug)
        other = a_group(name="Gauge 0 Sundays", is_catalogue_public=True)
        moderator = self._somebody("Fritz Foreign")
        self.people[Who.FOREIGN_MODERATOR] = a_member(other, Role.MODERATOR, person=moderator)
        self._thing("another group", slug=other.slug)
        lot = a_lot(an_item(a_member(other), other))
        a_bid(lot)
        self.things["another group's lot"] = {"slug": other.slug, "number": lot.number}
        sales.open_sale(
            by=moderator.id, group_id=other.id, title="Gauge 0", words="", starts_at=clock.now() + timedelta(days=2),
            first_end_at=clock.now() + timedelta(days=4), gap_seconds=20, client_key="key-of-their-sale",
        )  # fmt: skip
        self.things["another group's sale"] = {"slug": other.slug, "number": 1}
        item = db.session.get_one(Item, lot.item_id)
        self.things["another group's item"] = {"slug": other.slug, "item_id": item.id}
        self.things["a photograph of another group"] = self._photo_of(item)

    def build_handover(self) -> None:
        """In a third group of the owner's, the treasurer hands over to the member, who has yet to confirm it."""
        group = a_group(self.people[Who.OWNER], name="Thimbles")
        a_member(group, Role.TREASURER, person=self.people[Who.TREASURER])
        a_member(group, person=self.people[Who.MEMBER])
        handover = handovers.name_successor(
            by=self._id(Who.OWNER), group_id=group.id, parting_id=self._id(Who.TREASURER),
            successor_id=self._id(Who.MEMBER),
        )  # fmt: skip
        handovers.state_balance(
            by=self._id(Who.TREASURER), handover_id=handover.id, amount=Money(0, group.currency),
            reference="statement 10", note="",
        )  # fmt: skip
        self.things["the group that is handed over"] = {"slug": group.slug}
        self.things["the handover"] = {"slug": group.slug, "handover_id": handover.id}

    def sign_everybody_in(self) -> None:
        self.world.cookies[Who.ANONYMOUS] = None
        for who, person in self.people.items():
            client = self.world.app.test_client()
            sign_in(client, db.session.get_one(Person, person.id))
            cookie = client.get_cookie("earnest")
            assert cookie is not None
            self.world.cookies[who] = cookie.value
            self.world.ids[who] = person.id

    @property
    def things(self) -> dict[str, Thing]:
        return self.world.things

    def _somebody(self, name: str) -> Person:
        return a_person(name, second_factor=True)

    def _id(self, who: Who) -> int:
        return self.people[who].id

    def _thing(self, name: str, **where: Any) -> None:
        self.things[name] = self.things.get("the group", {}) | where

    def _new_payout_details(self, who: Who) -> str:
        """What stands in the link of the mail about them."""
        payout_details.change_payout_details(by=self._id(who), details="AT61 1904 3002 3457 3201")
        coming = people.coming_payout_details(self._id(who), clock.now())
        assert coming is not None
        return payout_details.token_of(coming.id)

    def _item(self, name: str, item: Item) -> Item:
        self._thing(name, item_id=item.id)
        self.things[f"a photograph of {name}"] = self._photo_of(item)
        return item

    def _photo_of(self, item: Item) -> Thing:
        return {"photo_id": catalog.photos_of([item.id])[item.id][0].id, "width": 480}

    def _lot(self, name: str, lot: Lot) -> Lot:
        self._item(f"the item of {name}", db.session.get_one(Item, lot.item_id))
        self._thing(name, number=lot.number)
        return lot

    def _deal(
        self, state: State, *, seller: Who = Who.SELLER, buyer: Who = Who.BUYER, pick_up: bool = False,
        terms: Terms | None = None,
    ) -> Order:  # fmt: skip
        group = db.session.get_one(Group, self.group.id)
        return an_order(
            state, group=group, seller=self.people[seller], buyer=self.people[buyer], pick_up=pick_up,
            terms=terms,
        )  # fmt: skip

    def _order(self, name: str, order: Order) -> Order:
        self.things[name] = {"order_id": order.id}
        return order

    def _order_id(self, name: str) -> int:
        return int(self.things[name]["order_id"])

    def _dispute(self, name: str, dispute_id: int, order_id: int) -> None:
        self.things[name] = {"dispute_id": dispute_id}
        self.things[f"the order of {name}"] = {"order_id": order_id}


def a_file(content: bytes | None = None, name: str = "photo.jpg") -> tuple[BytesIO, str]:
    """An upload as a browser sends it."""
    return BytesIO(a_picture() if content is None else content), name
