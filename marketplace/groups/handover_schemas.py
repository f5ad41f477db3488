"""What may come in through the forms of a handover of the treasury."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from marketplace.kernel.fields import Amount, Line, Prose

_NUMBER = validate.Range(min=1, max=10**9)
_MOST_MINOR = 10**15
_CHOOSE = _l("Choose a member from the list.")


def _member() -> fields.Integer:
    return fields.Integer(required=True, validate=_NUMBER, error_messages={"invalid": _CHOOSE, "required": _CHOOSE})


class NameSuccessor(Schema):
    """Who hands the treasury over, and who takes it."""

    parting_id = _member()
    successor_id = _member()


class StateBalance(Schema):
    """What is at the bank, where that is to be seen, and why it is not what the books say."""

    amount = Amount(required=True)
    reference = Line(most=140, required=True)
    note = Prose(most=1_000, blank=True, load_default="")


class ConfirmBalance(Schema):
    """Which statement is confirmed, and the sum that the page showed, in minor units."""

    amount_minor = fields.Integer(required=True, validate=validate.Range(min=-_MOST_MINOR, max=_MOST_MINOR))
    statement = fields.Integer(required=True, validate=_NUMBER)


class CallOff(Schema):
    reason = Line(most=300, blank=True, load_default="")
