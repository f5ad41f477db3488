"""What the catalog announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class ItemPublished:
    """Others may see the item now, and it may be offered."""

    item_id: int
    group_id: int
    seller_id: int
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """A published item reads otherwise than before. Who keeps copies of it renews them."""

    item_id: int
    group_id: int
    seller_id: int
    title: str
    category: str
    shipping: Money | None
    at: datetime
    condition: str = ""
    period: str = ""
    shipping_further: Money | None = None


@dataclass(frozen=True, slots=True)
class PhotosChanged:
    """A photograph came, went, or stands at another place."""

    item_id: int
    group_id: int
    by: int


@dataclass(frozen=True, slots=True)
class ItemWithdrawn:
    """The seller offers it no more. A handler that raises RuleBroken keeps it where it is."""

    item_id: int
    group_id: int
    seller_id: int
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RemarkAdded:
    """The seller added something after the first bid: who bid on the item should know."""

    item_id: int
    group_id: int
    seller_id: int
    title: str
    remark_id: int
    text: str
    at: datetime
