"""What may come in about orders, as form or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validate

from marketplace.kernel.fields import Amount, ClientKey, Line, Prose

PICK_UP = "pick_up"
MOST_IN_MESSAGE = 2_000
_LARGEST_ID = 2**63 - 1
_MOST_TOGETHER = 30


class Place(fields.Field[int | None]):
    """Where it goes: the number of one of the buyer's addresses, or "pick_up", which is read as none."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "required": _l("Choose where it goes."),
        "invalid": _l("Choose where it goes."),
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int | None:  # fmt: skip
        text = str(value).strip()
        if text == PICK_UP:
            return None
        if not _is_row_number(text):
            raise self.make_error("invalid")
        return int(text)


class OrderNumber(fields.Integer):
    """Another order of the same two people. One that cannot be is refused as one that is not there."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip()
        if not _is_row_number(text):
            raise ValidationError(_l("This form is out of date. Load the page again."))
        return int(text)


def _is_row_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_ID)) and int(text) <= _LARGEST_ID


class _Deed(Schema):
    client_key = ClientKey(load_default=None)


class PlainDeed(_Deed):
    """A button, and nothing to fill in."""


class ChooseDelivery(Schema):
    address_id = Place(data_key="delivery", required=True)


class SaySent(_Deed):
    address_id = Place(data_key="delivery", required=True)
    together = fields.List(OrderNumber(), load_default=list, validate=validate.Length(max=_MOST_TOGETHER))


class PayByCard(Schema):
    address_id = Place(data_key="delivery", required=True)


class PutTogether(_Deed):
    together = fields.List(OrderNumber(), load_default=list, validate=validate.Length(max=_MOST_TOGETHER))


class SayParcelSent(_Deed):
    address_id = Place(data_key="delivery", required=True)


class Ship(_Deed):
    carrier = Line(most=60, blank=True, load_default="")
    tracking = Line(most=60, blank=True, load_default="")
    together = fields.List(OrderNumber(), load_default=list, validate=validate.Length(max=_MOST_TOGETHER))


class UseCode(_Deed):
    code = Line(most=40, required=True)


class NameReturnAddress(_Deed):
    address_id = Place(data_key="delivery", required=True)


class ShipReturn(_Deed):
    carrier = Line(most=60, required=True)
    tracking = Line(most=60, required=True)


class ContestReturn(_Deed):
    reason = Prose(most=2_000, required=True)


class ConfirmPayment(_Deed):
    amount = Amount(required=True)
    bank_reference = Line(most=140, required=True)  # the unstructured text of a SEPA transfer has 140 characters


class ConfirmPayout(_Deed):
    bank_reference = Line(most=140, required=True)


class PayoutFailed(_Deed):
    reason = Line(most=300, required=True)


class WriteMessage(Schema):
    text = Prose(most=MOST_IN_MESSAGE, required=True)
    to_treasurer = fields.Boolean(load_default=False)
    client_key = ClientKey(required=True)


class ConfirmDebt(Schema):
    client_key = ClientKey(required=True)
    amount = Amount(required=True)
    bank_reference = Line(most=140, required=True)


class ProposeWriteOff(Schema):
    client_key = ClientKey(required=True)
    reason = Line(most=300, required=True)


class AskForFees(Schema):
    amount = Amount(required=True)


class FillFund(Schema):
    client_key = ClientKey(required=True)
    fund_amount = Amount(required=True)


class FeesPaid(Schema):
    reference = Line(most=140, required=True)


class FeesDeclined(Schema):
    reason = Line(most=300, required=True)
