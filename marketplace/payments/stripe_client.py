"""The way to Stripe: one client for each process, and a break in it while Stripe is down."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import stripe
import structlog
from flask import current_app

from marketplace.kernel.errors import RuleBroken

log = structlog.get_logger()

_TRIES_MORE = 2
"""Stripe's client repeats them at once, under the same key, after a broken line, a 409 or a 500."""
_FAILURES_TO_OPEN = 5
_BREAK_SECONDS = 20.0


NOT_OURS = "account_invalid"
"""Stripe's word for an account that is closed, or has cut the platform off."""


class StripeIsAway(RuntimeError):
    """Nobody answers, or what was answered says nothing of the outcome."""


class StripeBroke(StripeIsAway):
    """Stripe answered that something broke. It keeps that answer under the key for a day, and gives it again."""


@dataclass(slots=True)
class Circuit:
    """Counts failures in a row. After some, nobody asks for a while: a Stripe that is down does not hold up workers."""

    failures: int = 0
    closed_until: float = 0.0

    def check(self) -> None:
        """Raises StripeIsAway during the break."""
        if time.monotonic() < self.closed_until:
            raise StripeIsAway("Stripe has not answered lately and is not asked for some seconds.")

    def note(self, *, answered: bool) -> None:
        """An answer of any kind mends it."""
        self.failures = 0 if answered else self.failures + 1
        if self.failures >= _FAILURES_TO_OPEN:
            self.closed_until = time.monotonic() + _BREAK_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - spreads


@dataclass(frozen=True, slots=True)
class Stripe:
    """The platform's account at Stripe."""

    client: stripe.StripeClient = field(repr=False)
    is_live: bool
    """Real money; else Stripe's test mode."""
    platform_secrets: tuple[str, ...] = field(repr=False)
    connect_secrets: tuple[str, ...] = field(repr=False)
    circuit: Circuit = field(default_factory=Circuit)

    @contextmanager
    def asked(self) -> Iterator[stripe.StripeClient]:
        """The client, for calls of which no answer raises StripeIsAway. What Stripe refuses raises its own errors."""
        self.circuit.check()
        try:
            yield self.client
        except stripe.StripeError as error:
            is_answer = is_definite(error)
            self.circuit.note(answered=is_answer or isinstance(error, stripe.RateLimitError))
            if is_answer:
                raise
            what = {"kind": type(error).__name__, "status": error.http_status, "code": code_of(error)}
            log.warning("stripe gave no answer", **what)
            is_kept = (error.http_status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise (StripeBroke if is_kept else StripeIsAway)(type(error).__name__) from error
        self.circuit.note(answered=True)


def code_of(error: stripe.StripeError) -> str:
    """Stripe's word for what is wrong, or nothing. Of what is forbidden its client keeps it in the answer only."""
    told = error.error
    return error.code or (getattr(told, "code", None) or "" if told is not None else "")


def is_definite(error: stripe.StripeError) -> bool:
    """Whether Stripe says that it was not done. No answer, a 409, a 429 and a 500 say nothing of the kind; nor does a
    key that is not valid any more, that may not ask this, or another question under the same key: these wait for
    somebody to mend them. Of what is forbidden only an account that is not ours to use is an answer."""
    if isinstance(error, stripe.PermissionError):
        return code_of(error) == NOT_OURS
    return isinstance(error, stripe.InvalidRequestError | stripe.CardError)


_OWN_HOST = "https://api.stripe.com"
"""Stripe takes files at another host of its own; whatever stands in its place takes both at one."""


def open_client(
    key: str, *, url: str, timeout_seconds: int, platform_secrets: tuple[str, ...] = (),
    connect_secrets: tuple[str, ...] = (), tries_more: int = _TRIES_MORE,
) -> Stripe:  # fmt: skip
    """The client for this key. It asks nobody yet."""
    client = stripe.StripeClient(
        key, base_addresses={"api": url} if url == _OWN_HOST else {"api": url, "files": url},
        max_network_retries=tries_more, http_client=stripe.RequestsClient(timeout=timeout_seconds),
    )  # fmt: skip
    return Stripe(client, "_live_" in key, platform_secrets, connect_secrets)


def here() -> Stripe | None:
    """The way to Stripe; none where no key is set."""
    found: Stripe | None = current_app.extensions["earnest_stripe"]
    return found


def is_set_up() -> bool:
    """Whether groups can be paid by card here."""
    return here() is not None


def needed() -> Stripe:
    """The way to Stripe. Raises RuleBroken where there is none."""
    found = here()
    if found is None:
        raise RuleBroken("Cards are not taken here any more. Ask those who run this site.")
    return found
