"""What payments announces."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.kernel.money import Money
from marketplace.payments.rules import Kind


@dataclass(frozen=True, slots=True)
class _OfMovement:
    movement_id: int
    group_id: int
    kind: Kind
    amount: Money
    """What moved, or was to move."""
    person_id: int
    """Who paid, or was to be paid."""
    purpose: str
    order_id: int | None
    key: str
    """Another one for each try: a reference for what is posted because of it."""


@dataclass(frozen=True, slots=True)
class MovementConfirmed(_OfMovement):
    """The money has moved."""


@dataclass(frozen=True, slots=True)
class MovementFailed(_OfMovement):
    """The money has not moved, and will not under this key."""

    reason: str


@dataclass(frozen=True, slots=True)
class MovementBounced(_OfMovement):
    """The money had left and has come back."""

    reason: str
