"""Orders paid by card whose buyers' banks ask the money back, and what people do then."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from marketplace.accounts.models import Person
from marketplace.disputes import claim_finding, claim_record, claims
from marketplace.disputes.evidence import Upload
from marketplace.disputes.evidence_rules import Chosen, default_choice
from marketplace.escrow import card_paying, chargebacks
from marketplace.escrow.chargeback_models import BankClaim
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import db, unit_of_work
from marketplace.payments import checkouts, contesting
from marketplace.payments.contest_models import ContestRow
from marketplace.payments.rules import Through
from marketplace.playmoney import checkout, disputes
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.escrow import an_address, an_order, fresh, receive, release, ship
from tests.factories.groups import a_member
from tests.factories.stripe import BACK, become_seller, hear, now_of

BY_CARD = Terms(fee_basis_points=500, gateway=Through.STRIPE)
_keys = itertools.count(1)


def an_order_by_card(stripe: StandIn, state: State = State.HELD, order: Order | None = None) -> Order:
    """Hammer 132.00, shipping 10.00, the fee 5 %: paid by card, and walked on to `state`. `order`: one to be paid."""
    order = order or an_order(terms=BY_CARD)
    become_seller(stripe, order.seller_id)
    checkout_id = card_paying.begin_card_payment(
        order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id)
    )
    checkouts.open_session(checkout_id, title=card_paying.title_of(order.id, order.buyer_id), **BACK)
    session = now_of(checkout_id)
    with stripe.till.lock:
        checkout.pay(stripe.till, str(session.session_id), card=checkout.FINE)
    hear(stripe)
    way = {State.SHIPPED: [ship], State.INSPECTING: [ship, receive], State.RELEASED: [ship, receive, release]}
    for step in way.get(state, []):
        step(order)
    return fresh(order)


def asked_back(
    stripe: StandIn, order: Order, *, reason: str = "product_not_received", is_inquiry: bool = False
) -> BankClaim:
    """The buyer's bank asks the order's money back."""
    charge = next(each for each in stripe.till.all("charge") if each["metadata"]["order_id"] == str(order.id))
    with stripe.till.lock:
        disputes.open_(stripe.till, charge["id"], reason=reason, is_inquiry=is_inquiry)
    hear(stripe)
    return claim_on(order)


def decided(stripe: StandIn, claim: BankClaim, verdict: str) -> None:
    with stripe.till.lock:
        disputes.decide(stripe.till, claim.reference, verdict)
    hear(stripe)


def claim_on(order: Order) -> BankClaim:
    db.session.rollback()
    return chargebacks.claims_on(order.id)[-1]


def a_moderator(order: Order) -> Person:
    """Somebody without conflict."""
    person = a_person("Viktor Fair", second_factor=True)
    return a_member(db.session.get_one(Group, order.group_id), Role.MODERATOR, person=person)


def the_seller_says(
    claim: BankClaim, words: str = "I sent it on Monday.", *, uploads: Sequence[Upload] = (), **how: bool
) -> None:
    order = db.session.get_one(Order, claim.order_id)
    key = f"key-for-the-bank-{next(_keys)}"
    claims.add(claim_id=claim.id, by=order.seller_id, words=words, uploads=uploads, client_key=key, **how)
    db.session.rollback()


def unless_said_otherwise(claim: BankClaim) -> Chosen:
    order = db.session.get_one(Order, claim.order_id)
    return default_choice(claim_record.record_of(order, claim))


def contested(claim: BankClaim, officer: Person, chosen: Chosen | None = None) -> ContestRow:
    """The officer reads what is sent, and sends it; it is not there yet."""
    chosen = chosen or unless_said_otherwise(claim)
    found = claims.gathered(claim_id=claim.id, by=officer.id, chosen=chosen)
    claims.contest(claim_id=claim.id, by=officer.id, chosen=chosen, digest=found.digest)
    return answer_to(claim)


def answer_to(claim: BankClaim) -> ContestRow:
    db.session.rollback()
    order = db.session.get_one(Order, claim.order_id)
    return contesting.of_order(order.id)[-1][1]


def send() -> None:
    while contesting.send_due_contests():
        pass
    db.session.rollback()


def contests_are_due(at: datetime) -> None:
    """Whatever a worker took on is another's again."""
    with unit_of_work():
        db.session.execute(
            update(ContestRow).where(ContestRow.due_at.is_not(None)).values(due_at=at - timedelta(seconds=1))
        )


def contesters(claim: BankClaim, now: datetime) -> claim_finding.Contesters:
    order = db.session.get_one(Order, claim.order_id)
    return claim_finding.contesters_of([order], now=now)[order.id]
