"""What may come in about lots and bids."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from marketplace.auctions.question_rules import LONGEST, SHORTEST, Part, Reason as WhyHidden
from marketplace.auctions.retraction_rules import LotGone, Reason, Refusal
from marketplace.auctions.rules import Format
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.fields import Amount, ClientKey, Line, Moment, Prose
from marketplace.kernel.money import Money, NotExact, exponent

LONGEST_REASON = 500
_MOMENTS = {"starts_at", "ends_at"}
_LEFT_OPEN = {"starts_at", "sale"}
_CHOOSE = dict.fromkeys(("required", "unknown", "null"), _l("Choose the reason."))
_CHOOSE_PART = dict.fromkeys(("required", "unknown", "null"), _l("Choose what is hidden."))
_LONG_ENOUGH = validate.Length(min=SHORTEST, error=_l("This is too short. Write a few words."))


class SaleNumber(fields.Integer):
    """A sale, chosen from a list."""

    default_error_messages = dict.fromkeys(("required", "null", "invalid"), _l("Choose the sale."))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(1, 2**63 - 1, error=_l("Choose the sale.")), **kwargs)


class ListLot(Schema):
    opening = Amount(required=True)
    reserve = Amount(blank=True, load_default=None)
    buy_now = Amount(blank=True, load_default=None)
    format = fields.Enum(Format, by_value=True, load_default=Format.OPEN, error_messages=_CHOOSE)
    starts_at = Moment(load_default=None)
    ends_at = Moment(load_default=None)
    sale = SaleNumber(load_default=None)
    client_key = ClientKey(required=True)

    @pre_load
    def left_open(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """An empty start is no start: the lot begins at once. In a sale, both moments are the sale's."""
        data = {name: value for name, value in data.items() if name not in _LEFT_OPEN or str(value).strip()}
        return {name: value for name, value in data.items() if "sale" not in data or name not in _MOMENTS}

    @validates_schema
    def ends(self, data: dict[str, Any], **_: Any) -> None:
        if data["sale"] is None and data["ends_at"] is None:
            raise ValidationError(Moment.default_error_messages["required"], "ends_at")


class PlaceBid(Schema):
    maximum = Amount(required=True)
    client_key = ClientKey(required=True)
    confirmed = fields.Boolean(load_default=False)
    shipping_seen = fields.Integer(load_default=None, validate=validate.Range(min=0))


class BuyNow(Schema):
    """What the page said that it costs, in minor units: nobody pays what he has not seen."""

    price_seen = fields.Integer(required=True, validate=validate.Range(min=1))
    shipping_seen = fields.Integer(required=True, validate=validate.Range(min=0))


class MakeOffer(Schema):
    """What somebody offers, and what the page said of shipping."""

    amount = Amount(required=True)
    shipping_seen = fields.Integer(required=True, validate=validate.Range(min=0))
    client_key = ClientKey(required=True)


class CheckOffer(Schema):
    """The same before he has seen the whole sum."""

    amount = Amount(required=True)
    client_key = ClientKey(required=True)


class NoChances(Schema):
    wants_none = fields.Boolean(load_default=False)


class Retract(Schema):
    """Taking one's bids back, and the one corrected bid."""

    reason = fields.Enum(Reason, by_value=True, required=True, error_messages=_CHOOSE)
    maximum = Amount(blank=True, load_default=None)
    client_key = ClientKey(required=True)
    confirmed = fields.Boolean(load_default=False)


class RetractFor(Schema):
    bidder = Line(required=True, most=60)
    reason = fields.Enum(Reason, by_value=True, required=True, error_messages=_CHOOSE)


class CancelBids(Schema):
    bidder = Line(required=True, most=60)
    reason = fields.Enum(Refusal, by_value=True, required=True, error_messages=_CHOOSE)


class CancelLot(Schema):
    reason = fields.Enum(LotGone, by_value=True, required=True, error_messages=_CHOOSE)


class HideLot(Schema):
    reason = Prose(required=True, most=LONGEST_REASON)


class Ask(Schema):
    text = Prose(required=True, most=LONGEST, validate=_LONG_ENOUGH)
    client_key = ClientKey(required=True)


class Answer(Schema):
    """`part` is what the page took it for: an answer to what was answered meanwhile is no addition."""

    text = Prose(required=True, most=LONGEST, validate=_LONG_ENOUGH)
    part = fields.Enum(Part, by_value=True, required=True, validate=validate.NoneOf([Part.QUESTION]))
    client_key = ClientKey(required=True)


class HideWords(Schema):
    part = fields.Enum(Part, by_value=True, required=True, error_messages=_CHOOSE_PART)
    reason = fields.Enum(WhyHidden, by_value=True, required=True, error_messages=_CHOOSE)


class Deed(Schema):
    """A button that makes something: pressed twice, it makes it once."""

    client_key = ClientKey(required=True)


class Words(Schema):
    """What somebody looks for."""

    q = Line(most=120, blank=True, load_default="")


def as_money(amount: Decimal, currency: str, *, field: str) -> Money:
    """What a person typed, in his group's currency. Raises RuleBroken where it has more decimals than that."""
    try:
        return Money.of(amount, currency)
    except NotExact:
        if exponent(currency) == 0:
            raise RuleBroken(
                "%(currency)s has no decimals. Enter a whole number.", field=field, currency=currency
            ) from None
        raise RuleBroken(
            "%(currency)s has %(decimals)s decimals. Enter no more than that.",
            field=field, currency=currency, decimals=exponent(currency),
        ) from None  # fmt: skip
