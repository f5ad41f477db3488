"""What can be chosen in a dispute, each with what follows from it: what is wrong, what is asked, offered or ruled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from flask_babel import LazyString, lazy_gettext as _l
from markupsafe import Markup

from marketplace.disputes.dispute_rules import Action, Outcome, Party, Reason, Remedy, State
from marketplace.disputes.finding import Case
from marketplace.disputes.opening_rules import reasons_open
from marketplace.disputes.schemas import Answer
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import fee_on
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money, zero
from marketplace.web.dispute_words import REASONS, details_of
from marketplace.web.order_words import told

Value = TypeVar("Value", bound=str)
Option = tuple[str, Markup, Markup]
"""Value, text, and what follows from it."""

_NEVER_CAME = {Reason.NOT_RECEIVED, Reason.EMPTY_PARCEL}
_POSTAGE = {True: _l("The seller pays the postage."), False: _l("The buyer pays the postage.")}

_ASKED: dict[Outcome, tuple[LazyString, LazyString]] = {
    Outcome.REFUND: (_l("All of the money back"), _l("You get %(held)s without sending anything back.")),
    Outcome.RETURN_FIRST: (
        _l("Send it back, then all of the money"),
        _l("You send it back within %(days)s. You get %(held)s when it is there. %(postage)s"),
    ),
    Outcome.SPLIT: (_l("A part of the money back"), _l("You keep it, and get what you enter below.")),
}
_RULED: dict[Outcome, tuple[LazyString, LazyString]] = {
    Outcome.REFUND: (_l("Refund it to the buyer"), _l("%(buyer)s gets %(held)s and sends nothing back.")),
    Outcome.RETURN_FIRST: (
        _l("Return first, then refund"),
        _l("%(buyer)s sends it back within %(days)s, and is refunded when it is there. %(postage)s"),
    ),
    Outcome.SPLIT: (_l("Split it"), _l("Say below how much %(buyer)s gets; the rest is released to %(seller)s.")),
    Outcome.RELEASE: (
        _l("Release it to the seller"),
        _l("What was promised holds. %(seller)s gets %(held)s, less the group’s fee."),
    ),
}
_SELLERS: dict[Answer, tuple[LazyString, LazyString]] = {
    Answer.SPLIT: (_l("Offer a part"), _l("%(buyer)s keeps it and gets what you enter below; the rest is yours.")),
    Answer.RETURN_FIRST: (
        _l("Offer to take it back"),
        _l("%(buyer)s sends it back within %(days)s, and is refunded when you have it. %(postage)s"),
    ),
    Answer.REFUND: (_l("Offer all of the money"), _l("%(buyer)s gets %(held)s and sends nothing back.")),
    Answer.CONTEST: (
        _l("Contest it"),
        _l("You say that it is as promised. You have %(negotiate)s to agree all the same, then somebody rules."),
    ),
}
_BUYERS: dict[Answer, tuple[LazyString, LazyString]] = {
    Answer.SPLIT: (_l("A part would do"), _l("You keep it and get what you enter below.")),
    Answer.RETURN_FIRST: (
        _l("Send it back, then all of the money"),
        _l("You send it back within %(days)s, and are refunded when it is there. %(postage)s"),
    ),
}


def reasons(order: Order) -> list[tuple[str, LazyString, LazyString]]:
    """What can be wrong with an order as it stands."""
    possible = reasons_open(OrderState(order.state), code_used=order.code_used)
    return [(reason.value, REASONS[reason].label, REASONS[reason].meaning) for reason in possible]


def asked(order: Order, details: Mapping[str, object]) -> list[Option]:
    """What a buyer can ask for."""
    can_return = order.state != OrderState.SHIPPED
    return _options(_ASKED, {**details, **_postage(order.terms)}, without=() if can_return else (Outcome.RETURN_FIRST,))


def ruled(case: Case, names: Mapping[int, str]) -> list[Option]:
    """What can be ruled: what never came is not sent back, and what came back is not sent again."""
    is_over = case.dispute.state == State.RETURN_REVIEWED or _never_came(case)
    return _options(_RULED, _details(case, names), without=(Outcome.RETURN_FIRST,) if is_over else ())


def offered(case: Case, side: Party, actions: Collection[Action], names: Mapping[int, str]) -> list[Option]:
    """What a side can answer or offer now."""
    without = {Answer.RETURN_FIRST} if _never_came(case) else set()
    if Action.CONTEST not in actions:
        without.add(Answer.CONTEST)
    if side is Party.BUYER:
        return _options(_BUYERS, _details(case, names), without=without)
    if case.dispute.asked_outcome == Outcome.REFUND:
        without.add(Answer.REFUND)  # that is to give what is asked for
    return _options(_SELLERS, _details(case, names), without=without)


def shares(case: Case, remedy: Remedy, names: Mapping[int, str]) -> list[tuple[Markup, Money]]:
    """Who gets how much by a remedy, the group's fee apart: the rows of a slip that add up to what is held."""
    order, held = case.order.facts(), case.dispute.held
    back = {Outcome.SPLIT: remedy.part or zero(held.currency), Outcome.RELEASE: zero(held.currency)}.get(
        remedy.outcome, held
    )
    fee = fee_on(order, held - back) if held - back else zero(held.currency)
    details = details_of(case, names)
    rows = [
        (told(_l("Back to %(buyer)s"), details), back),
        (told(_l("To %(seller)s"), details), held - back - fee),
        (told(_l("The group’s fee"), details), fee),
    ]
    return [(label, amount) for label, amount in rows if amount]


def _never_came(case: Case) -> bool:
    return case.dispute.reason in _NEVER_CAME


def _details(case: Case, names: Mapping[int, str]) -> dict[str, object]:
    return {**details_of(case, names), **_postage(case.dispute.terms)}


def _postage(terms: Terms) -> dict[str, object]:
    return {"postage": _POSTAGE[terms.seller_pays_return]}


def _options(
    table: Mapping[Value, tuple[LazyString, LazyString]], details: Mapping[str, object], *, without: Collection[str]
) -> list[Option]:
    return [
        (str(value), told(text, details), told(then, details))
        for value, (text, then) in table.items()
        if value not in without
    ]
