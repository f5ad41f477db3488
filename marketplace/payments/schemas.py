"""What may come in."""

from __future__ import annotations

from marshmallow import Schema

from marketplace.kernel.fields import Line


class Explain(Schema):
    """What an operator knows of something that did not add up."""

    note = Line(most=300, required=True)
