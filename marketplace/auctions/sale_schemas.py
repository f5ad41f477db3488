"""What may come in about sales."""

from __future__ import annotations

from marshmallow import Schema

from marketplace.auctions.sale_rules import LONGEST_GAP_SECONDS, MOST_LOTS, SHORTEST_GAP_SECONDS
from marketplace.auctions.schemas import LONGEST_REASON, SaleNumber
from marketplace.groups.schemas import Whole
from marketplace.kernel.fields import ClientKey, Line, Moment, Prose

LONGEST_TITLE = 120
LONGEST_WORDS = 2000


class ChangeSale(Schema):
    title = Line(required=True, most=LONGEST_TITLE)
    words = Prose(most=LONGEST_WORDS, blank=True, load_default="")
    starts_at = Moment(required=True)
    first_end_at = Moment(required=True)
    gap_seconds = Whole(SHORTEST_GAP_SECONDS, LONGEST_GAP_SECONDS, required=True)


class OpenSale(ChangeSale):
    client_key = ClientKey(required=True)


class PutIn(Schema):
    sale = SaleNumber(required=True)


class MoveLot(Schema):
    place = Whole(1, MOST_LOTS, required=True)


class Why(Schema):
    reason = Prose(required=True, most=LONGEST_REASON)
