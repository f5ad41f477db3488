"""The course of a dispute: what was done, who acts now and what silence means, what comes then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString, lazy_gettext as _l
from markupsafe import Markup

from marketplace.disputes.dispute_rules import Action, Dispute as Facts, Outcome, Party, Remedy, State
from marketplace.disputes.ending_rules import Ending, ending_of
from marketplace.disputes.finding import Case
from marketplace.disputes.queries import View
from marketplace.disputes.rules import days_to_lodge
from marketplace.web.dispute_words import ENDINGS, details_of, done_words, happens, silence_outcome
from marketplace.web.format import length, moment
from marketplace.web.order_words import told

S, P = State, Party


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the course."""

    at: str
    """done, now or next."""
    words: Markup
    detail: Markup | str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands above it all: how long there is, and what happens if nobody acts."""

    head: Markup
    until: datetime | None
    text: Markup
    tone: str = "clock"
    left: Markup | str = ""
    """How long there is, in words."""


# What is to be done in a state: as the one reads it who does it, as the others do.
NOW: dict[State, dict[Party | None, LazyString]] = {
    S.TALKING: {
        None: _l("They talk first"),
        P.BUYER: _l("The two of you talk first"),
        P.SELLER: _l("The two of you talk first"),
    },
    S.AWAITING_ANSWER: {None: _l("%(seller)s answers"), P.SELLER: _l("You answer")},
    S.NEGOTIATING: {
        None: _l("They look for an agreement"),
        P.BUYER: _l("The two of you look for an agreement"),
        P.SELLER: _l("The two of you look for an agreement"),
    },
    S.UNDER_REVIEW: {None: _l("Somebody rules who is party to neither side"), P.RULER: _l("You rule")},
    S.RULED: {
        None: _l("Either side may appeal, once"),
        P.BUYER: _l("You may appeal, once"),
        P.SELLER: _l("You may appeal, once"),
    },
    S.APPEALED: {None: _l("Somebody else rules on the appeal"), P.RULER: _l("You rule on the appeal")},
    S.RETURN_REVIEWED: {None: _l("It is ruled on what came back"), P.RULER: _l("You rule on what came back")},
}

# The head of the notice, likewise.
HEADS: dict[State, dict[Party | None, LazyString]] = {
    S.TALKING: {None: _l("The time to talk ends in")},
    S.AWAITING_ANSWER: {None: _l("The seller’s answer is due in"), P.SELLER: _l("Your answer is due in")},
    S.NEGOTIATING: {None: _l("The time to agree ends in")},
    S.UNDER_REVIEW: {None: _l("A ruling is due in"), P.RULER: _l("Your ruling is due in")},
    S.RULED: {None: _l("The time to appeal ends in")},
    S.APPEALED: {None: _l("A second ruling is due in"), P.RULER: _l("Your ruling is due in")},
    S.RETURN_REVIEWED: {None: _l("A ruling is due in"), P.RULER: _l("Your ruling is due in")},
}
# What follows if nobody acts. %(asked)s, %(ruled)s and %(silence)s are sentences of their own.
SILENCE: dict[State, LazyString] = {
    S.TALKING: _l("Then %(seller)s has %(answer)s to answer. If %(seller)s says nothing by then: %(asked)s"),
    S.AWAITING_ANSWER: _l("If %(seller)s says nothing by then: %(asked)s"),
    S.NEGOTIATING: _l("Without an agreement, somebody who is party to neither side rules."),
    S.UNDER_REVIEW: _l("Without a ruling: %(silence)s"),
    S.RULED: _l("If nobody appeals, the ruling is carried out on %(moves_at)s."),
    S.APPEALED: _l("Without a second ruling the first one stands: %(ruled)s"),
    S.RETURN_REVIEWED: _l("Without a ruling: %(refund)s"),
}
# Where the seller has made an offer while they talk: that is an answer.
SILENCE_AFTER_OFFER = _l(
    "Then there are %(negotiate)s to agree. After that somebody who is party to neither side rules."
)

# What comes after each state, if it goes all the way.
_WAY = [
    (S.AWAITING_ANSWER, _l("%(seller)s answers"), _l("%(answer)s; silence gives %(buyer)s what is asked for")),
    (S.NEGOTIATING, _l("There is time for an agreement"), _l("%(negotiate)s")),
    (S.UNDER_REVIEW, _l("Somebody rules who is party to neither side"), _l("%(rule)s")),
    (S.RULED, _l("Either side may appeal, once"), _l("%(appeal)s, and somebody else rules")),
    (None, _l("The money moves"), _l("When the time to appeal is over")),
]
_ON_WAY = [S.TALKING, *(state for state, _words, _detail in _WAY if state)]
_AT_ONCE = {S.APPEALED: _l("As it is ruled then"), S.RETURN_REVIEWED: _l("As it is ruled then")}


def course_of(view: View, reader_id: int, names: Mapping[int, str]) -> list[Step]:
    """The whole course, from the buyer's word to the money."""
    case = view.case
    steps = []
    for line in view.lines:
        words = done_words(case, line, reader_id, names)
        if words is not None:
            steps.append(Step("done", words, moment(line.at)))
    facts, details = case.dispute.facts(), details_of(case, names)
    if facts.state is State.SETTLED:
        return [*steps, _end(view, names, details)]
    now = told(_for(NOW[facts.state], view.seat), details)
    return [*steps, Step("now", now, until=due(facts)), *_later(facts, details)]


def notice_of(view: View, names: Mapping[int, str]) -> Notice:
    """The deadline, what silence means, or how it ended: the first thing on the page."""
    case = view.case
    facts = case.dispute.facts()
    details = details_of(case, names)
    if facts.state is State.SETTLED:
        return Notice(told(ENDINGS[Ending(case.dispute.ending or "")], details), None, _settled(view, names), "money")
    if facts.state is State.RULED and facts.ruling and view.now >= lodge_by(facts):
        ruled = {"ruled": happens(case, facts.ruling, names)}
        text = told(_l("Nobody can appeal any more. %(ruled)s"), ruled)
        head = told(_l("The ruling is carried out in"), details)
        return Notice(head, facts.deadline, text, left=_left(facts.deadline, view.now))
    head = told(_for(HEADS[facts.state], view.seat), details)
    until, text = due(facts), silence_words(case, names)
    if until is not None and view.now >= until:
        head = told(_l("The time is up"), details)
    return Notice(head, until, text, left=_left(until, view.now))


def settled_before(view: View, names: Mapping[int, str]) -> Markup | None:
    """Where it came back and is reviewed, or was: how it had been settled that it is sent back."""
    for line in view.lines:
        if line.to_state == State.SETTLED:
            ending = ending_of(State(line.from_state), Action(line.action))
            is_back = any(later.action == Action.CONTEST_RETURN for later in view.lines)
            return told(ENDINGS[ending], details_of(view.case, names)) if is_back else None
    return None


def silence_words(case: Case, names: Mapping[int, str]) -> Markup:
    """What follows if nobody acts on a dispute that is open: on its page, and wherever else it is said."""
    facts = case.dispute.facts()
    sentences = {
        "asked": happens(case, facts.asked, names),
        "ruled": happens(case, facts.ruling, names) if facts.ruling else "",
        "silence": happens(case, silence_outcome(case), names),
        "refund": happens(case, Remedy(Outcome.REFUND), names),
        "moves_at": moment(facts.deadline) if facts.deadline else "",
    }
    is_answered = facts.state is State.TALKING and facts.is_answered
    words = SILENCE_AFTER_OFFER if is_answered else SILENCE[facts.state]
    return told(words, {**details_of(case, names), **sentences})


def due(facts: Facts) -> datetime | None:
    """Until when something can be done now: after a ruling, until when it can be appealed."""
    if facts.state is State.RULED:
        return lodge_by(facts)
    return facts.deadline


def lodge_by(facts: Facts) -> datetime:
    """Until when a ruling can be appealed."""
    return facts.since + days_to_lodge(facts.terms)


def _left(until: datetime | None, now: datetime) -> Markup | str:
    """2 days 1 hour, as a clock."""
    if until is None or now >= until:
        return ""
    span = until - now
    clock = Markup('<time class="left" datetime="PT{}S">{}</time>')
    return clock.format(int(span.total_seconds()), length(span))


def _for(words: Mapping[Party | None, LazyString], seat: Party | None) -> LazyString:
    return words.get(seat) or words[None]


def _later(facts: Facts, details: Mapping[str, object]) -> list[Step]:
    if facts.state in _AT_ONCE:
        return [Step("next", told(_l("The money moves"), details), told(_AT_ONCE[facts.state], details))]
    after = _ON_WAY.index(facts.state)
    if facts.state is State.TALKING and facts.is_answered:
        after += 1  # an offer was an answer
    return [Step("next", told(words, details), told(detail, details)) for _state, words, detail in _WAY[after:]]


def _end(view: View, names: Mapping[int, str], details: Mapping[str, object]) -> Step:
    dispute = view.case.dispute
    at = moment(dispute.settled_at) if dispute.settled_at else Markup("")
    return Step("done", told(_l("It is settled"), details), Markup("{}. {}").format(at, _settled(view, names)))


def _settled(view: View, names: Mapping[int, str]) -> Markup:
    remedy = view.case.dispute.settled
    return happens(view.case, remedy, names) if remedy else Markup("")
