"""What the bank book announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class AttestationDue:
    """A month is over, and nobody has said yet what the bank had at its end."""

    group_id: int
    month: date
    """Its first day."""
    until: datetime
    """Its end, in which moment the two balances are compared."""
    is_second: bool
    """A week ago it was asked for already."""


@dataclass(frozen=True, slots=True)
class BalanceDiffers:
    """An officer attested that the bank had something else than the books."""

    group_id: int
    month: date
    until: datetime
    difference: Money
    """What the bank had more."""
    by: int
