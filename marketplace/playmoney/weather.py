"""What can go wrong between two companies, on order or by chance: of the demo there is none."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What becomes of one request."""

    LOST = "lost"
    """It is carried out, and the line breaks before the answer."""
    BROKEN_AFTER = "broken_after"
    """It is carried out, and the answer is 500, which is kept under its key."""
    BROKEN = "broken"
    """It is not carried out, and the answer is 500."""
    TOO_MANY = "too_many"
    BUSY = "busy"
    """Another request with this key is under way."""
    DOWN = "down"
    """Nobody answers."""


@dataclass(slots=True)
class Order:
    """So many requests of a kind shall fail."""

    fault: Fault
    path: str
    """A regular expression, looked for in "POST /v1/transfers"."""
    times: int
    after: int = 0
    """So many are let through first."""


@dataclass(slots=True)
class Weather:
    """Faults that were ordered, then those that come by chance. Chances are parts of one."""

    orders: list[Order] = field(default_factory=list)
    chances: dict[Fault, float] = field(default_factory=dict)
    is_down: bool = False
    doubled: float = 0.0
    """Webhooks told twice,"""
    lost: float = 0.0
    """or never,"""
    latest_seconds: float = 0.0
    """or up to so much later than the next: out of order."""
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - dice

    def order(self, fault: Fault, path: str = "", *, times: int = 1, after: int = 0) -> None:
        self.orders.append(Order(fault, path, times, after))

    def fault_of(self, request: str) -> Fault | None:
        """What becomes of this request. An order is used up by it."""
        if self.is_down:
            return Fault.DOWN
        for order in self.orders:
            if not order.times or not re.search(order.path, request):
                continue
            if order.after:
                order.after -= 1
                continue
            order.times -= 1
            return order.fault
        if not request.startswith("POST"):
            return None
        throw = self.dice.random()
        for fault, chance in self.chances.items():
            throw -= chance
            if throw < 0:
                return fault
        return None
