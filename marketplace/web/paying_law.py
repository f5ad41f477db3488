"""How paying works, in plain words, with an example that the law itself has computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from flask import Blueprint, render_template

from marketplace.escrow.clause_rules import Flow
from marketplace.escrow.money_rules import FLOWS
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, fees, payable, processor_fee
from marketplace.web import term_words

blueprint = Blueprint("paying_law", __name__)

_CURRENCY, _BUYER, _SELLER, _GROUP, _ORDER = "EUR", 1, 2, 3, 4
_BACK = Money(42_00, _CURRENCY)
"""What the ruling of the example gives the buyer back."""
_KEPT = Money(2_38, _CURRENCY)
"""What a processor keeps of it: 1.5 % and 0.25 (Stripe's price list for Europe, 2026)."""


class End(NamedTuple):
    """One end of the example's order, and who has what of it."""

    name: str
    buyer: Money
    seller: Money
    group: Money
    processor: Money


@blueprint.get("/how-paying-works")
def law() -> str:
    """What is held until when, who moves it, and what happens where something is wrong."""
    usual = Terms()
    return render_template(
        "orders/paying_law.html", order=_order(), ends=_ends(), back=_BACK,
        term=lambda name: term_words.value_of(usual, name, _CURRENCY),
    )  # fmt: skip


@cache
def _ends() -> tuple[End, ...]:
    """Released, refunded, split; and released where it was paid by card."""
    order, by_card = _order(), replace(_order(), processor_fee=_KEPT)
    clock = Deed(Action.LAPSE, Party.CLOCK)
    return (
        _end("released", order, FLOWS[Flow.RELEASE], clock),
        _end("refunded", order, FLOWS[Flow.REFUND], clock),
        _end("split", order, FLOWS[Flow.SPLIT], replace(clock, amount=_BACK)),
        _end("by card", by_card, FLOWS[Flow.RELEASE], clock),
    )


def _end(name: str, order: Order, flow: Callable[[Order, Deed], list[Move]], deed: Deed) -> End:
    came = dict.fromkeys(
        (payable(_GROUP, _BUYER), payable(_GROUP, _SELLER), fees(_GROUP), processor_fee(_ORDER)), order.nothing()
    )
    for move in flow(order, deed):
        came[move.credit] += move.amount
    return End(name, *came.values())


def _order() -> Order:
    nothing = Money(0, _CURRENCY)
    hammer, shipping = Money(132_00, _CURRENCY), Money(10_00, _CURRENCY)
    return Order(
        id=_ORDER, group_id=_GROUP, state=State.INSPECTING, buyer_id=_BUYER, seller_id=_SELLER, hammer=hammer,
        shipping=shipping, terms=Terms(), since=datetime(2026, 1, 1, tzinfo=UTC), deadline=None, held=hammer + shipping,
        owed_buyer=nothing, owed_seller=nothing, paid_buyer=nothing, paid_seller=nothing,
    )  # fmt: skip
