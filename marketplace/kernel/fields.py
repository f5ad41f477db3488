"""Form fields that every feature's schemas share: clean lines and prose, amounts of money, moments, client keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import NumberFormatError, parse_decimal
from flask import g
from flask_babel import LazyString, get_locale, lazy_gettext as _l
from marshmallow import ValidationError, fields

from marketplace.kernel.money import LARGEST_MINOR, exponent

# Marks that turn the direction of what follows (Trojan Source, Unicode TR 36): names could be made to lie with them.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF])


# They count as letters and a symbol, and are drawn as nothing.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_DRAWN = frozenset("LNPS")  # letters, figures, punctuation, symbols: the first letter of Unicode's categories


def _is_visible(char: str) -> bool:
    """Whether a reader sees something: a name that nobody sees could be anybody's."""
    return unicodedata.category(char)[0] in _DRAWN and char not in _EMPTY


class Line(fields.String):
    """One line of text: white space folded, direction marks dropped, control characters refused."""

    default_error_messages = {
        "required": _l("Write something here."),
        "blank": _l("Write something here."),
        "control": _l("This holds characters that cannot be stored. Type it again without them."),
        "long": _l("This is too long. Use %(most)s characters or fewer."),
    }

    def __init__(self, *, most: int = 120, blank: bool = False, **kwargs: Any) -> None:
        """`most` characters at the most; `blank` lets an empty line through."""
        super().__init__(**kwargs)
        self.most, self.blank = most, blank

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = self.clean(str(super()._deserialize(value, attr, data, **kwargs)))
        if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text if char not in "\n\t"):
            raise self.make_error("control")
        text = text if any(map(_is_visible, text)) else ""
        if not text and not self.blank:
            raise self.make_error("blank")
        if len(text) > self.most:
            raise ValidationError(_l("This is too long. Use %(most)s characters or fewer.", most=self.most))
        return text

    def clean(self, text: str) -> str:
        return " ".join(text.translate(_TURNING).split())


class Prose(Line):
    """Text of several lines, Markdown included."""

    def clean(self, text: str) -> str:
        return text.translate(_TURNING).replace("\r\n", "\n").replace("\r", "\n").strip()


# "1 250.00": a space of any width between figures, where a group of three follows.
_BETWEEN_THOUSANDS = re.compile(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")


def _example() -> str:
    """An amount as it is written in the currency of the page: 12.50, 1250 or 12.500."""
    decimals = exponent(g.get("currency", "EUR"))
    return f"12.{'500'[:decimals]}" if decimals else "1250"


EXAMPLE = LazyString(_example)


class Amount(fields.Field[Decimal]):
    """A sum of money as a person types it, in main units: "1,250.00", "1 250.00", or by the rules of his language.

    Gives a Decimal; the use case makes it Money, for it knows the currency.
    """

    default_error_messages = {
        "required": _l("Enter an amount, as in %(example)s.", example=EXAMPLE),
        "invalid": _l("This is not an amount. Enter it in figures, as in %(example)s.", example=EXAMPLE),
        "negative": _l("Enter an amount that is not below zero."),
        "huge": _l("This amount is larger than anything sold here. Check the figures."),
    }

    def __init__(self, *, blank: bool = False, signed: bool = False, **kwargs: Any) -> None:
        """`blank` reads an empty field as none; `signed` lets a sum below zero through."""
        super().__init__(allow_none=blank, **kwargs)
        self.blank, self.signed = blank, signed

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kw: Any) -> Any:
        if self.blank and isinstance(value, str) and not value.strip():
            value = None
        return super().deserialize(value, attr, data, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        text = _BETWEEN_THOUSANDS.sub("", str(value).strip())
        if not text:
            raise self.make_error("required")
        amount = _decimal(text)
        if amount is None or not amount.is_finite():
            raise self.make_error("invalid")
        if amount < 0 and not self.signed:
            raise self.make_error("negative")
        if abs(amount) > LARGEST_MINOR // 100:
            raise self.make_error("huge")
        return amount


def _decimal(text: str) -> Decimal | None:
    """Read figures strictly: first as plain "1234.50", then by the person's own language."""
    if len(text) > 30:  # noqa: PLR2004 - no sum that we accept is longer
        return None
    if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII):
        return Decimal(text)
    if not re.fullmatch(r"-?[\d.,' ]+", text):  # figures and marks between them: "1e5" is no way to write money
        return None
    try:
        return parse_decimal(text, locale=get_locale() or "en", strict=True)
    except (NumberFormatError, InvalidOperation):
        return None


class Moment(fields.Field[datetime]):
    """A date and time as `datetime-local` sends it, without a zone: the use case says in which zone it was meant."""

    default_error_messages = {
        "required": _l("Choose a date and a time."),
        "invalid": _l("This is not a date and time. Write it as 2026-11-21T20:15."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise self.make_error("invalid") from None
        if not 2000 <= moment.year <= 2200:  # noqa: PLR2004 - outside, time zones overflow
            raise self.make_error("invalid")
        return moment


def in_zone(moment: datetime, zone: str) -> datetime:
    """The moment a person meant who wrote `moment` in time zone `zone`; an aware one is kept as it is."""
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


class ClientKey(fields.String):
    """A key that the page made for one deed, so that doing it twice is doing it once."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        key = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", key):
            raise ValidationError(_l("This form is out of date. Load the page again."))
        return key
