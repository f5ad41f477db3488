"""What is said of a dispute: what is wrong, what is asked for, offered or ruled, and what the clock does."""

from __future__ import annotations

from marketplace.disputes.dispute_rules import Outcome, Reason, State


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


REASONS = {
    Reason.NOT_RECEIVED: _("it did not arrive."),
    Reason.NOT_AS_DESCRIBED: _("it is not as described."),
    Reason.NOT_AUTHENTIC: _("it is not authentic."),
    Reason.DAMAGED: _("it is damaged."),
    Reason.PARTS_MISSING: _("parts are missing."),
    Reason.EMPTY_PARCEL: _("the parcel was empty."),
}

REMEDIES = {
    Outcome.RELEASE: _("the money goes to the seller."),
    Outcome.REFUND: _("the money goes back to the buyer."),
    Outcome.SPLIT: _("a part of the money goes back to the buyer, the rest to the seller."),
    Outcome.RETURN_FIRST: _("it is sent back, and then the money goes back to the buyer."),
}

ANSWER = _("answer in the dispute")
IF_NOT_ANSWERED = _("What the buyer asks for is done.")

RULE = _("rule on the dispute")
IF_NOT_RULED = {
    State.UNDER_REVIEW: _("The money goes back to the buyer or, where the pick-up code was used, to the seller."),
    State.APPEALED: _("The first ruling stands."),
    State.RETURN_REVIEWED: _("The money goes back to the buyer."),
}

ANSWER_BANK = _("send the bank what speaks for the seller")
IF_NOT_SENT = _("The bank decides without having heard anything.")
