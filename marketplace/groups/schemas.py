"""What may come in through the forms of groups. Errors stand at the field's own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from babel.core import get_global
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate

from marketplace.groups.entry_rules import (
    LARGEST_CAP,
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    MOST_QUESTIONS,
    JoinPolicy,
)
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import RANGES, SUMS, Ladder, Terms
from marketplace.kernel.fields import Amount, ClientKey, Line, Prose
from marketplace.payments.rules import Through

# Every currency that is legal tender somewhere today, and every zone of a territory: CLDR, through Babel.
CURRENCIES = tuple(
    sorted(
        {
            code
            for uses in get_global("territory_currencies").values()
            for code, _start, end, is_tender in uses
            if end is None and is_tender
        }
    )
)
TIME_ZONES = ("UTC", *sorted(set(get_global("zone_territories")) & available_timezones()))


class Whole(fields.Integer):
    """A whole number within a range, both ends allowed."""

    default_error_messages = {"required": _l("Enter a whole number.")}  # noqa: RUF012 - marshmallow's own way

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip()
        number = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII) else None
        if number is None or not self.least <= number <= self.most:
            words = _l("Enter a whole number from %(least)s to %(most)s.", least=self.least, most=self.most)
            raise ValidationError(words)
        return number


class Percent(Amount):
    """A share as people write it, "2.5", with two decimals at the most. Gives basis points."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        """`least` and `most` in basis points."""
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        points = super()._deserialize(str(value).strip().removesuffix("%"), attr, data, **kwargs) * 100
        if points != points.to_integral_value() or not self.least <= points <= self.most:
            raise ValidationError(_l("Enter a percentage from %(least)s to %(most)s, with two decimals at the most.",
                                     least=self.least // 100, most=self.most // 100))  # fmt: skip
        return int(points)


def _one_of(choices: Iterable[str], words: Any, **kwargs: Any) -> fields.String:
    """A choice out of a list; anything else, and nothing, gets `words`."""
    only = validate.OneOf(tuple(choices), error=words)
    return fields.String(required=True, validate=only, error_messages={"required": words}, **kwargs)


def _member_of(words: type[StrEnum]) -> fields.Enum[StrEnum]:
    """One of the words of an enum."""
    choose = _l("Choose one of these.")
    return fields.Enum(words, by_value=True, required=True, error_messages={"required": choose, "unknown": choose})


_TERMS = {name: Whole(*RANGES[name], required=True) for name in RANGES if name not in {"fee_basis_points", *SUMS}}


class TermsForm(Schema):
    """The terms of a group's deals; the fee is typed as a percentage.

    Sums come out by themselves, as they were typed: whoever knows the currency makes them money. Empty, they are none.
    """

    class Meta:
        include = _TERMS

    fee_basis_points = Percent(*RANGES["fee_basis_points"], required=True)
    seller_pays_return = fields.Boolean(
        required=True, error_messages={"required": _l("Choose one of these."), "invalid": _l("Choose one of these.")}
    )

    ladder = _member_of(Ladder)
    gateway = fields.Enum(
        Through, by_value=True, load_default=Through.TREASURER, error_messages={"unknown": _l("Choose one of these.")}
    )
    deposit_threshold_minor = Amount(blank=True, load_default=None)
    deposit_minor = Amount(blank=True, load_default=None)
    officer_limit_minor = Amount(blank=True, load_default=None)

    @post_load
    def gather(self, data: dict[str, Any], **_how: Any) -> dict[str, Any]:
        """The fields of the terms become one value."""
        given = {name: data.pop(name) for name in (*(RANGES.keys() - SUMS), "seller_pays_return", "ladder", "gateway")}
        return {**data, "terms": Terms(**given)}


class _Questions(Schema):
    """Up to three questions, each in a field of its own."""

    question_1 = Line(most=LONGEST_QUESTION, blank=True, load_default="")
    question_2 = Line(most=LONGEST_QUESTION, blank=True, load_default="")
    question_3 = Line(most=LONGEST_QUESTION, blank=True, load_default="")

    @post_load
    def number(self, data: dict[str, Any], **_how: Any) -> dict[str, Any]:
        """Questions that were left empty are none."""
        asked = [data.pop(f"question_{number}") for number in range(1, MOST_QUESTIONS + 1)]
        return {**data, "questions": tuple(filter(None, asked))}


class Basics(Schema):
    """What a group is called, what it collects, and where it lives."""

    name = Line(most=80, required=True)
    collects = Line(most=120, required=True)
    currency = _one_of(CURRENCIES, _l("Choose the currency that members pay in."))
    time_zone = _one_of(TIME_ZONES, _l("Choose the time zone that the group lives in."))


class _Profile(Basics, _Questions):
    """What a group is, and who may see it."""

    join_policy = _member_of(JoinPolicy)
    is_listed = fields.Boolean(load_default=False)
    is_catalogue_public = fields.Boolean(load_default=False)


class FoundGroup(_Profile, TermsForm):
    """A new group."""

    client_key = ClientKey(required=True)
    rules_text = Prose(most=20_000, required=True)
    instructions = Prose(most=2_000, required=True)


class ChangeGroup(_Profile):
    """What a group is, changed."""

    most_members = Whole(2, LARGEST_CAP, required=True)


class ChangeRules(Schema):
    """A new version of the rules, and the one it was written from."""

    text = Prose(most=20_000, required=True)
    based_on = Whole(1, 10**9 - 1, required=True)


class ProposeInstructions(Schema):
    """Where members are to pay."""

    words = Prose(most=2_000, required=True)


class AskToJoin(Schema):
    """Answers to the questions, as many as the group asks, and the rules that were agreed to."""

    answer_1 = Prose(most=LONGEST_ANSWER, blank=True, load_default="")
    answer_2 = Prose(most=LONGEST_ANSWER, blank=True, load_default="")
    answer_3 = Prose(most=LONGEST_ANSWER, blank=True, load_default="")
    agreed_version = Whole(1, 10**9 - 1, required=True)
    agrees = fields.Boolean(
        required=True,
        validate=validate.Equal(True, error=_l("Read the rules, then agree to them here.")),
        error_messages={"required": _l("Read the rules, then agree to them here.")},
    )

    @post_load
    def gather(self, data: dict[str, Any], **_how: Any) -> dict[str, Any]:
        """The answers become one list."""
        answers = [data.pop(f"answer_{number}") for number in range(1, MOST_QUESTIONS + 1)]
        return {"answers": answers, "agreed_version": data["agreed_version"]}


class Agree(Schema):
    """The version of the rules that was read."""

    version = Whole(1, 10**9 - 1, required=True)


class DecideApplication(Schema):
    """Take in, or refuse with a reason."""

    decision = _one_of(("accept", "refuse"), _l("Choose one of the two."))
    reason = Prose(most=1_000, blank=True, load_default="")


class GiveRole(Schema):
    """A role."""

    role = _member_of(Role)


class RemoveMember(Schema):
    """Why somebody has to go."""

    reason = Prose(most=1_000, required=True)


class MakeReport(Schema):
    """What is not right, and with what."""

    subject = Line(most=40, required=True)
    reason = Prose(most=1_000, required=True)


class CloseReport(Schema):
    """What came of a report."""

    note = Prose(most=1_000, required=True)
