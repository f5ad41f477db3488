"""Disputes in words: what is wrong, what is wanted, what silence means, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from flask_babel import LazyString, lazy_gettext as _l
from markupsafe import Markup

from marketplace.disputes.dispute_rules import Action, Outcome, Reason, Remedy, State
from marketplace.disputes.ending_rules import Ending
from marketplace.disputes.finding import Case
from marketplace.disputes.models import DisputeLine, Told
from marketplace.disputes.queries import CameBack
from marketplace.disputes.telling import for_the_buyer
from marketplace.groups.rules import Role
from marketplace.kernel.money import Money
from marketplace.web.format import day, length
from marketplace.web.order_words import told


class ReasonWords(NamedTuple):
    """A reason as it is chosen, what it means, and the question that the page then asks."""

    label: LazyString
    meaning: LazyString
    question: LazyString


REASONS = {
    Reason.NOT_RECEIVED: ReasonWords(
        _l("It did not arrive"), _l("It is lost, or much later than it should be."), _l("Did %(title)s arrive?")
    ),
    Reason.NOT_AS_DESCRIBED: ReasonWords(
        _l("It is not as described"),
        _l("Something that the listing promises is not so: its age, its state, a repair."),
        _l("Is it as described: %(title)s?"),
    ),
    Reason.NOT_AUTHENTIC: ReasonWords(
        _l("It is not authentic"),
        _l("A copy or a fake. There is no talking first: the seller has to answer at once."),
        _l("Is it authentic: %(title)s?"),
    ),
    Reason.DAMAGED: ReasonWords(
        _l("It arrived damaged"),
        _l("It broke on its way. Keep the packing, and show it."),
        _l("Did it arrive damaged: %(title)s?"),
    ),
    Reason.PARTS_MISSING: ReasonWords(
        _l("Parts are missing"),
        _l("Something that belongs to it by the listing was not in the parcel."),
        _l("Are parts missing: %(title)s?"),
    ),
    Reason.EMPTY_PARCEL: ReasonWords(
        _l("The parcel was empty"),
        _l("Or held something else. There is no talking first: the seller has to answer at once."),
        _l("Was the parcel empty: %(title)s?"),
    ),
}

# What one side asks for or offers, as the slip says it.
WANTED = {
    Outcome.REFUND: _l("all of the money back"),
    Outcome.SPLIT: _l("a part of the money back"),
    Outcome.RETURN_FIRST: _l("return first, then all of it back"),
    Outcome.RELEASE: _l("nothing"),
}
# What becomes of the money.
HAPPENS = {
    Outcome.REFUND: _l("%(held)s goes back to %(buyer)s."),
    Outcome.SPLIT: _l("%(part)s goes back to %(buyer)s, and the rest is released to %(seller)s."),
    Outcome.RETURN_FIRST: _l("%(buyer)s sends it back within %(days)s, and gets %(held)s when it is there."),
    Outcome.RELEASE: _l("%(held)s is released to %(seller)s."),
}
# As a deed, for buttons.
DEEDS = {
    Outcome.REFUND: _l("refund %(held)s to %(buyer)s"),
    Outcome.SPLIT: _l("%(part)s back to %(buyer)s, the rest to %(seller)s"),
    Outcome.RETURN_FIRST: _l("return it first, then refund %(held)s to %(buyer)s"),
    Outcome.RELEASE: _l("release %(held)s to %(seller)s"),
}

ENDINGS = {
    Ending.AGREED: _l("They agreed."),
    Ending.WITHDRAWN: _l("%(buyer)s withdrew the dispute."),
    Ending.RULED: _l("It was ruled."),
    Ending.SELLER_SILENT: _l("%(seller)s said nothing in time, so %(buyer)s gets what was asked for."),
    Ending.NO_RULING: _l("Nobody ruled in time."),
    Ending.BY_BANK: _l("The buyer’s bank took the money back."),
}

# Of an earlier sale of what is for sale again, for everybody: without names or sums.
SOLD_BEFORE = _l("Sold before, as lot %(number)s on %(day)s, and undone: %(wrong)s.")
# It may be the same thing or another one like it: readers are told what is known, and ask.
COPY_SOLD_BEFORE = _l(
    "This item is a copy, or was copied. An item with the same origin was sold before, as lot %(number)s on %(day)s, "
    "and undone: %(wrong)s."
)
CAME_BACK = {
    Reason.NOT_RECEIVED: _l("it did not arrive"),
    Reason.NOT_AS_DESCRIBED: _l("not as described"),
    Reason.NOT_AUTHENTIC: _l("not authentic"),
    Reason.DAMAGED: _l("it arrived damaged"),
    Reason.PARTS_MISSING: _l("parts were missing"),
    Reason.EMPTY_PARCEL: _l("the parcel was empty"),
}
DECIDED = {
    Ending.AGREED: _l("The two agreed:"),
    Ending.WITHDRAWN: _l("The dispute was withdrawn:"),
    Ending.RULED: _l("The ruling:"),
    Ending.SELLER_SILENT: _l("The seller said nothing in time:"),
    Ending.NO_RULING: _l("Nobody ruled in time:"),
    Ending.BY_BANK: _l("The buyer’s bank took the money back:"),
}

ROLES = {
    Role.MODERATOR: _l("You rule as moderator"),
    Role.OWNER: _l("No moderator is free to rule, so you may as owner"),
    Role.TREASURER: _l("No moderator is free to rule, so you may as treasurer"),
    Role.MEMBER: _l("No officer is free to rule, and both sides accepted you"),
}


class Done(NamedTuple):
    """A deed, as whoever did it reads it, and as the others do."""

    mine: LazyString
    theirs: LazyString


DONE: dict[str, Done] = {
    Told.OPEN: Done(_l("You opened the dispute"), _l("%(name)s opened the dispute")),
    Told.PASS_ON: Done(_l("You passed the case on"), _l("%(name)s passed the case on")),
    Told.PROPOSE_RULER: Done(_l("You proposed that %(named)s rules"), _l("%(name)s proposed that %(named)s rules")),
    Told.ACCEPT_RULER: Done(_l("You agreed that %(named)s rules"), _l("%(name)s agreed that %(named)s rules")),
    Action.OFFER: Done(_l("You offered: %(deed)s"), _l("%(name)s offered: %(deed)s")),
    Action.TAKE_OFFER: Done(_l("You took the offer"), _l("%(name)s took the offer")),
    Action.ACCEPT: Done(_l("You gave what was asked for"), _l("%(name)s gave what was asked for")),
    Action.CONTEST: Done(_l("You contested it"), _l("%(name)s contested it")),
    Action.WITHDRAW: Done(_l("You withdrew the dispute"), _l("%(name)s withdrew the dispute")),
    Action.RULE: Done(_l("You ruled: %(deed)s"), _l("%(name)s ruled: %(deed)s")),
    Action.APPEAL: Done(_l("You appealed"), _l("%(name)s appealed")),
    Action.CONTEST_RETURN: Done(_l("You contested what came back"), _l("%(name)s contested what came back")),
}
LAPSED = {
    State.TALKING: _l("Talking for %(talk)s brought no agreement"),
    State.AWAITING_ANSWER: _l("%(seller)s did not answer"),
    State.NEGOTIATING: _l("There was no agreement in %(negotiate)s"),
    State.UNDER_REVIEW: _l("Nobody ruled in time"),
    State.RULED: _l("The time to appeal is over"),
    State.APPEALED: _l("Nobody ruled on the appeal: the first ruling stands"),
    State.RETURN_REVIEWED: _l("Nobody ruled in time on what came back"),
}


def details_of(case: Case, names: Mapping[int, str], remedy: Remedy | None = None) -> dict[str, object]:
    """What the sentences about a dispute may name."""
    order, dispute = case
    terms = dispute.terms
    return {
        "title": order.title,
        "buyer": names[order.buyer_id],
        "seller": names[order.seller_id],
        "held": dispute.held,
        "part": for_the_buyer(remedy, dispute.held) if remedy else dispute.held,
        "days": days(terms.days_to_post_return),
        "talk": days(terms.days_to_talk),
        "answer": days(terms.days_to_answer),
        "negotiate": days(terms.days_to_negotiate),
        "rule": days(terms.days_to_rule),
        "appeal": days(terms.days_to_appeal),
    }


def days(count: int) -> str:
    """3 days."""
    return length(timedelta(days=count))


def came_back_words(sales: Iterable[CameBack]) -> list[tuple[Markup, str]]:
    """Earlier sales of what is for sale again, for everybody: what was wrong, and what was decided."""
    return [
        (
            told(
                COPY_SOLD_BEFORE if sale.is_of_copy else SOLD_BEFORE,
                {"number": sale.lot_number, "day": day(sale.sold_at), "wrong": CAME_BACK[sale.reason]},
            ),
            f"{DECIDED[sale.ending]} {WANTED[sale.outcome]}.",
        )
        for sale in sales
    ]


def happens(case: Case, remedy: Remedy, names: Mapping[int, str]) -> Markup:
    """What becomes of the money, as a sentence."""
    return told(HAPPENS[remedy.outcome], details_of(case, names, remedy))


def deed(case: Case, remedy: Remedy, names: Mapping[int, str]) -> Markup:
    """The same as a deed, for a button: refund EUR 142.00 to Marta."""
    return told(DEEDS[remedy.outcome], details_of(case, names, remedy))


def question(case: Case, names: Mapping[int, str]) -> Markup:
    """What it is about, as a question that is on nobody's side."""
    return told(REASONS[Reason(case.dispute.reason)].question, details_of(case, names))


def done_words(case: Case, line: DisputeLine, reader_id: int, names: Mapping[int, str]) -> Markup | None:
    """A line of the history for this reader; none for what stands among the statements."""
    if line.action == Told.SAY:
        return None
    details = details_of(case, names)
    if line.action == Action.LAPSE:
        return told(LAPSED[State(line.from_state)], details)
    remedy = line_remedy(case, line)
    more = {
        "name": names.get(line.person_id or 0, ""),
        "named": names.get(line.named_id or 0, ""),
        "deed": deed(case, remedy, names) if remedy else "",
    }
    words = DONE[line.action]
    return told(words.mine if line.person_id == reader_id else words.theirs, {**details, **more})


def line_remedy(case: Case, line: DisputeLine) -> Remedy | None:
    """What a line asked for, offered or ruled."""
    if line.outcome is None:
        return None
    part = None if line.part_minor is None else Money(line.part_minor, case.dispute.currency)
    return Remedy(Outcome(line.outcome), part)


def silence_outcome(case: Case) -> Remedy:
    """What the clock does when nobody rules."""
    return Remedy(Outcome.RELEASE if case.dispute.code_used else Outcome.REFUND)
