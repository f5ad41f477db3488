"""Deposits in words: where one stands, what was done to it, and what a lot says of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext as _l

from marketplace.auctions.models import Lot
from marketplace.deposits import asking_rules, finding
from marketplace.deposits.models import DepositLine
from marketplace.deposits.payout_rules import Action as PayoutAction
from marketplace.deposits.rules import Action, State
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.web.format import sentence_of

STATES: dict[State, tuple[LazyString, str]] = {
    State.EMPTY: (_l("none"), ""),
    State.CLAIMED: (_l("being looked for"), "doubt"),
    State.STANDING: (_l("stands"), "money"),
    State.RETURN_ASKED: (_l("goes back"), "doubt"),
}

DONE: dict[str, LazyString] = {
    Action.SAY_SENT: _l("Said to be sent"),
    Action.CONFIRM: _l("Came in, confirmed by an officer"),
    Action.NOT_FOUND: _l("Not found by the treasurer"),
    Action.ASK_RETURN: _l("Asked back"),
    Action.KEEP: _l("Kept after all"),
    Action.GIVE_BACK: _l("To be paid back"),
    Action.FORFEIT: _l("Forfeited: %(note)s was not paid"),
    Action.LAPSE: _l("Not looked for in time"),
    PayoutAction.CONFIRM_PAYOUT: _l("Paid out"),
    PayoutAction.PAYOUT_FAILED: _l("Payout failed: %(note)s"),
    PayoutAction.PAYOUT_MISSING: _l("Payout did not arrive"),
    PayoutAction.PAYOUT_LATE: _l("Payout late: every officer is asked"),
}


def badge(state: str) -> tuple[str, str]:
    """A state in a word or two, and its tone."""
    words, tone = STATES[State(state)]
    return str(words), tone


def done(line: DepositLine) -> str:
    """A line of a deposit's history."""
    return str(DONE[line.action]) % {"note": line.note}


@dataclass(frozen=True, slots=True)
class Note:
    """What a lot's page says of a deposit."""

    asked: Money
    """Of everybody; nothing, where the lot asks for none."""
    needed: Money
    """Of this reader."""
    trouble: str
    """Why he cannot bid with what he has; empty if he can."""


def note_of(lot: Lot, person_id: int | None) -> Note:
    """What this lot asks of its reader. One query, or none for who has not signed in or sells it."""
    if person_id is None or person_id == lot.seller_id:
        return Note(lot.deposit, lot.deposit, "")
    deposit = finding.deposit_of(lot.group_id, person_id)
    standing = None if deposit is None else deposit.standing
    usual, now = asking_rules.usual(lot.terms, lot.currency), clock.now()
    needed = asking_rules.needed(standing, asked=lot.deposit, usual=usual, now=now)
    try:
        asking_rules.check(standing, asked=lot.deposit, usual=usual, now=now)
    except asking_rules.DepositNeeded as refusal:
        return Note(lot.deposit, needed, sentence_of(refusal))
    return Note(lot.deposit, needed, "")
