"""How Stripe's words and numbers become ours: minimums, what a session or a bank's claim has come to, which news count.

Stripe calls a chargeback a dispute, and a session's end "complete". Words that it may add later mean nothing new here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

# The least that Stripe takes, in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
# (2026). A currency that does not stand here is not offered: of its cents Stripe thinks otherwise, or we do not know.
MINIMUMS = {
    "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 15_00, "DKK": 2_50, "EUR": 50, "GBP": 30,
    "HKD": 4_00, "HUF": 175_00, "INR": 50, "JPY": 50, "MXN": 10_00, "MYR": 2_00, "NOK": 3_00, "NZD": 50, "PLN": 2_00,
    "RON": 2_00, "SEK": 3_00, "SGD": 50, "THB": 10_00, "USD": 50,
}  # fmt: skip
MOST_MINOR = 99_999_999
"""Stripe takes eight figures."""

SHORTEST_SESSION = timedelta(minutes=31)
LONGEST_SESSION = timedelta(hours=23)
"""Stripe allows from 30 minutes to 24 hours; between the two clocks lies some time."""
BEGINS_ANEW = timedelta(minutes=10)
"""A session that ends sooner is not given to the buyer again."""

_LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
_EVENT_PAUSES = (10, 30, 120, 600, 1800, 3600, 7200)
"""Seconds from one try of an event to the next; after the last it is parked."""
MOST_EVENT_TRIES = len(_EVENT_PAUSES) + 1


class Paying(StrEnum):
    """How far a session has come, or a payment in it."""

    OPEN = "open"
    SUBMITTED = "submitted"
    """The buyer has done his part, and his bank takes its time."""
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class Bank(StrEnum):
    """How far a claim of the buyer's bank has come."""

    INQUIRY = "inquiry"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


_RANKS = {None: 0, Bank.INQUIRY: 1, Bank.OPEN: 2, Bank.WON: 3, Bank.LOST: 3}
_ENDS = {Paying.PAID, Paying.FAILED, Paying.EXPIRED}


def check_can_be_paid(amount: Money) -> None:
    """Raise RuleBroken where Stripe would not take this amount."""
    check_currency(amount.currency)
    least = Money(MINIMUMS[amount.currency], amount.currency)
    if amount < least:
        raise RuleBroken("By card at least %(least)s are paid. Ask for more than that.", field="opening", least=least)
    if amount.minor > MOST_MINOR:
        raise RuleBroken("This is more than a card payment can be. Ask the officers how to pay it.")


def check_currency(currency: str) -> None:
    """Raise RuleBroken where cards are not taken in it."""
    if currency not in MINIMUMS:
        raise RuleBroken("Cards are not taken in %(currency)s. Leave it with the treasurer.", field="gateway",
                         currency=currency)  # fmt: skip


def session_ends(*, now: datetime, until: datetime | None) -> datetime:
    """When a session that is opened now is over: within the order's own time. Raises RuleBroken where that is short."""
    latest = now + LONGEST_SESSION
    ends = latest if until is None else min(latest, until)
    if ends < now + SHORTEST_SESSION:
        raise RuleBroken(
            "Too little time is left: a card payment needs half an hour. Write to the seller below: together you can"
            " cancel the order without a strike."
        )
    return ends


def can_go_on(expires_at: datetime, *, now: datetime, is_opened: bool) -> bool:
    """Whether a session is given to the buyer again. One that was perhaps never opened must not be too short for that
    by now: asked for too late, it is refused."""
    return expires_at > now + (BEGINS_ANEW if is_opened else SHORTEST_SESSION)


def next_look(looks: int, *, now: datetime, expires_at: datetime) -> datetime:
    """When to look at a session again though nothing was heard: soon at first, and right after its end."""
    pause = _LOOKS[min(looks, len(_LOOKS) - 1)]
    soon = now + pause
    return max(soon, expires_at + _LOOKS[0]) if soon >= expires_at > now else soon


def next_try(tries: int, *, now: datetime) -> datetime | None:
    """When an event is tried again after its `tries`th failure; None where it is parked."""
    return now + timedelta(seconds=_EVENT_PAUSES[tries - 1]) if tries < MOST_EVENT_TRIES else None


def paying_of(status: str | None, payment_status: str, intent_status: str | None) -> Paying:
    """What a session has come to. Only "paid" is paid; whoever comes back from it may say anything."""
    if payment_status == "paid":
        return Paying.PAID
    if status == "expired":
        return Paying.EXPIRED
    if status != "complete":
        return Paying.OPEN
    return Paying.FAILED if intent_status in ("requires_payment_method", "canceled") else Paying.SUBMITTED


def moves_on(was: Paying, now: Paying) -> bool:
    """Whether that is news. What was paid stays paid; what had failed or expired may be paid after all."""
    if now is Paying.PAID:
        return was is not Paying.PAID
    return was not in _ENDS and now is not was and now is not Paying.OPEN


def bank_of(status: str) -> Bank:
    """What a claim has come to. A word that is not known yet is taken for an open claim: the order stays frozen."""
    match status:
        case "won" | "warning_closed" | "prevented":
            return Bank.WON
        case "lost":
            return Bank.LOST
        case "warning_needs_response" | "warning_under_review":
            return Bank.INQUIRY
    return Bank.OPEN


def is_news(was: Bank | None, now: Bank) -> bool:
    """A claim only goes forward, from an inquiry to a claim to its end."""
    return _RANKS[now] > _RANKS[was]


class About(StrEnum):
    """What an event makes us look at."""

    SESSION = "session"
    CHARGE = "charge"
    REFUND = "refund"
    CLAIM = "claim"
    TRANSFER = "transfer"
    ACCOUNT = "account"
    GONE = "gone"
    """The seller has cut the platform off."""
    PAYOUT = "payout"
    """The seller's bank would not take what was paid out to it."""


# fmt: off
NEWS = {
    "checkout.session.completed":               About.SESSION,
    "checkout.session.async_payment_succeeded": About.SESSION,
    "checkout.session.async_payment_failed":    About.SESSION,
    "checkout.session.expired":                 About.SESSION,
    "charge.succeeded":                         About.CHARGE,
    "charge.updated":                           About.CHARGE,
    "charge.refunded":                          About.CHARGE,
    "refund.created":                           About.REFUND,
    "refund.updated":                           About.REFUND,
    "refund.failed":                            About.REFUND,
    "charge.refund.updated":                    About.REFUND,
    "charge.dispute.created":                   About.CLAIM,
    "charge.dispute.updated":                   About.CLAIM,
    "charge.dispute.closed":                    About.CLAIM,
    "charge.dispute.funds_withdrawn":           About.CLAIM,
    "charge.dispute.funds_reinstated":          About.CLAIM,
    "transfer.created":                         About.TRANSFER,
    "transfer.reversed":                        About.TRANSFER,
    "account.updated":                          About.ACCOUNT,
    "capability.updated":                       About.ACCOUNT,
    "account.external_account.created":         About.ACCOUNT,
    "account.external_account.updated":         About.ACCOUNT,
    "account.application.deauthorized":         About.GONE,
    "payout.failed":                            About.PAYOUT,
}
"""Whatever else Stripe tells is answered, and nothing follows. A card that was declined (payment_intent.payment_failed)
is nothing final: the buyer tries another in the same session."""
# fmt: on
OF_ACCOUNTS = frozenset({About.ACCOUNT, About.GONE, About.PAYOUT})


@dataclass(frozen=True, slots=True)
class News:
    """What an event says, as far as it is believed: that something happened, and to what."""

    event_id: str
    type: str
    object_id: str
    account_id: str | None
    is_live: bool


def read_event(body: object) -> News:
    """An event as it was signed. Raises ValueError where it is none."""
    match body:
        case {
            "id": str(event_id), "type": str(kind), "livemode": bool(is_live), "data": {"object": {**about}}, **rest,
        }:  # fmt: skip
            object_id, account_id = about.get("id"), rest.get("account")
            return News(
                event_id, kind, object_id if isinstance(object_id, str) else "",
                account_id if isinstance(account_id, str) else None, is_live,
            )  # fmt: skip
    raise ValueError("This is no event.")


def counts(news: News, *, is_live: bool, of_accounts: bool) -> bool:
    """Whether an event is one to act on: of this mode, of this endpoint, and of a kind that changes something."""
    about = NEWS.get(news.type)
    if about is None or news.is_live is not is_live:
        return False
    return (about in OF_ACCOUNTS) is of_accounts and (news.account_id is not None) is of_accounts
