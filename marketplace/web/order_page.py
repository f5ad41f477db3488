"""What the page of one order shows to one reader, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import render_template

from marketplace.accounts import queries as accounts
from marketplace.catalog import queries as catalog
from marketplace.disputes.claim_finding import contesters_of
from marketplace.escrow import chargebacks, finding, late_payouts, order_rules, parcel_queries, queries
from marketplace.escrow.judging_rules import open_to
from marketplace.escrow.models import Message, Order, OrderLine
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.parcel_queries import Together
from marketplace.escrow.reference_rules import parcel_reference_of, shown_code
from marketplace.escrow.reminding_rules import name_return_address_until, ship_until
from marketplace.escrow.rules import AWAITED
from marketplace.groups import proposal_queries as proposals, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Deed
from marketplace.kernel import clock
from marketplace.notifications import links
from marketplace.payments import contesting, queries as payments, stripe_client
from marketplace.payments.rules import Through
from marketplace.reputation import queries as reputation
from marketplace.web import late_words
from marketplace.web.chargeback_words import people_of, views_of
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, about
from marketplace.web.order_proceeds import proceeds_of, waits_for
from marketplace.web.order_steps import Reader, places_of, steps_of
from marketplace.web.order_words import BADGES

# Which part of the page says what is to be done in a state: templates/orders/now/<part>.html.
PARTS = {
    State.AWAITING_PAYMENT: "awaiting_payment",
    State.PAYMENT_CLAIMED: "payment_claimed",
    State.TOPPING_UP: "topping_up",
    State.HELD: "held",
    State.SHIPPED: "shipped",
    State.INSPECTING: "inspecting",
    State.DISPUTED: "disputed",
    State.RETURN_DUE: "return_due",
    State.RETURN_SHIPPED: "return_shipped",
    State.RETURN_RECEIVED: "return_received",
    State.RETURN_CONTESTED: "disputed",
    State.RELEASED: "paying_out",
    State.REFUNDED: "paying_out",
    State.SPLIT: "paying_out",
    State.PAYING_OUT: "paying_out",
    State.CLOSED: "ended",
    State.UNPAID: "ended",
    State.CANCELLED: "ended",
    State.CHARGEBACK: "chargeback",
}
_TOGETHER = {State.AWAITING_PAYMENT: Party.BUYER, State.HELD: Party.SELLER}


def order_page(order_id: int, person_id: int, forms: Mapping[str, Form] | None = None) -> str:
    """The page of an order, for a party or an officer who looks after its money. `forms`: those that were refused."""
    order, party = finding.order_for(order_id, person_id)
    group = groups.group(order.group_id)
    about(group)
    now = clock.now()
    lines, messages = queries.lines_of(order.id), queries.messages_of(order.id)
    reader = Reader(person_id, party, accounts.names_of(_people_of(order, lines, messages)))
    facts = order.facts()
    with clock.at(now):  # one page, one moment
        return render_template(
            "orders/show.html",
            order=order,
            facts=facts,
            party=party,
            part=f"orders/now/{PARTS[facts.state]}.html",
            open=set(open_to(facts, by=party, now=now)),
            places=places_of(order, lines, reader),
            steps=steps_of(order, lines, payments.of_order(order.id), reader),
            names=reader.names,
            messages=messages,
            group=group,
            able=able_in(group),
            forms=forms or {},
            blank=Form(),
            A=Action,
            dispute_path=links.dispute(order.id),
            proceeds=proceeds_of(facts, lines),
            takes_cards=stripe_client.is_set_up(),
            **_claims(order, facts, person_id, now),
            is_by_hand=order.is_for_officers,
            waits_for=waits_for(lines) if facts.is_by_gateway else "",
            parcel_reference=parcel_reference_of(order.parcel_id) if order.parcel_id else "",
            **_other_side(order, party),
            **_goods(order),
            **_to_do(order, facts, party, now),
            **late_words.on_page(late_payouts.of_order(order.id, person_id, now)),
        )


def _claims(order: Order, facts: order_rules.Order, person_id: int, now: datetime) -> dict[str, Any]:
    """What the buyer's bank asks, how it was answered, and which of it the reader may answer himself."""
    found = chargebacks.claims_on(order.id) if facts.is_by_gateway else []
    if not found:
        return {"claims": [], "answerable": set()}
    answers = contesting.of_order(order.id)
    views = views_of(found, answers, accounts.names_of(people_of(answers)))
    may = person_id in contesters_of([order], now=now)[order.id].may_contest
    return {"claims": views, "answerable": {view.id for view in views if may and view.is_answerable}}


def _people_of(order: Order, lines: list[OrderLine], messages: list[Message]) -> set[int]:
    acted = {who for line in lines for who in (line.person_id, line.approved_by) if who is not None}
    return {order.buyer_id, order.seller_id, *acted, *(message.author_id for message in messages)}


def _other_side(order: Order, party: Party) -> dict[str, Any]:
    """The person that a party deals with; an officer deals with both."""
    other_id = order.seller_id if party is not Party.SELLER else order.buyer_id
    return {"other_id": other_id, "standing": reputation.standing_of(other_id, order.group_id)}


def _goods(order: Order) -> dict[str, Any]:
    item = catalog.item(order.item_id)
    return {"item": item, "cover": catalog.covers_of([item.id]).get(item.id)}


def _to_do(order: Order, facts: order_rules.Order, party: Party, now: datetime) -> dict[str, Any]:
    """What a reader needs to do his part: where to pay, where it goes, the code."""
    is_buyer, is_seller = party is Party.BUYER, party is Party.SELLER
    pays = is_buyer and facts.state in (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED, State.TOPPING_UP)
    chooses = (is_buyer and facts.held < facts.total) or (is_buyer and facts.state is State.HELD)
    goes_back = is_seller and facts.state is State.RETURN_DUE and not facts.has_return_address
    owed = facts.owed_buyer if is_buyer else facts.owed_seller if is_seller else None
    return {
        "instructions": groups.instructions_of(order.group_id, now) if pays else None,
        "addresses": accounts.addresses_of(order.buyer_id if is_buyer else order.seller_id)
        if chooses or goes_back
        else [],
        "alike": queries.alike(order) if _TOGETHER.get(facts.state) is party else [],
        "parcel": parcel_queries.in_parcels([order.parcel_id])[order.parcel_id] if order.parcel_id else None,
        "parcel_offer": _parcel_offer(order, party, now),
        "code": shown_code(order.pick_up_code) if is_buyer and order.pick_up_code else None,
        "is_found": facts.state in AWAITED and _is_found(order),
        "ship_until": ship_until(facts),
        "name_until": name_return_address_until(facts),
        "may_name": Action.NAME_RETURN_ADDRESS in open_to(facts, by=Party.SELLER, now=now),
        "owed": owed,
        "has_payout_details": accounts.payout_details_of(_own(order, party), now) is not None if owed else True,
    }


def _is_found(order: Order) -> bool:
    """Whether an officer has found the money, and a second one looks at the slip."""
    deeds = [(Deed.PAYMENT, order.id), *([(Deed.PARCEL_PAYMENT, order.parcel_id)] if order.parcel_id else [])]
    return bool(proposals.open_among(deeds))


def _parcel_offer(order: Order, party: Party, now: datetime) -> Together | None:
    """This order and those that could go into one parcel with it, for the buyer who may still put them together."""
    if order.terms.gateway is not Through.TREASURER:
        return None
    if party is not Party.BUYER or Action.JOIN_PARCEL not in open_to(order.facts(), by=party, now=now):
        return None
    others = parcel_queries.could_join(order)
    return Together((order, *others)) if others else None


def _own(order: Order, party: Party) -> int:
    return order.buyer_id if party is Party.BUYER else order.seller_id


def badge(state: str) -> tuple[str, str]:
    """A state in one or two words, and its tone."""
    words, tone = BADGES[State(state)]
    return str(words), tone


def group_of(order: Order) -> Group:
    """The group of an order, which the page is then about."""
    group = groups.group(order.group_id)
    about(group)
    return group
