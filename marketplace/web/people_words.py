"""Standing and feedback in words."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from marketplace.kernel import clock
from marketplace.reputation.rules import Grade, Opinion, Risk, Side, Standing
from marketplace.web.format import since


class Question(NamedTuple):
    """One of the three things that are graded, and what each grade of it means."""

    field: str
    asked: str
    label: str
    """In front of the grade, where it is shown."""
    answers: tuple[tuple[str, str, str], ...]
    """Value, text, and what it means."""


def _question(field: str, asked: str, label: str, *meanings: str) -> Question:
    texts = {Grade.GOOD: _l("Good"), Grade.FAIR: _l("Fair"), Grade.POOR: _l("Poor")}
    answers = zip(texts.items(), meanings, strict=True)
    return Question(field, asked, label, tuple((grade.value, text, meaning) for (grade, text), meaning in answers))


_TALKING = _question(
    "communication", _l("How was it to deal with each other?"), _l("Contact"),
    _l("Clear, friendly and prompt."), _l("Slow, or hard to make out."), _l("Rude, or no answer at all."),
)  # fmt: skip

# What is asked about a person, by his part in the deal.
QUESTIONS: dict[Side, tuple[Question, ...]] = {
    Side.SELLER: (
        _question(
            "description", _l("Was it as described?"), _l("As described"),
            _l("As promised, its faults included."), _l("Something small was not as promised."),
            _l("Not what was promised."),
        ),
        _question(
            "shipping", _l("How was it packed and sent?"), _l("Sending"),
            _l("Well packed and in time."), _l("Late, or packed carelessly."),
            _l("Damaged by its packing, or very late."),
        ),
        _TALKING,
    ),
    Side.BUYER: (
        _question(
            "description", _l("Did the buyer keep to what was agreed?"), _l("Kept to it"),
            _l("To all of it."), _l("After some to and fro."), _l("Wanted something else after winning."),
        ),
        _question(
            "shipping", _l("How was it paid and received?"), _l("Paying"),
            _l("In time and in full; receipt confirmed soon."), _l("Late, or after being asked."),
            _l("At the very last moment, or not in full."),
        ),
        _TALKING,
    ),
}  # fmt: skip

GRADES = {Grade.GOOD: _l("good"), Grade.FAIR: _l("fair"), Grade.POOR: _l("poor")}

# The word of an opinion, and the tone of its badge.
OPINIONS = {
    Opinion.POSITIVE: (_l("Positive"), ""),
    Opinion.MIXED: (_l("Mixed"), "doubt"),
    Opinion.NEGATIVE: (_l("Negative"), "clock"),
}

RISKS = {Risk.LOW: _l("low"), Risk.SOME: _l("some"), Risk.HIGH: _l("high"), Risk.UNKNOWN: _l("unknown")}


def risk_word(standing: Standing) -> str:
    """Low, some, high, unknown."""
    return str(RISKS[standing.risk])


def evidence_words(standing: Standing) -> str:
    """212 closed deals in 6 years."""
    record = standing.record
    if not record.deals or record.since is None:
        return str(_("no closed deal yet"))
    deals = ngettext("%(num)d closed deal", "%(num)d closed deals", record.deals)
    so_far = max(clock.now() - record.since, timedelta(days=1))  # "in 7 seconds" would be no praise
    return str(_("%(deals)s in %(time)s", deals=deals, time=since(so_far)))
