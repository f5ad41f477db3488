"""What may come in about disputes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from marketplace.disputes.dispute_rules import Outcome, Reason
from marketplace.groups.schemas import Whole
from marketplace.kernel.fields import EXAMPLE, Amount, ClientKey, Line, Prose

LONGEST_STATEMENT = 3000
LONGEST_ALT = 200
PHOTOS_AT_ONCE = 4
"""So many can be sent with one form; there may be several."""


class Answer(StrEnum):
    """What the seller answers, or either side offers."""

    SPLIT = "split"
    RETURN_FIRST = "return_first"
    REFUND = "refund"
    CONTEST = "contest"


class _Choice(fields.Enum[Any]):
    """One of several; a field that was left open says so."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "required": _l("Choose one of these."),
        "unknown": _l("Choose one of these."),
    }

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(words, by_value=True, required=True)


class _Photographs(Schema):
    """What each photograph shows that comes with a form; the files come as photo_1 and on."""

    alt_1 = Line(most=LONGEST_ALT, blank=True, load_default="")
    alt_2 = Line(most=LONGEST_ALT, blank=True, load_default="")
    alt_3 = Line(most=LONGEST_ALT, blank=True, load_default="")
    alt_4 = Line(most=LONGEST_ALT, blank=True, load_default="")


class _WithPart(Schema):
    """Where the money is split, how much of it the buyer gets."""

    part = Amount(blank=True, load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def part_is_named(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("outcome") == Outcome.SPLIT and data["part"] is None:
            raise ValidationError(_l("Enter how much the buyer gets, as in %(example)s.", example=EXAMPLE), "part")


class OpenDispute(_Photographs, _WithPart):
    reason = _Choice(Reason)
    outcome = _Choice(Outcome)
    words = Prose(most=LONGEST_STATEMENT, required=True)
    client_key = ClientKey(required=True)


class GiveAnswer(_Photographs, _WithPart):
    """The seller's answer, or an offer of either side. Who contests says why."""

    outcome = _Choice(Answer)
    words = Prose(most=LONGEST_STATEMENT, blank=True, load_default="")
    client_key = ClientKey(required=True)

    @validates_schema(skip_on_field_errors=True)
    def says_why(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("outcome") is Answer.CONTEST and not data["words"]:
            raise ValidationError(_l("Say why you contest it: whoever rules reads it."), "words")


class SayMore(_Photographs):
    words = Prose(most=LONGEST_STATEMENT, blank=True, load_default="")
    client_key = ClientKey(required=True)


class Deed(Schema):
    """A button that settles it: pressed twice, it is done once."""

    client_key = ClientKey(required=True)


class TakeOffer(Deed):
    offer = Whole(1, 10**9 - 1, required=True)
    """The number of the offer that the page showed."""


class Rule(_WithPart):
    outcome = _Choice(Outcome)
    words = Prose(most=LONGEST_STATEMENT, required=True)
    client_key = ClientKey(required=True)


class Appeal(Schema):
    words = Prose(most=LONGEST_STATEMENT, required=True)
    client_key = ClientKey(required=True)


class ChooseRuler(Schema):
    person_id = fields.Integer(
        required=True,
        error_messages={"required": _l("Choose a member."), "invalid": _l("Choose a member.")},
        validate=validate.Range(1, 2**63 - 1, error=_l("Choose a member.")),
    )


LONGEST_FOR_BANK = 6000
_MOST_TICKED = 500
_ticked = validate.Length(max=_MOST_TICKED)


class AddForBank(_Photographs):
    """What the seller says and shows for the buyer's bank."""

    words = Prose(most=LONGEST_STATEMENT, blank=True, load_default="")
    is_of_parcel = fields.Boolean(load_default=False)
    client_key = ClientKey(required=True)


class ChooseEvidence(Schema):
    """What an officer ticks, and says himself."""

    said = fields.List(Line(most=40, blank=True), load_default=list, validate=_ticked)
    exhibits = fields.List(Line(most=40, blank=True), load_default=list, validate=_ticked)
    with_address = fields.Boolean(load_default=False)
    with_email = fields.Boolean(load_default=False)
    statement = Prose(most=LONGEST_FOR_BANK, blank=True, load_default="")


class SendEvidence(ChooseEvidence):
    digest = Line(most=64, blank=True, load_default="")
    """Of what was shown to be read."""
