"""How a dispute ended, and whose loss that is: what others learn of it."""

from __future__ import annotations

from enum import StrEnum

from marketplace.disputes.dispute_rules import Action, Outcome, Party, Remedy, State


class Ending(StrEnum):
    """By whose word a dispute is settled."""

    AGREED = "agreed"
    WITHDRAWN = "withdrawn"
    RULED = "ruled"
    SELLER_SILENT = "seller_silent"
    NO_RULING = "no_ruling"
    BY_BANK = "by_bank"
    """The buyer's bank took the money back."""


# By these the buyer has his money and the seller the goods, or nobody has them: the item may come up for sale again.
UNDONE_BY = frozenset({Outcome.REFUND, Outcome.RETURN_FIRST})

_BY_WORD = {
    Action.ACCEPT: Ending.AGREED,
    Action.TAKE_OFFER: Ending.AGREED,
    Action.WITHDRAW: Ending.WITHDRAWN,
    Action.RULE: Ending.RULED,
}
_BY_SILENCE = {
    State.AWAITING_ANSWER: Ending.SELLER_SILENT,
    State.UNDER_REVIEW: Ending.NO_RULING,
    State.RULED: Ending.RULED,
    State.APPEALED: Ending.RULED,
    State.RETURN_REVIEWED: Ending.NO_RULING,
}


def ending_of(given: State, action: Action) -> Ending:
    """How a dispute ended that was in `given` and was settled by `action`."""
    return _BY_SILENCE[given] if action is Action.LAPSE else _BY_WORD[action]


def lost_by(ending: Ending, remedy: Remedy) -> Party | None:
    """Who lost: the buyer if a ruling released the money, the seller if a ruling or his own silence gave any away.

    What the two agreed on is nobody's loss, nor is what follows because nobody ruled in time.
    """
    if ending is Ending.SELLER_SILENT:
        return Party.SELLER
    if ending is not Ending.RULED:
        return None
    return Party.BUYER if remedy.outcome is Outcome.RELEASE else Party.SELLER
