"""What a transfer in the books was, in words."""

from __future__ import annotations

from flask_babel import LazyString, lazy_gettext as _l

from marketplace.deposits.acting import MEMOS
from marketplace.deposits.payout_rules import Action as PayoutDeed
from marketplace.deposits.rules import Action as Deed
from marketplace.escrow.books import Kind, Row
from marketplace.escrow.order_rules import Action, State

KINDS: dict[Kind, LazyString] = {
    Kind.PAYMENTS: _l("Payments"),
    Kind.PAYOUTS: _l("Payouts"),
    Kind.DECISIONS: _l("Releases, refunds, splits"),
    Kind.FEES: _l("Fees"),
    Kind.DEPOSITS: _l("Deposits"),
}

A, S = Action, State

# By what was done and the state it led to; None where every state reads alike.
WORDS: dict[tuple[Action, State | None], LazyString] = {
    (A.CONFIRM_PAYMENT, S.HELD): _l("Payment held, order %(number)s"),
    (A.CONFIRM_PAYMENT, S.TOPPING_UP): _l("Part payment held, order %(number)s"),
    (A.CONFIRM_PAYMENT, S.REFUNDED): _l("Payment after the end, owed back, order %(number)s"),
    (A.CONFIRM_PAYMENT, S.PAYING_OUT): _l("Payment on top, owed back, order %(number)s"),
    (A.CONFIRM_RECEIPT, None): _l("Released to the seller, order %(number)s"),
    (A.RELEASE, None): _l("Released to the seller after a dispute, order %(number)s"),
    (A.REFUND, None): _l("Refund after a dispute, order %(number)s"),
    (A.DIVIDE, None): _l("Split after a dispute, order %(number)s"),
    (A.CANCEL, None): _l("Refund, cancelled, order %(number)s"),
    (A.ACCEPT_RETURN, None): _l("Refund, sent back, order %(number)s"),
    (A.CONFIRM_PAYOUT, None): _l("Paid out, order %(number)s"),
    (A.PAYOUT_MISSING, None): _l("Payout that did not arrive, owed again, order %(number)s"),
}
# What deposits post: under one memo for each deed, and of a forfeited one with the order's number.
DEPOSITS: dict[str, LazyString] = {
    MEMOS[Deed.CONFIRM]: _l("Deposit put up"),
    MEMOS[Deed.GIVE_BACK]: _l("Deposit to go back to its member"),
    MEMOS[Deed.FORFEIT]: _l("Deposit forfeited, half to the seller, half to the guarantee fund, order %(number)s"),
    MEMOS[PayoutDeed.CONFIRM_PAYOUT]: _l("Paid out of a deposit"),
    MEMOS[PayoutDeed.PAYOUT_MISSING]: _l("Payout out of a deposit that did not arrive, owed again"),
}
# What debts and fees post.
OTHERS: dict[str, LazyString] = {
    "Debt paid": _l("Paid by a member who owed it to the group"),
    "Debt written off": _l("Written off: a member owed it to the group"),
    "Fees paid to the group": _l("Fees paid to the group"),
    "Fees put into the guarantee fund": _l("Fees put into the guarantee fund"),
}
LAPSED: dict[State, LazyString] = {
    S.TOPPING_UP: _l("Refund, not paid in full, order %(number)s"),
    S.HELD: _l("Refund, never shipped, order %(number)s"),
    S.INSPECTING: _l("Released to the seller, inspection over, order %(number)s"),
    S.RETURN_DUE: _l("Released to the seller, never sent back, order %(number)s"),
    S.RETURN_RECEIVED: _l("Refund, sent back, order %(number)s"),
    S.RETURN_CONTESTED: _l("Refund, nobody ruled on the return, order %(number)s"),
}


def what(row: Row) -> str:
    """What this transfer was. One that no order caused is called as it was posted."""
    if row.line is None:
        words = DEPOSITS.get(row.memo) or OTHERS.get(row.memo)
        return str(words) % {"number": row.order_id} if words else row.memo
    action = Action(row.line.action)
    if action is Action.LAPSE:
        words = LAPSED.get(State(row.line.from_state))
    else:
        words = WORDS.get((action, State(row.line.to_state))) or WORDS.get((action, None))
    return str(words) % {"number": row.order_id} if words else row.memo
