"""The details of a notice, as a JSON column keeps them: money, moments and words stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Word:
    """A detail that is itself translated: a role, what the clock does."""

    text: str


def packed(data: Mapping[str, object]) -> dict[str, Any]:
    """Details for a JSON column: money and moments keep what they are."""
    return {name: _packed(value) for name, value in data.items()}


def unpacked(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The details as they were told."""
    return {name: _unpacked(value) for name, value in stored.items()}


def _packed(value: object) -> object:
    match value:
        case Money():
            return {"money": [value.minor, value.currency]}
        case datetime():
            return {"at": value.isoformat()}
        case Word():
            return {"word": value.text}
        case str() | int() | None:
            return value
    raise TypeError(f"a notice cannot carry {type(value).__name__}")


def _unpacked(value: Any) -> Any:
    match value:
        case {"money": [minor, currency]}:
            return Money(minor, currency)
        case {"at": moment}:
            return datetime.fromisoformat(moment)
        case {"word": text}:
            return Word(text)
    return value
