"""What pages say of questions under lots."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint
from flask_babel import gettext as _, lazy_gettext as _l

from marketplace.auctions import question_rules, questions
from marketplace.auctions.models import Lot
from marketplace.auctions.question_rules import Part, Reason
from marketplace.auctions.questions import Thread
from marketplace.auctions.rules import State
from marketplace.kernel import clock

REASONS = {
    Reason.CONTACT: (_l("It is a way to deal past the group"), _l("An address, a number, an offer to pay otherwise.")),
    Reason.PRIVATE: (_l("It tells something private about somebody"), ""),
    Reason.RUDE: (_l("It is rude"), ""),
    Reason.OFF_TOPIC: (_l("It is not about this lot"), ""),
}
PARTS = {
    Part.QUESTION: _l("The question"),
    Part.ANSWER: _l("The answer"),
    Part.ADDITION: _l("What was added to the answer"),
}


class Talk(NamedTuple):
    """Questions of a lot, newest first, as its reader sees them."""

    threads: list[Thread]
    earlier: int | None
    """The number to go on before; none at the end of the list."""
    reader_id: int | None
    is_open: bool
    """Whether anything can still be asked and answered."""
    is_seller: bool


def register(blueprint: Blueprint) -> None:
    blueprint.add_app_template_filter(hidden_words)


def talk_of(lot: Lot, reader_id: int | None, *, before: int | None = None) -> Talk:
    """The last questions of a lot, or those before a number. One query."""
    threads, earlier = questions.latest(lot.id, before=before)
    is_open = question_rules.is_open_to_questions(State(lot.state), ends_at=lot.ends_at, now=clock.now())
    return Talk(threads, earlier, reader_id, is_open, reader_id is not None and reader_id == lot.seller_id)


def hidden_words(reason: str) -> str:
    """What stands in the place of hidden words."""
    words = {
        Reason.CONTACT: _("Hidden by a moderator: a way to deal past the group."),
        Reason.PRIVATE: _("Hidden by a moderator: something private about somebody."),
        Reason.RUDE: _("Hidden by a moderator: rude."),
        Reason.OFF_TOPIC: _("Hidden by a moderator: not about this lot."),
    }
    return str(words[Reason(reason)])
