"""What a payment processor and a bank do with an order's money, in words; and the shapes of all such words."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import LazyString, lazy_gettext as _l

from marketplace.escrow.models import OrderLine
from marketplace.escrow.order_rules import Action, State
from marketplace.escrow.rules import AWAITED

A, S = Action, State


class Done(NamedTuple):
    """A deed, as whoever did it reads it, and as the others do."""

    mine: LazyString
    theirs: LazyString


def same(words: LazyString) -> Done:
    return Done(words, words)


class Now(NamedTuple):
    """What is to be done in a state: as whoever has to do it reads it, as the others do, and what the clock does."""

    mine: LazyString
    theirs: LazyString
    then: LazyString


# Whatever state it led to.
ALSO_DONE: dict[tuple[Action, State | None], Done] = {
    (A.SUBMIT_PAYMENT, None): same(_l("%(buyer)s paid; the bank takes some days")),
    (A.NOTE_FEE, None): same(_l("The payment processor kept a fee of %(amount)s")),
    (A.PAYOUT_WAITS, None): same(_l("The payment of %(amount)s to %(payee)s has to wait")),
    (A.PAYOUT_BOUNCED, None): same(
        _l("The payment of %(amount)s to %(payee)s came back: an officer pays it otherwise")
    ),
    (A.PROPOSE_OTHERWISE, None): Done(
        _l("You proposed to pay %(payee)s otherwise"), _l("%(name)s proposed to pay %(payee)s otherwise")
    ),
    (A.AGREE_OTHERWISE, None): Done(
        _l("You agreed to pay %(payee)s otherwise"), _l("%(name)s agreed to pay %(payee)s otherwise")
    ),
    (A.INQUIRE, None): same(_l("The buyer’s bank asks about the payment. Nothing was taken")),
    (A.OPEN_CHARGEBACK, None): same(_l("The buyer’s bank asks %(amount)s back: the order stands still")),
    (A.WIN_CHARGEBACK, None): same(_l("The bank decided for the seller: the order goes on")),
    (A.LOSE_CHARGEBACK, None): same(_l("The bank decided for the buyer, and keeps %(amount)s")),
    (A.REVERSE_PAYOUT, None): same(_l("%(amount)s was taken back from %(payee)s")),
}

# What a payment processor says. What came, by whether it was held.
BY_GATEWAY: dict[Action, Done] = {
    A.NOT_FOUND: same(_l("The bank did not pay")),
    A.CONFIRM_PAYOUT: same(_l("%(amount)s was paid to %(payee)s")),
    A.PAYOUT_FAILED: same(_l("The payment of %(amount)s to %(payee)s failed, and is tried again")),
}
CAME = same(_l("%(amount)s came in, and is held"))
CAME_ON_TOP = same(_l("%(amount)s came on top, and goes back to %(buyer)s"))

# Where a payment processor does the next thing.
BY_ITSELF: dict[State, Now] = {
    S.PAYMENT_CLAIMED: Now(
        _l("The bank pays"), _l("The bank pays"), _l("Then the order is cancelled, without a strike.")
    ),
} | dict.fromkeys(
    (S.RELEASED, S.REFUNDED, S.SPLIT, S.PAYING_OUT),
    Now(
        _l("The payment processor pays it out"), _l("The payment processor pays it out"),
        _l("If it cannot for too long, two officers pay it otherwise."),
    ),
)  # fmt: skip


def gateway_words(line: OrderLine) -> Done | None:
    """What it says was done, where that reads otherwise than what an officer does."""
    action = Action(line.action)
    if action is Action.CONFIRM_PAYMENT:
        return CAME if State(line.from_state) in AWAITED else CAME_ON_TOP
    return BY_GATEWAY.get(action)
