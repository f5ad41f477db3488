"""What may come in about deposits."""

from __future__ import annotations

from marshmallow import Schema

from marketplace.kernel.fields import Amount, ClientKey, Line


class PlainDeed(Schema):
    """A button, and nothing to fill in."""

    client_key = ClientKey(load_default=None)


class Confirm(PlainDeed):
    amount = Amount(required=True)
    bank_reference = Line(most=140, required=True)  # the unstructured text of a SEPA transfer has 140 characters


class ConfirmPayout(PlainDeed):
    bank_reference = Line(most=140, required=True)


class PayoutFailed(PlainDeed):
    reason = Line(most=300, required=True)
