"""What people type into the fields that every form shares."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask, g
from marshmallow import ValidationError

from marketplace.kernel.fields import Amount, Line, Prose

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
@pytest.mark.parametrize(
    ("typed", "amount"), [("1 250", "1250"), ("1 250.50", "1250.50"), ("1 250 000", "1250000"), (" 12.50 ", "12.50")]
)
def test_groups_of_three_may_stand_apart(app: Flask, typed: str, amount: str, space: str) -> None:
    with app.test_request_context("/"):
        assert Amount().deserialize(typed.replace(" ", space)) == Decimal(amount)


@pytest.mark.parametrize("typed", ["12 50", "1 2500", "1  250", "1250 .5", "12\u00a050"])
def test_what_stands_apart_otherwise_may_be_a_slip(app: Flask, typed: str) -> None:
    with app.test_request_context("/"), pytest.raises(ValidationError, match="not an amount"):
        Amount().deserialize(typed)


@pytest.mark.parametrize(("currency", "example"), [("EUR", "12.50"), ("JPY", "1250"), ("KWD", "12.500")])
def test_the_example_is_one_of_the_pages_currency(app: Flask, currency: str, example: str) -> None:
    with app.test_request_context("/"):
        g.currency = currency
        for typed in ("", "abc"):
            with pytest.raises(ValidationError) as refusal:
                Amount(required=True).deserialize(typed)
            assert str(refusal.value.messages).endswith(f"as in {example}.")


INVISIBLE = {
    "spaces": " \u00a0\u2003\u3000",
    "zero-width marks": "\u200b\u200c\u200d\u2060",
    "a soft hyphen": "\u00ad",
    "direction marks": "\u202e\u2066",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "an empty braille cell": "\u2800",
    "a mark on nothing": "\u034f\ufe0f",
    "line separators": "\u2028\u2029",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
@pytest.mark.parametrize("field", [Line, Prose])
def test_what_nobody_sees_is_nothing(app: Flask, field: type[Line], text: str) -> None:
    with pytest.raises(ValidationError, match="Write something here"):
        field().deserialize(text)
    assert field(blank=True).deserialize(text) == ""


@pytest.mark.parametrize("text", ["7", "-", "é", "e\u0301", "한", "時計", "شعار", "\u200bx", "👩\u200d🔧", "€"])
def test_one_visible_character_is_enough_and_nothing_of_it_is_lost(app: Flask, text: str) -> None:
    assert Line().deserialize(text) == text


def test_control_characters_are_refused_as_such(app: Flask) -> None:
    with pytest.raises(ValidationError, match="characters that cannot be stored"):
        Line(blank=True).deserialize("\0")
