"""What is to happen, drawn from a seed: each order's end and how it is paid, and what goes wrong after which pause.

The same seed gives the same plan. What it meets when, two processes and a network decide anew each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketplace.escrow.order_rules import State
from marketplace.playmoney import checkout

S = State


class End(StrEnum):
    """What an order is to come to."""

    CONFIRMED = "confirmed"
    NEVER_ARRIVED = "the buyer says nothing, not even that it came"
    NEVER_CONFIRMED = "the buyer has it and says nothing"
    NEVER_SHIPPED = "the seller does not ship"
    NEVER_PAID = "the buyer does not pay"
    CALLED_OFF = "both cancel before it is paid"
    CANCELLED = "the seller cancels what is paid"
    REFUNDED = "disputed, and the seller gives all of it back"
    PARTED = "disputed, and the seller gives a part of it back"
    LEFT_UNANSWERED = "disputed, and the seller says nothing"
    BANK_LOST = "the bank asks the money back while it is held, and keeps it"
    BANK_WON = "the bank asks the money back while it is held, and gives it up"
    BANK_LATE_LOST = "the bank asks the money back when the seller has it, and keeps it"
    BANK_LATE_WON = "the bank asks the money back when the seller has it, and gives it up"


class Goes(StrEnum):
    """Where the money is at the end."""

    NOWHERE = "nobody paid"
    TO_SELLER = "released"
    TO_BUYER = "refunded"
    TO_BOTH = "parted"
    TO_BANK = "charged back"


# Where the order comes to rest until the clock acts; what the clock then makes of it; where the money goes.
RESTS: Mapping[End, State] = {
    End.NEVER_ARRIVED: S.SHIPPED,
    End.NEVER_CONFIRMED: S.INSPECTING,
    End.NEVER_SHIPPED: S.HELD,
    End.NEVER_PAID: S.AWAITING_PAYMENT,
    End.LEFT_UNANSWERED: S.DISPUTED,
}
LAST: Mapping[End, State] = {
    end: {End.NEVER_PAID: S.UNPAID, End.CALLED_OFF: S.CANCELLED}.get(end, S.CLOSED) for end in End
}
MONEY: Mapping[End, Goes] = {
    End.CONFIRMED: Goes.TO_SELLER,
    End.NEVER_ARRIVED: Goes.TO_SELLER,
    End.NEVER_CONFIRMED: Goes.TO_SELLER,
    End.NEVER_SHIPPED: Goes.TO_BUYER,
    End.NEVER_PAID: Goes.NOWHERE,
    End.CALLED_OFF: Goes.NOWHERE,
    End.CANCELLED: Goes.TO_BUYER,
    End.REFUNDED: Goes.TO_BUYER,
    End.PARTED: Goes.TO_BOTH,
    End.LEFT_UNANSWERED: Goes.TO_BUYER,
    End.BANK_LOST: Goes.TO_BANK,
    End.BANK_WON: Goes.TO_SELLER,
    End.BANK_LATE_LOST: Goes.TO_BANK,
    End.BANK_LATE_WON: Goes.TO_SELLER,
}
BANKS = {End.BANK_LOST: "lost", End.BANK_WON: "won", End.BANK_LATE_LOST: "lost", End.BANK_LATE_WON: "won"}


class Trick(StrEnum):
    """What goes wrong."""

    KILL_WORKER = "the worker is killed"
    KILL_WEB = "the web server is killed"
    KILL_BOTH = "both are killed"
    BREAK_DATABASE = "the database is broken off"
    LOSE_REPLIES = "Stripe does what is asked, and the answers are lost"
    REFUSE = "Stripe answers 500 and 429"
    MIX_NEWS = "webhooks come twice, late, out of order or not at all"
    BE_AWAY = "Stripe does not answer"
    CLEAR_UP = "all is well for a while"


_WEIGHTS = {
    Trick.KILL_WORKER: 5, Trick.KILL_WEB: 3, Trick.KILL_BOTH: 1, Trick.BREAK_DATABASE: 3, Trick.LOSE_REPLIES: 4,
    Trick.REFUSE: 3, Trick.MIX_NEWS: 4, Trick.BE_AWAY: 1, Trick.CLEAR_UP: 2,
}  # fmt: skip
_SHORTEST, _LONGEST = 1.0, 3.5
"""Seconds between two tricks: a web server that is killed needs two to be back."""
_CARDS = (*[checkout.FINE] * 5, checkout.DECLINED, checkout.BANK_DEBIT)
_PART_OF = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One order's part in it. Sums are in minor units."""

    number: int
    end: End
    card: str
    hammer: int
    shipping: int
    back: int
    """What the buyer gets where the money is parted."""

    @property
    def total(self) -> int:
        return self.hammer + self.shipping


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    seed: int
    parts: tuple[Part, ...]
    has_server: bool

    def tricks(self) -> Iterator[tuple[float, Trick]]:
        """What goes wrong, and how many seconds after the one before: each once, and then by chance for ever."""
        dice = random.Random(f"tricks {self.seed}")
        for trick in dice.sample(self.possible, len(self.possible)):
            yield dice.uniform(_SHORTEST, _LONGEST), trick
        weights = [_WEIGHTS[trick] for trick in self.possible]
        while True:
            yield dice.uniform(_SHORTEST, _LONGEST), dice.choices(self.possible, weights)[0]

    @property
    def possible(self) -> list[Trick]:
        """What can go wrong here: nobody breaks off an SQLite."""
        return [trick for trick in Trick if self.has_server or trick is not Trick.BREAK_DATABASE]


def drawn(seed: int, *, orders: int, has_server: bool) -> Plan:
    """The plan of this seed. Every end comes as often as every other."""
    dice = random.Random(f"orders {seed}")
    ends = [list(End)[number % len(End)] for number in range(orders)]
    dice.shuffle(ends)
    return Plan(seed, tuple(_part(number, end, dice) for number, end in enumerate(ends)), has_server)


def _part(number: int, end: End, dice: random.Random) -> Part:
    hammer, shipping = dice.randrange(20_00, 300_00), dice.randrange(0, 12_00)
    back = (hammer + shipping) * dice.randrange(10, 90) // _PART_OF
    return Part(number, end, dice.choice(_CARDS), hammer, shipping, back)
