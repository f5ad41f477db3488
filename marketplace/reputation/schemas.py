"""What may come in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from marketplace.kernel.fields import Prose
from marketplace.reputation.rules import Grade

MOST_WORDS = 1000


class _GradeField(fields.Enum[Grade]):
    """One of the three grades; a field that was left open says so."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "required": _l("Choose one of the three."),
        "unknown": _l("Choose one of the three."),
    }

    def __init__(self) -> None:
        super().__init__(Grade, by_value=True, required=True)


class GiveFeedback(Schema):
    """How a deal went: three grades and, if he likes, words."""

    description = _GradeField()
    shipping = _GradeField()
    communication = _GradeField()
    words = Prose(most=MOST_WORDS, blank=True, load_default="")
