"""What the stand-in remembers: every object as Stripe would show it, and the books of the platform's balance.

An object is a dictionary of plain values. Names that begin with an underscore are ours, and are not shown.
"""

from __future__ import annotations

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stripe

from marketplace.playmoney.refusals import Refusal, missing, not_connected

Thing = dict[str, Any]

KINDS = (
    "account", "account_link", "checkout.session", "payment_intent", "charge", "refund", "transfer",
    "transfer_reversal", "dispute", "balance_transaction", "event", "file",
)  # fmt: skip
_FEE_BASIS_POINTS, _FEE_FIXED = 150, 25
"""A card of the same region: 1.5 % and 0.25 (Stripe's price list for Europe, 2026)."""


class Till:
    """One platform's Stripe. Everything happens under `lock`; `told` hears of every event."""

    def __init__(self, *, file: Path | None = None, settles_after: int = 0) -> None:
        """`file` keeps it over a restart. `settles_after`: seconds until a charge's money is available."""
        self.lock = threading.RLock()
        self.file, self.settles_after = file, settles_after
        self.kept: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS}
        self.answers: dict[str, Thing] = {}
        """By idempotency key."""
        self.purses: dict[str, dict[str, int]] = {}
        """What connected accounts have, by account and currency."""
        self.told: Callable[[Thing], None] = lambda event: None
        self.clock: Callable[[], float] = time.time
        if file and file.exists():
            stored = json.loads(file.read_text())
            self.kept |= stored["kept"]
            self.answers, self.purses = stored["answers"], stored["purses"]

    def now(self) -> int:
        return int(self.clock())

    def save(self) -> None:
        """Write all of it down, where it is kept."""
        if self.file:
            with self.lock:
                text = json.dumps({"kept": self.kept, "answers": self.answers, "purses": self.purses})
            beside = self.file.with_suffix(".new")
            beside.write_text(text)
            beside.replace(self.file)

    # ---- objects ----

    def add(self, kind: str, prefix: str, values: Thing) -> Thing:
        """A new object of a kind, and its id."""
        made: Thing = {
            "id": f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": self.now(),
            "livemode": False,
        }
        thing = made | values
        self.kept[kind][thing["id"]] = thing
        return thing

    def find(self, kind: str, name: str, *, param: str = "id") -> Thing:
        """Raises Refusal."""
        thing = self.kept[kind].get(name)
        if thing is None and kind == "account":
            raise not_connected(name, param=param)
        if thing is None:
            raise missing(kind.rpartition(".")[2].replace("_", " "), name, param=param)
        return thing

    def all(self, kind: str, **values: Any) -> list[Thing]:
        """The objects of a kind that have these values, newest first."""
        found = [
            each for each in self.kept[kind].values() if all(each.get(name) == value for name, value in values.items())
        ]
        return found[::-1]

    def emit(self, kind: str, about: Thing, *, account: str | None = None) -> Thing:
        """Something happened to an object, which the event shows as it is now."""
        values = {
            "api_version": stripe.api_version, "type": kind, "data": {"object": shown(about)},
            "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        }  # fmt: skip
        event = self.add("event", "evt", values | ({"account": account} if account else {}))
        self.told(event)
        return event

    # ---- the platform's balance ----

    def book(self, kind: str, amount: int, currency: str, source: str, *, fee: int = 0, category: str = "") -> Thing:
        """A line of the platform's balance. Money that comes with a charge is available some time later."""
        later = self.settles_after if kind == "charge" else 0
        return self.add(
            "balance_transaction", "txn",
            {
                "type": kind, "reporting_category": category or kind, "amount": amount, "fee": fee,
                "net": amount - fee, "currency": currency, "source": source, "available_on": self.now() + later,
                "status": "pending" if later else "available", "fee_details": [], "exchange_rate": None,
                "description": None,
            },
        )  # fmt: skip

    def balance(self) -> tuple[dict[str, int], dict[str, int]]:
        """By currency: what is available, and what is still to come."""
        sums: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for each in self.kept["balance_transaction"].values():
            is_pending = each["available_on"] > self.now()
            sums[is_pending][each["currency"]] = sums[is_pending].get(each["currency"], 0) + each["net"]
        return sums

    def available(self, currency: str) -> int:
        return self.balance()[0].get(currency, 0)

    def purse(self, account: str, currency: str, *, add: int = 0) -> int:
        """What a connected account has, after `add` came to it. Raises Refusal where it would be below nothing."""
        purse = self.purses.setdefault(account, {})
        after = purse.get(currency, 0) + add
        if after < 0:
            raise Refusal(
                "The connected account does not have enough funds to reverse this transfer.",
                code="balance_insufficient",
            )
        purse[currency] = after
        return after


def fee_on(amount: int) -> int:
    """What is kept of a charge."""
    return min(amount, amount * _FEE_BASIS_POINTS // 10_000 + _FEE_FIXED)


def shown(thing: Thing) -> Thing:
    """As others see it: a copy, without what is ours."""
    return {name: copy.deepcopy(value) for name, value in thing.items() if not name.startswith("_")}
