"""What may come in about the bank's statement and its balance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load, validate

from marketplace.kernel.fields import Amount, ClientKey, Line
from marketplace.payments.bank_cell_rules import Order
from marketplace.payments.bank_matching_rules import Own
from marketplace.payments.bank_table_rules import MOST_COLUMNS, NOWHERE, Columns

MOST_IN_NOTE = 300
_CHOOSE = {"required": _l("Choose what it is."), "unknown": _l("Choose what it is.")}
_OUT_OF_DATE = _l("This form is out of date. Load the page again.")


class Place(fields.Integer):
    """A column by its place; an empty field is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip()
        if not text:
            return NOWHERE
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_COLUMNS))):
            raise ValidationError(_OUT_OF_DATE)
        return int(text)


class Month(fields.Field[date]):
    """2026-11: its first day."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        try:
            return date.fromisoformat(f"{str(value).strip()}-01")
        except ValueError:
            raise ValidationError(_OUT_OF_DATE) from None


class SendStatement(Schema):
    client_key = ClientKey(required=True)


class ChooseColumns(Schema):
    day = Place(load_default=NOWHERE)
    amount = Place(load_default=NOWHERE)
    debit = Place(load_default=NOWHERE)
    credit = Place(load_default=NOWHERE)
    sign = Place(load_default=NOWHERE)
    balance = Place(load_default=NOWHERE)
    currency = Place(load_default=NOWHERE)
    texts = fields.List(Place(), load_default=list, validate=validate.Length(max=MOST_COLUMNS))
    order = fields.String(load_default="", validate=validate.OneOf(["", *Order], error=_OUT_OF_DATE))
    mark = fields.String(load_default="", validate=validate.OneOf(["", ".", ","], error=_OUT_OF_DATE))

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {"columns": Columns(**(data | {"texts": tuple(data["texts"])}))}


class KeepStatement(Schema):
    closing = Amount(blank=True, signed=True, load_default=None)


class MatchLine(Schema):
    chosen = fields.List(
        fields.String(validate=validate.Length(max=40, error=_OUT_OF_DATE)), load_default=list,
        validate=validate.Length(max=20, error=_OUT_OF_DATE),
    )  # fmt: skip
    note = Line(most=MOST_IN_NOTE, blank=True, load_default="")


class CallOwn(Schema):
    kind = fields.Enum(Own, by_value=True, required=True, error_messages=_CHOOSE)
    note = Line(most=MOST_IN_NOTE, blank=True, load_default="")


class SayOther(Schema):
    amount = Amount(signed=True, required=True)
    note = Line(most=MOST_IN_NOTE, required=True)


class Attest(Schema):
    month = Month(required=True)
    bank = Amount(signed=True, required=True)
    note = Line(most=MOST_IN_NOTE, blank=True, load_default="")
