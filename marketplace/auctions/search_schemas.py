"""What may come in about searches: the filters of a catalogue, a name to keep them under, and what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validates_schema
from marshmallow.exceptions import ValidationError

from marketplace.auctions.search_rules import Order, Stage, Trust, Within
from marketplace.catalog.period_rules import LAST_YEAR
from marketplace.catalog.rules import Category, Condition
from marketplace.catalog.text_rules import terms_of
from marketplace.kernel.fields import Amount, ClientKey, Line

LONGEST_WORDS = 120
LONGEST_NAME = 60


class Choice(fields.Field[str]):
    """One of some values, or none of them."""

    default_error_messages = {"invalid": _l("Choose one of the list.")}  # noqa: RUF012 - as marshmallow has it

    def __init__(self, choices: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(load_default="", **kwargs)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if value not in {"", *self.choices}:
            raise self.make_error("invalid")
        return str(value)


class Year(fields.Field[int]):
    """A year, or an empty field."""

    default_error_messages = {"invalid": _l("Write a year in four figures, as in 1890.")}  # noqa: RUF012 - as marshmallow has it

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kw: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else super().deserialize(value, attr, data, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LAST_YEAR):  # noqa: PLR2004
            raise self.make_error("invalid")
        return int(text)


class Day(fields.Field[date]):
    """A day as a date field sends it, or an empty field."""

    default_error_messages = {"invalid": _l("This is not a day. Write it as 2026-11-21.")}  # noqa: RUF012 - as marshmallow has it

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kw: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else super().deserialize(value, attr, data, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(str(value).strip())
        except ValueError:
            raise self.make_error("invalid") from None
        if not 2000 <= day.year < LAST_YEAR:  # noqa: PLR2004 - outside, time zones overflow
            raise self.make_error("invalid")
        return day


class Words(Line):
    """What is looked for: a letter or a figure at least, for signs alone are in no index."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text and not terms_of(text):
            raise ValidationError(_l("Write a word or a number. Signs alone find nothing."))
        return text


class FindLots(Schema):
    """The filters, as they stand in the address of a catalogue."""

    TYPED = ("q", "price_from", "price_to", "until", "made_from", "made_to")

    stage = Choice(Stage)
    order = Choice(Order)
    kind = Choice(Category)
    q = Words(most=LONGEST_WORDS, blank=True, load_default="")
    price_from = Amount(blank=True, load_default=None)
    price_to = Amount(blank=True, load_default=None)
    within = Choice(Within)
    until = Day(load_default=None)
    trust = Choice(Trust)
    condition = Choice(Condition)
    made_from = Year(load_default=None)
    made_to = Year(load_default=None)
    no_bids = fields.Boolean(
        load_default=False, falsy={"", "0"}, error_messages={"invalid": _l("Tick the box, or leave it empty.")}
    )

    @validates_schema(skip_on_field_errors=True)
    def runs_upwards(self, data: dict[str, Any], **_: Any) -> None:
        """Say at the second of two fields that it is below the first."""
        for first, last, message in (
            ("price_from", "price_to", _l("This is below the lowest price. Enter more, or leave one of them empty.")),
            ("made_from", "made_to", _l("This is before the first year. Enter a later one, or leave one empty.")),
        ):
            if data[first] is not None and data[last] is not None and data[last] < data[first]:
                raise ValidationError(message, last)


class KeepSearch(FindLots):
    """The filters once more, and what the member calls them."""

    name = Line(required=True, most=LONGEST_NAME)
    client_key = ClientKey(required=True)


class KeepWant(Schema):
    words = Words(required=True, most=LONGEST_WORDS)
    kind = Choice(Category)
    most = Amount(required=True)
    client_key = ClientKey(required=True)
