"""What sales announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LotTakenOut:
    """A moderator took a lot out of a sale before that began: its seller may put the item up again."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    sale: str
    reason: str


@dataclass(frozen=True, slots=True)
class SaleMoved:
    """A sale starts, or its first lot ends, at another moment than its sellers were told."""

    sale_id: int
    group_id: int
    number: int
    title: str
    seller_ids: tuple[int, ...]
    starts_at: datetime
    first_end_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class SaleCalledOff:
    """It does not take place: its lots are withdrawn, and their items may be put up again."""

    sale_id: int
    group_id: int
    number: int
    title: str
    seller_ids: tuple[int, ...]
    reason: str
