"""A form for each route that takes one: who sends it, about what, and what he types so that it is accepted."""
# ruff: noqa: E501 - a table is as wide as its columns

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from marketplace.auctions.models import Alias, Lot
from marketplace.disputes import claims
from marketplace.disputes.evidence_rules import Chosen
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web.term_words import typed
from tests.factories.accounts import PASSWORD
from tests.web.groups_pages import founding_form
from tests.web.world import Who, World, a_file

KEY = "key-of-the-form"
"""A client key, as the page makes one for each form."""

Typed = str | Callable[[World], object]


class Sent(NamedTuple):
    """A form that is accepted."""

    by: Who
    of: str
    """The thing of the world that the route is about."""
    fields: dict[str, Typed] = {}  # noqa: RUF012 - never changed
    files: tuple[str, ...] = ()
    """Fields that take a file."""
    file: Callable[[], tuple[BytesIO, str]] = a_file
    """Makes what they take: a photograph, unless said otherwise."""

    def body(self, world: World, **instead: Any) -> dict[str, Any]:
        """What a browser would send; `instead` replaces fields, and None leaves one out."""
        made = {name: str(value(world)) if callable(value) else value for name, value in self.fields.items()}
        hidden = {name: text for name, text in world.things[self.of].items() if name == "subject"}
        body: dict[str, Any] = hidden | made | {name: self.file() for name in self.files} | instead
        return {name: value for name, value in body.items() if value is not None}


def a_table() -> tuple[BytesIO, str]:
    return a_file(b"Title,Kind\nBow teapot,porcelain\n", "items.csv")


def a_statement() -> tuple[BytesIO, str]:
    return a_file(b"Date;Text;Amount\n2026-11-03;Dues;12.00\n", "bank.csv")


def last_month(_world: World) -> object:
    day = clock.datetime.now(ZoneInfo("Europe/Vienna")).replace(day=1) - timedelta(days=1)
    return f"{day:%Y-%m}"


def of(thing: str, name: str) -> Callable[[World], object]:
    """A number that the world gave, such as that of the buyer's address."""
    return lambda world: world.things[thing][name]


def _digest(world: World) -> object:
    """Of what a moderator sends who ticks nothing and says something himself."""
    chosen = Chosen(frozenset(), frozenset(), with_address=False, with_email=False, statement="The tracking says so.")
    claim_id = world.things["a bank’s claim"]["claim_id"]
    with world.app.app_context():
        return claims.gathered(claim_id=claim_id, by=world.ids[Who.MODERATOR], chosen=chosen).digest


def a_bidder(world: World) -> object:
    """The name that somebody has on the running lot."""
    lot = select(Lot.id).where(Lot.number == world.things["a running lot"]["number"])
    with world.app.app_context():
        return db.session.scalar(select(Alias.name).where(Alias.lot_id.in_(lot)).order_by(Alias.id).limit(1))


def in_days(days: int) -> Callable[[World], object]:
    return lambda world: f"{clock.datetime.now(clock.UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}"


_PROFILE: dict[str, Typed] = {
    name: text
    for name, text in founding_form(currency="EUR", time_zone="Europe/Vienna").items()
    if name in set("name collects currency time_zone join_policy question_1 question_2 question_3".split())
}
_ITEM: dict[str, Typed] = {
    "title": "Bow teapot", "description": "From **Steyr**.", "category": "porcelain", "condition": "used",
    "period": "1760", "dimensions": "12 cm", "weight_grams": "850", "claim_label": "Period", "claim_text": "1760",
    "claim_sureness": "likely", "faults": "A chip.", "shipping": "9.80", "shipping_further": "2.50",
    "shipping_to": "Austria",
    "pickup_possible": "1",
}  # fmt: skip
_ADDRESS: dict[str, Typed] = {
    "recipient": "Bruno", "street": "Lindengasse 12", "postal_code": "1070", "city": "Wien", "region": "Wien",
    "country": "AT", "phone": "0660", "is_default": "1",
}  # fmt: skip
_DELIVERY: dict[str, Typed] = {"delivery": of("the buyer's address", "address_id")}
_ALT: dict[str, Typed] = {"alt_1": "The lid, from below"}
_SALE: dict[str, Typed] = {
    "title": "Watches", "words": "All that **ticks**.", "starts_at": in_days(3), "first_end_at": in_days(6),
    "gap_seconds": "30",
}  # fmt: skip
_KEY: dict[str, Typed] = {"client_key": KEY}

# fmt: off
FORMS: dict[str, Sent] = {
    # ---- Oneself ----
    "/sign-in": Sent(Who.ANONYMOUS, "the group", {"email": "nobody@example.org", "password": PASSWORD}),
    "/sign-up": Sent(Who.ANONYMOUS, "the group", {"name": "Nora", "email": "nora@example.org", "password": "many-old-teapots"}),
    "/prove-address": Sent(Who.ANONYMOUS, "the group", {"email": "nobody@example.org"}),
    "/new-password": Sent(Who.ANONYMOUS, "the group", {"email": "nobody@example.org"}),
    "/settings/password": Sent(Who.BUYER, "the group", {"password": PASSWORD, "new_password": "many-new-teapots"}),
    "/settings/email": Sent(Who.BUYER, "the group", {"email": "bruno@example.com"}),
    "/settings/verify": Sent(Who.BUYER, "the group", {"password": PASSWORD}),
    "/settings/profile": Sent(Who.BUYER, "the group", {"name": "Bruno", "about": "Porcelain."}),
    "/settings/picture": Sent(Who.BUYER, "the group", files=("picture",)),
    "/settings/addresses/new": Sent(Who.BUYER, "the group", _ADDRESS),
    "/settings/addresses/<int:address_id>": Sent(Who.BUYER, "the buyer's address", _ADDRESS),
    "/settings/payout-details": Sent(Who.BUYER, "the group", {"details": "AT61 1904 3002 3457 3201"}),

    # ---- Groups ----
    "/groups/new": Sent(Who.OUTSIDER, "the group", dict(founding_form())),
    "/g/<slug>/join": Sent(Who.OUTSIDER, "the group", {"agreed_version": "1", "agrees": "1"}),
    "/g/<slug>/agree": Sent(Who.MEMBER, "the group", {"version": "1"}),
    "/g/<slug>/applications/<int:application_id>": Sent(Who.MODERATOR, "the application", {"decision": "refuse", "reason": "Full."}),
    "/g/<slug>/report": Sent(Who.OTHER_BIDDER, "a running lot to report", {"reason": "New."}),
    "/g/<slug>/reports/<int:report_id>": Sent(Who.MODERATOR, "the report", {"note": "Looked into."}),
    "/g/<slug>/members/<int:person_id>/role": Sent(Who.OWNER, "the member", {"role": "moderator"}),
    "/g/<slug>/members/<int:person_id>/remove": Sent(Who.MODERATOR, "the member", {"reason": "Sold fakes."}),
    "/g/<slug>/settings": Sent(Who.OWNER, "the group", {**_PROFILE, "most_members": "150", "is_listed": "1"}),
    "/g/<slug>/settings/rules": Sent(Who.OWNER, "the group", {"text": "Be kind.", "based_on": "1"}),
    "/g/<slug>/settings/terms": Sent(Who.OWNER, "the group", dict(typed(Terms(days_to_pay=4, deposit_threshold_minor=100_00), "EUR"))),
    "/g/<slug>/treasury/handover/name": Sent(
        Who.OWNER, "the group", {"parting_id": lambda world: world.ids[Who.TREASURER],
                                 "successor_id": lambda world: world.ids[Who.MEMBER]}),
    "/g/<slug>/treasury/handover/<int:handover_id>/state": Sent(
        Who.TREASURER, "the handover", {"amount": "0.00", "reference": "statement 11", "note": ""}),
    "/g/<slug>/treasury/handover/<int:handover_id>/confirm": Sent(
        Who.MEMBER, "the handover", {"amount_minor": "0", "statement": "1"}),
    "/g/<slug>/settings/instructions": Sent(Who.OWNER, "the owner's other group", {"words": "IBAN AT03"}),

    # ---- Items and lots ----
    "/g/<slug>/items/new": Sent(Who.SELLER, "the group", {**_ITEM, **_KEY}),
    "/g/<slug>/items/import": Sent(Who.SELLER, "the group", _KEY, files=("table",), file=a_table),
    "/g/<slug>/items/import/<int:upload_id>": Sent(Who.SELLER, "the seller's table", {"rows": "good"}),
    "/g/<slug>/items/<int:item_id>/edit": Sent(Who.SELLER, "a draft", _ITEM),
    "/g/<slug>/items/<int:item_id>/photos": Sent(Who.SELLER, "a draft", {"photo_id": of("a photograph of a draft", "photo_id"), "alt": "The lid", "do": "save"}),
    "/g/<slug>/items/<int:item_id>/photos/add": Sent(Who.SELLER, "a draft", files=("photos",)),
    "/g/<slug>/items/<int:item_id>/copy": Sent(Who.SELLER, "the item of a running lot", _KEY),
    "/g/<slug>/items/<int:item_id>/remarks": Sent(Who.SELLER, "the item of a running lot", {"text": "It ticks.", **_KEY}),
    "/g/<slug>/items/<int:item_id>/auction": Sent(Who.SELLER, "a published item", {"opening": "5.00", "reserve": "20.00", "buy_now": "50.00", "format": "open", "starts_at": in_days(1), "ends_at": in_days(5), "sale": "", **_KEY}),
    "/g/<slug>/lots/<int:number>/check": Sent(Who.MEMBER, "a running lot", {"maximum": "30.00", **_KEY}),
    "/g/<slug>/lots/<int:number>/bid": Sent(Who.MEMBER, "a running lot", {"maximum": "30.00", "confirmed": "1", "shipping_seen": "980", **_KEY}),
    "/g/<slug>/lots/<int:number>/buy": Sent(Who.MEMBER, "a lot without bids", {"price_seen": "9000", "shipping_seen": "980"}),
    "/g/<slug>/lots/<int:number>/second-chance": Sent(Who.MEMBER, "a lot that was not paid", {"price_seen": "500", "shipping_seen": "980"}),
    "/g/<slug>/lots/<int:number>/offer/check": Sent(Who.BUYER, "a passed lot", {"amount": "4.00", **_KEY}),
    "/g/<slug>/lots/<int:number>/offer": Sent(Who.BUYER, "a passed lot", {"amount": "4.00", "shipping_seen": "980", **_KEY}),
    "/g/<slug>/lots/<int:number>/questions/ask": Sent(Who.MEMBER, "a running lot", {"text": "Does it tick?", **_KEY}),
    "/g/<slug>/lots/<int:number>/questions/<int:question>/answer": Sent(Who.SELLER, "a question", {"text": "It does.", "part": "answer", **_KEY}),
    "/g/<slug>/lots/<int:number>/questions/<int:question>/hide": Sent(Who.MODERATOR, "a question", {"part": "question", "reason": "rude"}),
    "/bids/second-chances": Sent(Who.MEMBER, "the group", {"wants_none": "1"}),
    "/g/<slug>/lots/<int:number>/retract": Sent(Who.OTHER_BIDDER, "a running lot", {"reason": "typo", "maximum": "22.00", **_KEY}),
    "/g/<slug>/lots/<int:number>/retract-for": Sent(Who.MODERATOR, "a running lot", {"bidder": a_bidder, "reason": "typo"}),
    "/g/<slug>/lots/<int:number>/cancel-bids": Sent(Who.SELLER, "a running lot", {"bidder": a_bidder, "reason": "asked"}),
    "/g/<slug>/lots/<int:number>/cancel": Sent(Who.SELLER, "a running lot", {"reason": "broken"}),
    "/g/<slug>/lots/<int:number>/hide": Sent(Who.MODERATOR, "a running lot", {"reason": "New, sold as old."}),
    "/g/<slug>/searches/new": Sent(Who.BUYER, "the group", {"name": "Divers", "q": "Seiko", "kind": "watches", "condition": "used", "price_from": "10.00", "price_to": "300.00", "made_from": "1950", "made_to": "1980", "until": "2030-11-21", "within": "1h", "trust": "low", "no_bids": "1", **_KEY}),
    "/g/<slug>/wants/new": Sent(Who.BUYER, "the group", {"words": "Seiko diver", "kind": "watches", "most": "300.00", **_KEY}),
    "/g/<slug>/sales/new": Sent(Who.MODERATOR, "the group", {**_SALE, **_KEY}),
    "/g/<slug>/sales/<int:number>/change": Sent(Who.MODERATOR, "the sale", _SALE),
    "/g/<slug>/sales/<int:number>/arrange/<int:lot>": Sent(Who.MODERATOR, "a lot of the sale", {"place": "1"}),
    "/g/<slug>/sales/<int:number>/take-out/<int:lot>": Sent(Who.MODERATOR, "a lot of the sale", {"reason": "Not a clock."}),
    "/g/<slug>/sales/<int:number>/call-off": Sent(Who.MODERATOR, "the sale", {"reason": "Too few lots."}),
    "/g/<slug>/lots/<int:number>/sale": Sent(Who.SELLER, "a lot to come", {"sale": of("the sale", "number")}),
    "/g/<slug>/lots/<int:number>/relist": Sent(Who.SELLER, "a passed lot", _KEY),

    # ---- Orders ----
    "/orders/<int:order_id>/messages": Sent(Who.BUYER, "a held order", {"text": "Is it wrapped?", "to_treasurer": "1", **_KEY}),
    "/orders/<int:order_id>/delivery": Sent(Who.BUYER, "a held order without an address", _DELIVERY),
    "/orders/<int:order_id>/return-address": Sent(Who.SELLER, "a return that has nowhere to go", {"delivery": of("the seller's address", "address_id"), **_KEY}),
    "/orders/<int:order_id>/card": Sent(Who.BUYER, "an order to be paid by card", {**_DELIVERY}),
    "/orders/<int:order_id>/sent": Sent(Who.BUYER, "an unpaid order", {**_DELIVERY, **_KEY}),
    "/orders/<int:order_id>/parcel": Sent(Who.BUYER, "an order that could join", {"together": of("an unpaid order", "order_id"), **_KEY}),
    "/parcels/<int:parcel_id>/sent": Sent(Who.BUYER, "a parcel", {**_DELIVERY, **_KEY}),
    "/orders/<int:order_id>/ship": Sent(Who.SELLER, "a held order", {"carrier": "Post", "tracking": "CX 4471", **_KEY}),
    "/orders/<int:order_id>/code": Sent(Who.SELLER, "an order to be picked up", {"code": of("the code of an order to be picked up", "code"), **_KEY}),
    "/orders/<int:order_id>/return-sent": Sent(Who.BUYER, "an order to go back", {"carrier": "Post", "tracking": "RR 1", **_KEY}),
    "/orders/<int:order_id>/return-contested": Sent(Who.SELLER, "an order that came back", {"reason": "The lid is missing.", **_KEY}),
    "/orders/<int:order_id>/payment": Sent(Who.TREASURER, "an order said to be paid", {"amount": "142.00", "bank_reference": "Line 7", **_KEY}, files=("proof",)),
    "/parcels/<int:parcel_id>/payment": Sent(Who.TREASURER, "a parcel said to be paid", {"amount": "284.00", "bank_reference": "Line 7", **_KEY}, files=("proof",)),
    "/orders/<int:order_id>/payouts/<any(buyer, seller):payee>": Sent(Who.TREASURER, "a payout to the seller", {"bank_reference": "Line 8", **_KEY}, files=("proof",)),
    "/orders/<int:order_id>/payouts/<any(buyer, seller):payee>/failed": Sent(Who.TREASURER, "a payout to the seller", {"reason": "Closed account.", **_KEY}),
    "/proposals/<int:proposal_id>/approve": Sent(Who.OWNER, "a proposal", _KEY),
    "/proposals/<int:proposal_id>/withdraw": Sent(Who.TREASURER, "a proposal", _KEY),
    "/proposals/<int:proposal_id>/refuse": Sent(Who.OWNER, "a proposal", {"reason": "Another amount.", **_KEY}),
    "/g/<slug>/treasury/deposits/<int:person_id>": Sent(Who.TREASURER, "a deposit said to be sent", {"amount": "50.00", "bank_reference": "Line 9", **_KEY}, files=("proof",)),
    "/g/<slug>/treasury/deposit-payouts/<int:payout_id>": Sent(Who.TREASURER, "a deposit to be paid back", {"bank_reference": "Line 10", **_KEY}, files=("proof",)),
    "/g/<slug>/treasury/deposit-payouts/<int:payout_id>/failed": Sent(Who.TREASURER, "a deposit to be paid back", {"reason": "Closed account.", **_KEY}),
    "/g/<slug>/treasury/bank": Sent(Who.TREASURER, "the group", {**_KEY}, files=("table",), file=a_statement),
    "/g/<slug>/treasury/bank/other": Sent(Who.TREASURER, "the group", {"amount": "-12.00", "note": "Dues of last year."}),
    "/g/<slug>/treasury/bank/statements/<int:statement_id>/columns": Sent(Who.TREASURER, "a bank's file", {"day": "0", "amount": "2", "texts": "1", "order": "ymd", "mark": "."}),
    "/g/<slug>/treasury/bank/statements/<int:statement_id>/keep": Sent(Who.TREASURER, "a bank's file", {"closing": "120.00"}),
    "/g/<slug>/treasury/bank/lines/<int:line_id>/match": Sent(Who.TREASURER, "a line of the bank", {"chosen": of("a payment on no line", "chosen"), "note": "One cent is missing."}),
    "/g/<slug>/treasury/bank/lines/<int:line_id>/own": Sent(Who.TREASURER, "a line of the bank", {"kind": "not_ours", "note": "Dues."}),
    "/g/<slug>/treasury/bank/attest": Sent(Who.MODERATOR, "the group", {"month": last_month, "bank": "3.00", "note": "Dues."}, files=("proof",)),
    "/orders/<int:order_id>/dispute/new": Sent(Who.BUYER, "an inspected order", {"reason": "not_as_described", "outcome": "split", "part": "20.00", "words": "A later lid.", **_ALT, **_KEY}, files=("photo_1",)),
    "/disputes/<int:dispute_id>/answer": Sent(Who.SELLER, "a dispute", {"outcome": "split", "part": "20.00", "words": "A part, perhaps.", **_ALT, **_KEY}, files=("photo_1",)),
    "/disputes/<int:dispute_id>/accept": Sent(Who.SELLER, "a dispute", _KEY),
    "/disputes/<int:dispute_id>/take-offer": Sent(Who.BUYER, "a dispute with an offer", {"offer": of("the offer", "offer"), **_KEY}),
    "/disputes/<int:dispute_id>/withdraw": Sent(Who.BUYER, "a dispute", _KEY),
    "/disputes/<int:dispute_id>/say": Sent(Who.BUYER, "a dispute", {"words": "See B2.", **_ALT, **_KEY}, files=("photo_1",)),
    "/disputes/<int:dispute_id>/ruling/check": Sent(Who.MODERATOR, "a dispute to rule on", {"outcome": "split", "part": "20.00", "words": "B1 shows it.", **_KEY}),
    "/disputes/<int:dispute_id>/ruling": Sent(Who.MODERATOR, "a dispute to rule on", {"outcome": "split", "part": "20.00", "words": "B1 shows it.", **_KEY}),
    "/disputes/<int:dispute_id>/appeal": Sent(Who.SELLER, "a dispute that was ruled on", {"words": "S1 was not looked at.", **_KEY}),
    "/g/<slug>/treasury/debts/<int:person_id>/paid": Sent(Who.TREASURER, "a debt", {"amount": "3.00", "bank_reference": "Line 7", **_KEY}),
    "/g/<slug>/treasury/debts/<int:person_id>/write-off": Sent(Who.OWNER, "a debt", {"reason": "He has moved.", **_KEY}),
    "/g/<slug>/fees/fund": Sent(Who.OWNER, "the group", {"fund_amount": "2.00", **_KEY}),
    "/operator/fees/<int:request_id>/paid": Sent(Who.OPERATOR, "a request for fees", {"reference": "Wire 7"}),
    "/operator/fees/<int:request_id>/decline": Sent(Who.OPERATOR, "a request for fees", {"reason": "Say where to."}),
    "/g/<slug>/fees/ask": Sent(Who.OWNER, "the owner's other group", {"amount": "2.00"}),
    "/chargebacks/<int:claim_id>/words": Sent(Who.SELLER, "a bank’s claim", {"words": "I sent it on Monday.", **_ALT, **_KEY}, files=("photo_1",)),
    "/chargebacks/<int:claim_id>/check": Sent(Who.MODERATOR, "a bank’s claim", {"statement": "The tracking says so."}),
    "/chargebacks/<int:claim_id>/contest": Sent(Who.MODERATOR, "a bank’s claim", {"statement": "The tracking says so.", "digest": _digest}),
    "/chargebacks/<int:claim_id>/give-up": Sent(Who.MODERATOR, "a bank’s claim", _KEY),
    "/disputes/<int:dispute_id>/rulers": Sent(Who.SELLER, "a dispute to rule on", {"person_id": of("the member", "person_id")}),
    "/disputes/<int:dispute_id>/rulers/accept": Sent(Who.SELLER, "a dispute to rule on", {"person_id": of("the member", "person_id")}),
    "/operator/discrepancies/<int:discrepancy_id>/explained": Sent(Who.OPERATOR, "a discrepancy", {"note": "A gift of ours."}),
    "/orders/<int:order_id>/feedback": Sent(Who.BUYER, "a closed order", {"description": "good", "shipping": "good", "communication": "good", "words": "As shown."}),
}
# fmt: on

FORMLESS = frozenset(
    """
    /disputes/<int:dispute_id>/pass-on
    /g/<slug>/close
    /g/<slug>/treasury/bank/lines/<int:line_id>/undo
    /g/<slug>/treasury/bank/statements/<int:statement_id>/throw-away
    /g/<slug>/items/<int:item_id>/publish
    /g/<slug>/items/<int:item_id>/withdraw
    /g/<slug>/join/withdraw
    /g/<slug>/leave
    /g/<slug>/lots/<int:number>/withdraw
    /g/<slug>/settings/instructions/<int:instructions_id>/approve
    /g/<slug>/treasury/handover/ask
    /g/<slug>/treasury/handover/<int:handover_id>/call-off
    /g/<slug>/settings/instructions/<int:instructions_id>/stop
    /new-password/<token>
    /notices/read
    /operator/events/<int:event_id>/again
    /operator/mails/<int:mail_id>/again
    /prove-address/<token>
    /settings/addresses/<int:address_id>/remove
    /settings/email/<token>
    /settings/card-payments
    /settings/card-payments/dashboard
    /settings/payout-details/change/<token>
    /settings/payout-details/keep
    /settings/picture/remove
    /settings/second-factor
    /settings/second-factor/off
    /settings/second-factor/prove
    /settings/second-factor/recovery-codes
    /settings/sign-out-everywhere
    /sign-in/code
    /sign-out
    /webhooks/stripe
    /webhooks/stripe/connect
    """.split()
)
