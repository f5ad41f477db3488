"""How the record of an auction is written down: JSON, sums in minor units, moments in UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from marketplace.auctions.record_rules import Line, Record, Sealed
from marketplace.auctions.rules import Format, Lot, SoftClose, State
from marketplace.groups.term_rules import Ladder
from marketplace.kernel.money import LARGEST_MINOR, Money

FORMAT = "auction record 1"
_NOBODY = 0
"""The seller's number in a record: none of the bidders'."""
_MOST_LINES = 100_000


def _moment(*, required: bool = True) -> fields.AwareDateTime:
    """A moment with its zone, in years with which one can reckon."""
    within = validate.Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
    how = {"required": True} if required else {"allow_none": True, "load_default": None}
    return fields.AwareDateTime(format="iso", validate=within, **how)


def _sum() -> fields.Integer:
    """A sum in minor units that need not be there."""
    within = validate.Range(1, LARGEST_MINOR)
    return fields.Integer(strict=True, allow_none=True, load_default=None, validate=within)


class Unreadable(ValueError):
    """The file is not the record of an auction; the message says where."""


class _SealedFile(Schema):
    seal = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    amount = _sum()
    salt = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=64))


class _LineFile(_SealedFile):
    bidder = fields.String(required=True, validate=validate.Length(1, 80))
    placed_at = _moment()
    price = fields.Integer(strict=True, required=True, validate=validate.Range(1, LARGEST_MINOR))
    leads = fields.Boolean(required=True)
    voided_at = _moment(required=False)


class _RecordFile(Schema):
    class Meta:
        unknown = EXCLUDE  # an earlier copy may hold less, a later one more

    format = fields.String(required=True, validate=validate.Equal(FORMAT))
    group = fields.String(required=True)
    number = fields.Integer(strict=True, required=True)
    title = fields.String(required=True)
    currency = fields.String(required=True, validate=validate.Length(equal=3))
    opening = fields.Integer(strict=True, required=True, validate=validate.Range(1, LARGEST_MINOR))
    ladder = fields.Enum(Ladder, by_value=True, required=True)
    bidding = fields.Enum(Format, by_value=True, load_default=Format.OPEN)
    soft_close_seconds = fields.Integer(strict=True, required=True, validate=validate.Range(0, 86_400))
    soft_close_cap_minutes = fields.Integer(strict=True, required=True, validate=validate.Range(0, 10_000))
    starts_at = _moment()
    scheduled_end_at = _moment()
    ends_at = _moment()
    state = fields.Enum(State, by_value=True, required=True)
    price = fields.Integer(strict=True, required=True, validate=validate.Range(1, LARGEST_MINOR))
    leader = fields.String(required=True, validate=validate.Length(max=80))
    buy_now = _sum()
    is_bought = fields.Boolean(load_default=False)
    reserve = fields.Nested(_SealedFile, allow_none=True, required=True)
    bids = fields.List(
        fields.Nested(_LineFile(unknown=EXCLUDE)), required=True, validate=validate.Length(max=_MOST_LINES)
    )


def written(record: Record, *, group: str, number: int, title: str) -> str:
    """The record as a file."""
    lot = record.opening
    return json.dumps(
        {
            "format": FORMAT,
            "group": group,
            "number": number,
            "title": title,
            "currency": lot.opening.currency,
            "opening": lot.opening.minor,
            "ladder": lot.ladder,
            "bidding": lot.format,
            "soft_close_seconds": int(lot.soft_close.window.total_seconds()),
            "soft_close_cap_minutes": int(lot.soft_close.cap.total_seconds() // 60),
            "starts_at": lot.starts_at.isoformat(),
            "scheduled_end_at": lot.scheduled_end_at.isoformat(),
            "ends_at": record.ends_at.isoformat(),
            "state": record.state,
            "price": record.price.minor,
            "leader": record.leader,
            "buy_now": lot.buy_now.minor if lot.buy_now else None,
            "is_bought": record.is_bought,
            "reserve": _sealed(record.reserve) if record.reserve else None,
            "bids": [_line(line) for line in record.lines],
        },
        indent=1,
        ensure_ascii=False,
    )


def read(text: str) -> tuple[Record, dict[str, Any]]:
    """The record in a file, and what it says of the lot: group, number, title. Raises Unreadable."""
    try:
        found = _RecordFile().loads(text)
    except ValidationError as wrong:
        raise Unreadable(f"This is not the record of an auction: {_first(wrong.normalized_messages())}") from wrong
    except (ValueError, RecursionError, AttributeError) as wrong:
        raise Unreadable("This is not the record of an auction: it is not JSON.") from wrong
    currency = found["currency"]
    lot = Lot(
        state=State.RUNNING, seller_id=_NOBODY, opening=Money(found["opening"], currency), reserve=None,
        starts_at=found["starts_at"], scheduled_end_at=found["scheduled_end_at"], ends_at=found["scheduled_end_at"],
        soft_close=SoftClose(
            window=timedelta(seconds=found["soft_close_seconds"]),
            cap=timedelta(minutes=found["soft_close_cap_minutes"]),
        ),
        ladder=found["ladder"],
        format=found["bidding"],
        buy_now=None if found["buy_now"] is None else Money(found["buy_now"], currency),
    )  # fmt: skip
    record = Record(
        opening=lot,
        reserve=None if found["reserve"] is None else _read_sealed(found["reserve"], currency),
        lines=tuple(_read_line(each, currency) for each in found["bids"]),
        state=found["state"],
        price=Money(found["price"], currency),
        leader=found["leader"],
        ends_at=found["ends_at"],
        is_bought=found["is_bought"],
    )
    return record, {name: found[name] for name in ("group", "number", "title")}


def _sealed(sealed: Sealed) -> dict[str, Any]:
    return {"seal": sealed.seal, "amount": sealed.amount.minor if sealed.amount else None, "salt": sealed.salt}


def _line(line: Line) -> dict[str, Any]:
    return {
        "bidder": line.bidder,
        "placed_at": line.placed_at.isoformat(),
        **_sealed(line.maximum),
        "price": line.price.minor,
        "leads": line.leads,
        "voided_at": _iso(line.voided_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read_sealed(found: dict[str, Any], currency: str) -> Sealed:
    amount = found["amount"]
    return Sealed(found["seal"], None if amount is None else Money(amount, currency), found["salt"])


def _read_line(found: dict[str, Any], currency: str) -> Line:
    return Line(
        bidder=found["bidder"],
        placed_at=found["placed_at"],
        maximum=_read_sealed(found, currency),
        price=Money(found["price"], currency),
        leads=found["leads"],
        voided_at=found["voided_at"],
    )


def _first(messages: dict[str, Any]) -> str:
    """The first place that is wrong: `bids, 3, price: Not a valid integer.`"""
    path, found = [], messages
    while isinstance(found, dict):
        name, found = next(iter(found.items()))
        path.append(str(name + 1 if isinstance(name, int) else name))
    return f"{', '.join(path)}: {found[0] if isinstance(found, list) else found}"
