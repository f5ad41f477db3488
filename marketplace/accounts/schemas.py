"""What may come in about a person, an address and payout details."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields

from marketplace.accounts.countries import countries
from marketplace.kernel.fields import Line, Prose

LONGEST_NAME = 80
LONGEST_ABOUT = 2000


# What is drawn as nothing but is no white space: fillers of Hangul, the empty braille cell, the joiner of graphemes.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")


class Name(Line):
    """What a person is called. Whatever cannot be seen in it is dropped: two names that look alike are the same."""

    def clean(self, text: str) -> str:
        seen = (char for char in text if char not in _UNSEEN and unicodedata.category(char) != "Cf")
        return super().clean("".join(seen))


class Country(fields.String):
    """The code of a country."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        code = str(super()._deserialize(value, attr, data, **kwargs))
        if code not in countries("en"):
            raise ValidationError(_l("Choose a country from the list."))
        return code


def few_lines(text: str) -> None:
    """What fits on a label between the name and the town."""
    if len([line for line in text.split("\n") if line.strip()]) > 3:  # noqa: PLR2004
        raise ValidationError(_l("This does not fit on a label. Use three lines or fewer."))


class DescribePerson(Schema):
    name = Name(most=LONGEST_NAME, required=True)
    about = Prose(most=LONGEST_ABOUT, blank=True, load_default="")


class KeepAddress(Schema):
    recipient = Line(most=120, required=True)
    street = Prose(most=240, required=True, validate=few_lines)
    postal_code = Line(most=20, blank=True, load_default="")
    city = Line(most=120, required=True)
    region = Line(most=120, blank=True, load_default="")
    country = Country(required=True, error_messages={"required": _l("Choose a country from the list.")})
    phone = Line(most=40, blank=True, load_default="")
    is_default = fields.Boolean(load_default=False)


class BePaidByCard(Schema):
    country = Country(load_default="")


class ChangePayoutDetails(Schema):
    details = Prose(most=500, required=True)


class GivePassword(Schema):
    """As it was typed: nothing of a password is cleaned away."""

    password = fields.String(required=True, error_messages={"required": _l("Enter your password.")})


class ProveCode(Schema):
    code = Line(most=40, required=True)
