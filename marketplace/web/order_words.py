"""An order's history and what lies before it, in words: for the buyer, for the seller, for an officer."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext as _, lazy_gettext as _l
from markupsafe import Markup

from marketplace.escrow.models import OrderLine
from marketplace.escrow.order_rules import Action, Order, Party, State
from marketplace.escrow.reminding_rules import Due
from marketplace.kernel.money import Money
from marketplace.web.format import money
from marketplace.web.order_card_words import ALSO_DONE, BY_ITSELF, Done, Now, gateway_words, same

A, S, P = Action, State, Party


# What was done, by its action and the state it led to; None where every state reads alike.
# %(name)s did it, %(payee)s was or is paid.
DONE: dict[tuple[Action, State | None], Done] = {
    **ALSO_DONE,
    (A.SAY_SENT, None): Done(_l("You said that the payment is sent"), _l("%(name)s said that the payment is sent")),
    (A.CONFIRM_PAYMENT, S.HELD): Done(
        _l("You confirmed %(amount)s: all of it is held"), _l("The treasurer confirmed %(amount)s: all of it is held")
    ),
    (A.CONFIRM_PAYMENT, S.TOPPING_UP): Done(
        _l("You confirmed %(amount)s, which is not all of it"),
        _l("The treasurer confirmed %(amount)s, which is not all of it"),
    ),
    (A.CONFIRM_PAYMENT, S.REFUNDED): Done(
        _l("You confirmed %(amount)s, which came too late"),
        _l("The treasurer confirmed %(amount)s, which came too late"),
    ),
    (A.CONFIRM_PAYMENT, S.PAYING_OUT): Done(
        _l("You confirmed %(amount)s on top, which goes back to %(buyer)s"),
        _l("The treasurer confirmed %(amount)s on top, which goes back to %(buyer)s"),
    ),
    (A.PROPOSE_PAYMENT, None): Done(
        _l("You found the payment: a second officer looks at the slip"),
        _l("The treasurer found the payment: a second officer looks at the slip"),
    ),
    (A.NOT_FOUND, None): Done(_l("You could not find the payment"), _l("The treasurer could not find the payment")),
    (A.PROPOSE_CANCEL, None): Done(_l("You proposed to cancel"), _l("%(name)s proposed to cancel")),
    (A.AGREE_CANCEL, None): Done(_l("You agreed to cancel"), _l("%(name)s agreed to cancel")),
    (A.JOIN_PARCEL, None): Done(_l("You put it into a parcel"), _l("%(name)s put it into a parcel")),
    (A.LEAVE_PARCEL, None): Done(_l("You took it out of the parcel"), _l("%(name)s took it out of the parcel")),
    (A.SHARE_ANEW, None): same(_l("Its part of the parcel’s shipping became %(amount)s")),
    (A.FALL_SHORT, None): Done(
        _l("You confirmed too little for the parcel: nothing of it was left for this order"),
        _l("The treasurer confirmed too little for the parcel: nothing of it was left for this order"),
    ),
    (A.SHIP, None): Done(_l("You shipped it"), _l("%(name)s shipped it")),
    (A.CANCEL, None): Done(
        _l("You cancelled: %(amount)s goes back to %(buyer)s"),
        _l("%(name)s cancelled: %(amount)s goes back to %(buyer)s"),
    ),
    (A.SAY_ARRIVED, None): Done(_l("You said that it arrived"), _l("%(name)s said that it arrived")),
    (A.USE_CODE, None): same(_l("It was handed over, proved with the buyer’s code")),
    (A.CONFIRM_RECEIPT, None): Done(
        _l("You confirmed receipt: %(amount)s is released"), _l("%(name)s confirmed receipt: %(amount)s is released")
    ),
    (A.EXTEND, None): Done(
        _l("You took %(days)s more days to inspect it"), _l("%(name)s took %(days)s more days to inspect it")
    ),
    (A.NOT_RECEIVED, None): Done(_l("You said that it did not arrive"), _l("%(name)s said that it did not arrive")),
    (A.DISPUTE, None): Done(_l("You said that something is wrong"), _l("%(name)s said that something is wrong")),
    (A.RELEASE, None): same(_l("The dispute ended: %(amount)s is released to %(seller)s")),
    (A.REFUND, None): same(_l("The dispute ended: %(amount)s goes back to %(buyer)s")),
    (A.DIVIDE, None): same(_l("The dispute ended: %(amount)s goes back to %(buyer)s, the rest to %(seller)s")),
    (A.RETURN_FIRST, None): same(_l("The dispute ended: it is sent back first, then refunded")),
    (A.NAME_RETURN_ADDRESS, None): Done(
        _l("You said where it goes back to"), _l("%(name)s said where it goes back to")
    ),
    (A.SHIP_RETURN, None): Done(_l("You sent it back"), _l("%(name)s sent it back")),
    (A.SAY_RETURN_ARRIVED, None): Done(_l("You said that it is back"), _l("%(name)s said that it is back")),
    (A.ACCEPT_RETURN, None): Done(
        _l("You accepted the return: %(amount)s goes back to %(buyer)s"),
        _l("%(name)s accepted the return: %(amount)s goes back to %(buyer)s"),
    ),
    (A.CONTEST_RETURN, None): Done(_l("You contested what came back"), _l("%(name)s contested what came back")),
    (A.CONFIRM_PAYOUT, None): Done(_l("You paid %(payee)s %(amount)s"), _l("The treasurer paid %(payee)s %(amount)s")),
    (A.PAYOUT_FAILED, None): Done(
        _l("Your payout of %(amount)s to %(payee)s did not go through"),
        _l("The payout of %(amount)s to %(payee)s did not go through"),
    ),
    (A.PAYOUT_MISSING, None): Done(
        _l("You said that the payout of %(amount)s did not arrive"),
        _l("%(name)s said that the payout of %(amount)s did not arrive"),
    ),
}

# What the clock did, by the states before and after. What is not here is no news to anybody.
LAPSED: dict[tuple[State, State], LazyString] = {
    (S.AWAITING_PAYMENT, S.UNPAID): _l("It was not paid in time: the order ended"),
    (S.PAYMENT_CLAIMED, S.PAYMENT_CLAIMED): _l("The treasurer was late: any other officer may confirm the payment"),
    (S.PAYMENT_CLAIMED, S.CANCELLED): _l("No officer confirmed the payment in time: the order is cancelled"),
    (S.TOPPING_UP, S.REFUNDED): _l("The rest did not come in time: %(amount)s goes back to %(buyer)s"),
    (S.TOPPING_UP, S.CANCELLED): _l("The rest did not come in time: the order is cancelled"),
    (S.HELD, S.REFUNDED): _l("It was not shipped in time: %(amount)s goes back to %(buyer)s"),
    (S.SHIPPED, S.INSPECTING): _l("The time in transit was over: the inspection began by itself"),
    (S.INSPECTING, S.RELEASED): _l("The inspection was over: %(amount)s is released to %(seller)s"),
    (S.RETURN_DUE, S.RELEASED): _l("It was not sent back in time: %(amount)s is released to %(seller)s"),
    (S.RETURN_DUE, S.REFUNDED): _l("It had nowhere to go back to: %(amount)s goes back to %(buyer)s"),
    (S.RETURN_SHIPPED, S.RETURN_RECEIVED): _l("The time in transit was over: the return counts as arrived"),
    (S.RETURN_RECEIVED, S.REFUNDED): _l("The return was not contested in time: %(amount)s goes back to %(buyer)s"),
    (S.RETURN_CONTESTED, S.REFUNDED): _l("Nobody ruled in time: %(amount)s goes back to %(buyer)s"),
    (S.PAYING_OUT, S.PAYING_OUT): _l("The payout is late: any other officer may make it"),
}


NOW: dict[State, Now] = {
    S.AWAITING_PAYMENT: Now(
        _l("You pay %(missing)s"), _l("%(buyer)s pays %(missing)s"),
        _l("Then the order ends unpaid, with a strike for the buyer."),
    ),
    S.PAYMENT_CLAIMED: Now(
        _l("You look for the payment"), _l("The treasurer looks for the payment"),
        _l("Then any other officer may confirm it."),
    ),
    S.TOPPING_UP: Now(
        _l("You send the rest, %(missing)s"), _l("%(buyer)s sends the rest, %(missing)s"),
        _l("Then %(held)s goes back to the buyer, and the order ends."),
    ),
    S.HELD: Now(_l("You ship it"), _l("%(seller)s ships it"), _l("Then the money goes back to the buyer.")),
    S.SHIPPED: Now(
        _l("You say when it arrives"), _l("%(buyer)s says when it arrives"), _l("Then the inspection begins by itself.")
    ),
    S.INSPECTING: Now(
        _l("You inspect it"), _l("%(buyer)s inspects it"), _l("Then the money is released by the clock.")
    ),
    S.DISPUTED: Now(
        _l("It is disputed"), _l("It is disputed"),
        _l("Until that is settled every other clock of the order stands still."),
    ),
    S.RETURN_DUE: Now(
        _l("You send it back"), _l("%(buyer)s sends it back"), _l("Then the money is released to the seller.")
    ),
    S.RETURN_SHIPPED: Now(
        _l("You say when it is back"), _l("%(seller)s says when it is back"), _l("Then it counts as arrived.")
    ),
    S.RETURN_RECEIVED: Now(
        _l("You look at what came back"), _l("%(seller)s looks at what came back"),
        _l("Then the money goes back to the buyer."),
    ),
    S.RETURN_CONTESTED: Now(
        _l("It is ruled on what came back"), _l("It is ruled on what came back"),
        _l("Then the money goes back to the buyer."),
    ),
    S.CHARGEBACK: Now(
        _l("The buyer’s bank decides"), _l("The buyer’s bank decides"),
        _l("Until then the order stands still, and no money leaves."),
    ),
    S.PAYING_OUT: Now(
        _l("You pay it out"), _l("The treasurer pays it out"), _l("Then any other officer may do it.")
    ),
}  # fmt: skip
# Where the money has just become somebody's, the payout waits for the worker's next round.
NOW |= dict.fromkeys((S.RELEASED, S.REFUNDED, S.SPLIT), NOW[S.PAYING_OUT])

# Where a payment for the whole parcel was too little, and nothing of it was left for this order.
EMPTY = NOW[S.TOPPING_UP]._replace(then=_l("Then the order is cancelled, without a strike."))

# Where the buyer paid before he said where it goes.
NAME_ADDRESS = Now(
    _l("You say where it goes"), _l("%(buyer)s says where it goes"), _l("Then the money goes back to the buyer.")
)

# Where nobody has said where it goes back to: while the seller still can, and after that.
NOWHERE_YET = Now(
    _l("You say where it goes back to"), _l("%(seller)s says where it goes back to"),
    _l("Then nothing comes back, and the money goes back to the buyer."),
)  # fmt: skip
NOWHERE = Now(
    _l("It has nowhere to go back to"), _l("It has nowhere to go back to"),
    _l("Then the money goes back to the buyer."),
)  # fmt: skip

THEN_FOR_SECOND_OFFICER = {
    S.PAYMENT_CLAIMED: _l("Then the order is cancelled, without a strike."),
    S.PAYING_OUT: _l("Then every officer is asked again."),
}

# A state in one or two words, and the tone of its badge.
BADGES: dict[State, tuple[LazyString, str]] = {
    S.AWAITING_PAYMENT: (_l("To be paid"), "clock"),
    S.PAYMENT_CLAIMED: (_l("Said to be sent"), "doubt"),
    S.TOPPING_UP: (_l("Rest to be paid"), "doubt"),
    S.HELD: (_l("Held, to be shipped"), "money"),
    S.SHIPPED: (_l("Held, on its way"), "money"),
    S.INSPECTING: (_l("Held, inspected"), "money"),
    S.DISPUTED: (_l("Held, disputed"), "clock"),
    S.RETURN_DUE: (_l("Held, to be sent back"), "money"),
    S.RETURN_SHIPPED: (_l("Held, on its way back"), "money"),
    S.RETURN_RECEIVED: (_l("Held, back with the seller"), "money"),
    S.RETURN_CONTESTED: (_l("Held, return contested"), "clock"),
    S.RELEASED: (_l("Released"), "money"),
    S.REFUNDED: (_l("Refunded"), "money"),
    S.SPLIT: (_l("Split"), "money"),
    S.PAYING_OUT: (_l("Being paid out"), "money"),
    S.CLOSED: (_l("Closed"), ""),
    S.UNPAID: (_l("Unpaid"), "clock"),
    S.CANCELLED: (_l("Cancelled"), ""),
    S.CHARGEBACK: (_l("Asked back by the bank"), "clock"),
}


def told(words: LazyString | str, details: Mapping[str, object]) -> Markup:
    """A sentence with its details: sums as money, all else as text."""
    shown = {name: money(value) if isinstance(value, Money) else value for name, value in details.items()}
    return Markup(str(words)) % shown  # noqa: S704 - the sentence is ours, and Markup escapes what goes in


def done_words(line: OrderLine, reader_id: int, details: Mapping[str, object]) -> Markup | None:
    """What was done, for this reader; None where that is no news to anybody."""
    action, was, then = Action(line.action), State(line.from_state), State(line.to_state)
    if action is Action.LAPSE:
        lapsed = LAPSED.get((was, then))
        return told(lapsed, details) if lapsed else None
    by_gateway = gateway_words(line) if line.by_party == Party.GATEWAY else None
    words = by_gateway or DONE.get((action, then)) or DONE[action, None]
    return told(words.mine if line.person_id == reader_id else words.theirs, details)


def now_words(order: Order, due: Due | None) -> Now | None:
    """What is to be done, and what the clock does then."""
    if order.state is State.RETURN_DUE and not order.has_return_address:
        return NOWHERE_YET if due else NOWHERE
    if order.state is State.HELD and order.is_address_missing:
        return NAME_ADDRESS
    if order.state is State.TOPPING_UP and not order.held:
        return EMPTY
    words = NOW.get(order.state)
    if order.is_by_gateway and order.state in BY_ITSELF and due is None:
        return BY_ITSELF[order.state]
    if words and order.is_second_officer_due and order.state in THEN_FOR_SECOND_OFFICER:
        return words._replace(then=THEN_FOR_SECOND_OFFICER[order.state])
    return words


def next_words(order: Order) -> list[tuple[LazyString | str, LazyString | str]]:
    """What comes after that, if all goes well: what, and how long it may take."""
    seller = order.total - order.fee
    words = {"amount": seller, "fee": order.fee, "days": order.terms.days_to_pay_out}
    fee = _("The group’s fee of %(fee)s comes off.") if order.fee else ""
    steps = [
        (
            _l("It is held at the payment processor") if order.is_by_gateway else _l("The group holds the money"),
            _l("Not the seller’s yet, and not the group’s."),
        ),
        (
            _l("%(seller)s ships it"),
            _("Within %(days)s days, else the buyer may cancel.", days=order.terms.days_to_ship),
        ),
        (
            _l("%(buyer)s inspects it, and confirms or disputes"),
            _("Within %(days)s days of arrival.", days=order.terms.days_to_inspect),
        ),
        (
            told(_pays(order), words),
            told(_("Within %(days)s days of release.") + f" {fee}", words),
        ),
        (
            _l("Buyer and seller rate each other, unseen until both have"),
            _("%(days)s days after the order closes", days=order.terms.days_for_feedback),
        ),
    ]
    return steps[_FIRST_NEXT[order.state] :] if order.state in _FIRST_NEXT else []


def _pays(order: Order) -> str:
    if order.is_by_gateway:
        return str(_("The payment processor pays the seller %(amount)s, less its own fee"))
    return str(_("The treasurer pays the seller %(amount)s"))


# Which of those steps comes next.
_FIRST_NEXT = {
    S.AWAITING_PAYMENT: 0, S.PAYMENT_CLAIMED: 0, S.TOPPING_UP: 0, S.HELD: 2, S.SHIPPED: 2, S.INSPECTING: 3,
    S.RELEASED: 4, S.REFUNDED: 4, S.SPLIT: 4, S.PAYING_OUT: 4, S.CLOSED: 4,
}  # fmt: skip
