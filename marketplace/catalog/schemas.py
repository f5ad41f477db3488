"""What comes in about items, and the words that their fixed choices are shown in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load
from marshmallow.validate import Length

from marketplace.catalog import rules
from marketplace.catalog.import_rules import Choice
from marketplace.catalog.rules import Category, Claim, Condition, Details, PhotoDeed, State, Sureness
from marketplace.kernel.fields import Amount, ClientKey, Line, Prose

WORDS: dict[str, Any] = {
    Category.ANTIQUES: _l("Antiques"),
    Category.WATCHES: _l("Watches and clocks"),
    Category.PORCELAIN: _l("Porcelain and glass"),
    Category.MODELS: _l("Models"),
    Category.CARDS: _l("Cards and paper"),
    Category.COINS: _l("Coins and stamps"),
    Category.PLANTS: _l("Plants"),
    Category.BOOKS: _l("Books"),
    Category.CAMERAS: _l("Cameras"),
    Category.OTHER: _l("Something else"),
    Condition.NEW: _l("New, never used"),
    Condition.AS_NEW: _l("As new"),
    Condition.GOOD: _l("Good, few traces of use"),
    Condition.USED: _l("Used, with its traces"),
    Condition.WORN: _l("Worn or damaged"),
    Condition.FOR_PARTS: _l("For parts or repair"),
    Sureness.CERTAIN: _l("certain"),
    Sureness.LIKELY: _l("likely"),
    Sureness.UNKNOWN: _l("not known"),
    State.DRAFT: _l("Draft"),
    State.PUBLISHED: _l("Published"),
    State.WITHDRAWN: _l("Withdrawn"),
}


_FEW = Length(max=rules.MOST_CLAIMS, error=_l("These are too many. Keep the eight that matter most."))


class OneOf(fields.Field[StrEnum]):
    """A choice from a fixed list; nothing chosen is none."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(load_default=None, allow_none=True, **kwargs)
        self.kind = kind

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if value == "":
            return None
        try:
            return self.kind(value)
        except ValueError:
            raise ValidationError(_l("Choose one from the list.")) from None


class Grams(fields.Field[int]):
    """A weight in whole grams; an empty field is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        figures = str(value).replace(" ", "").replace("\u00a0", "")
        if not figures:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", figures) or not 0 < int(figures) <= rules.MOST_GRAMS:
            raise ValidationError(_l("Enter whole grams, as in 850."))
        return int(figures)


def _rows(most: int) -> fields.List[str]:
    """One column of the rows of claims."""
    return fields.List(Line(most=most, blank=True), load_default=list, validate=_FEW)


class ItemForm(Schema):
    """What a seller writes of an item. Everything may be left out of a draft."""

    title = Line(most=rules.MOST_IN_TITLE, blank=True, load_default="")
    description = Prose(most=rules.MOST_IN_DESCRIPTION, blank=True, load_default="")
    category = OneOf(Category)
    condition = OneOf(Condition)
    period = Line(most=rules.MOST_IN_PERIOD, blank=True, load_default="")
    dimensions = Line(most=rules.MOST_IN_LINE, blank=True, load_default="")
    weight_grams = Grams(load_default=None)
    claim_label = _rows(rules.MOST_IN_LABEL)
    claim_text = _rows(rules.MOST_IN_LINE)
    claim_sureness = fields.List(OneOf(Sureness), load_default=list, validate=_FEW)
    faults = Prose(most=rules.MOST_IN_FAULTS, blank=True, load_default="")
    shipping = Amount(blank=True, load_default=None)
    shipping_further = Amount(blank=True, load_default=None)
    shipping_to = Line(most=rules.MOST_IN_SHIPPING_TO, blank=True, load_default="")
    pickup_possible = fields.Boolean(load_default=False)

    @post_load
    def details(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        keys = {name: data.pop(name) for name in ("client_key",) if name in data}
        claims = tuple(_claims(data.pop("claim_label"), data.pop("claim_text"), data.pop("claim_sureness")))
        return {**keys, "details": Details(claims=claims, **data)}


class NewItemForm(ItemForm):
    """The same, for an item that there is not yet."""

    client_key = ClientKey(required=True)


def _claims(labels: list[str], texts: list[str], surenesses: list[Sureness | None]) -> Iterator[Claim]:
    """The rows in which something was written. Raises ValidationError at field "claims" where one is unfinished."""
    for label, text, sureness in zip(labels, texts, surenesses, strict=False):
        if not label and not text:
            continue
        if not label:
            raise ValidationError(
                _l("Say what “%(text)s” is about: the period, the case, the maker.", text=text), "claims"
            )
        if sureness is None:
            raise ValidationError(_l("Say how sure you are of “%(label)s”.", label=label), "claims")
        if not text and sureness is not Sureness.UNKNOWN:
            raise ValidationError(
                _l("Say what you promise of “%(label)s”, or that it is not known.", label=label), "claims"
            )
        yield Claim(label, text, sureness)


class PhotosForm(Schema):
    """The list of photographs: what was typed about each, and the button that was pressed."""

    photo_id = fields.List(fields.Integer(), load_default=list, validate=Length(max=rules.MOST_PHOTOS))
    alt = fields.List(Line(most=rules.MOST_IN_ALT, blank=True), load_default=list)
    do = fields.String(load_default=PhotoDeed.SAVE.value)

    @post_load
    def arrangement(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """`do` is "save", or a deed and the photograph that it is done to: "earlier:12"."""
        deed, _colon, photo_id = data["do"].partition(":")
        if deed not in set(PhotoDeed) or not re.fullmatch(r"[0-9]{0,18}", photo_id):
            raise ValidationError(_l("This form is out of date. Load the page again."))
        alts = dict(zip(data["photo_id"], data["alt"], strict=False))
        return {"alts": alts, "deed": PhotoDeed(deed), "photo_id": int(photo_id) if photo_id else None}


class RemarkForm(Schema):
    client_key = ClientKey(required=True)
    text = Prose(most=rules.MOST_IN_REMARK, required=True)


class SendTable(Schema):
    """A table of items; the files come beside it."""

    client_key = ClientKey(required=True)


_WHICH = _l("Say which rows to import: press one of the buttons.")


class ImportRows(Schema):
    """The button that was pressed below the dry run."""

    rows = fields.Enum(
        Choice, by_value=True, required=True, error_messages={"required": _WHICH, "unknown": _WHICH, "null": _WHICH}
    )
