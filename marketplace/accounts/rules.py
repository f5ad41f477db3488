"""How often one may try a door, how long a sign-in is fresh, and when new payout details are used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.kernel.errors import RuleBroken

# A length, and nothing about which characters: NIST SP 800-63B (rev. 4, 3.1.1.2).
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256

TRIES = 5
TRIES_COUNT_FOR = timedelta(minutes=15)
PAUSE = timedelta(minutes=15)

FRESH_FOR = timedelta(minutes=15)
"""After so long, who moves money or changes how he signs in proves again who he is."""
PASSWORD_GOOD_FOR = timedelta(hours=12)
"""Who moves money gave his password within so long, beside the code: a working day, so that an officer types it once,
and a browser that stays signed in for weeks moves none by a glance at his phone."""
TIME_TO_TYPE = timedelta(minutes=30)
"""A form that was opened while it was fresh may be sent for so much longer: what was typed is not lost."""
STAY_FOR = timedelta(days=30)
CODE_WINDOW_SECONDS = 60
"""How far the clock of an authenticator app may be off."""

PAYOUT_DETAILS_WAIT = timedelta(hours=72)
"""Law, 3: time enough to notice that somebody else changed them."""

MOST_ADDRESSES = 10


class Door(StrEnum):
    """What stands between a stranger and an account."""

    ADDRESS = "address"
    """E-mail and password, by anybody."""
    DEVICE = "device"
    """The same on a device where he has signed in before; what is said there is the same, too."""
    PASSWORD = "password"  # noqa: S105 - a name
    """The password again, by somebody who is signed in."""
    CODE = "code"
    """The second factor."""


@dataclass(frozen=True, slots=True)
class Tries:
    """The failures at one door: how many, since when, and the pause that they brought."""

    failures: int
    since: datetime
    paused_until: datetime | None = None


class TooManyTries(RuleBroken):
    """Somebody failed so often that the door is shut for a while, for everybody who comes to it."""


class WrongSecret(RuleBroken):
    """The password or the code is not right."""


def fresh_tries(now: datetime) -> Tries:
    """A door that nobody has tried of late."""
    return Tries(failures=0, since=now)


def counted(tries: Tries, now: datetime) -> Tries:
    """The failures that still count: old ones are forgotten, and so are those before a pause that is over."""
    is_over = tries.paused_until is not None and tries.paused_until <= now
    is_old = tries.paused_until is None and tries.since + TRIES_COUNT_FOR <= now
    return fresh_tries(now) if is_over or is_old else tries


def judge_try(tries: Tries, now: datetime) -> None:
    """Whether somebody may try now. The right password does not open a door that is shut: else it could be guessed on."""
    if tries.paused_until is None or tries.paused_until <= now:
        return
    minutes = -(-int((tries.paused_until - now).total_seconds()) // 60)
    if minutes > 1:
        raise TooManyTries("That was tried too often. Wait %(minutes)s minutes, then try again.", minutes=minutes)
    raise TooManyTries("That was tried too often. Wait one minute, then try again.")


def after_failure(tries: Tries, now: datetime) -> Tries:
    """One failure more; the last that is allowed brings the pause."""
    failures = tries.failures + 1
    return replace(tries, failures=failures, paused_until=now + PAUSE if failures >= TRIES else None)


def refusal(door: Door, after: Tries) -> WrongSecret:
    """What is said after a failure: how many tries are left, or that the pause has begun."""
    left = TRIES - after.failures
    said = _REFUSALS[door]
    if left > 1:
        return WrongSecret(said.several_left, left=left)
    return WrongSecret(said.one_left if left == 1 else said.none_left)


def can_be_password(text: str) -> bool:
    """Whether anybody can have this password. Longer ones, and what no keyboard types, are not worth a hash."""
    return 0 < len(text) <= 2 * LONGEST_PASSWORD and "\x00" not in text


def usable_from(changed_at: datetime) -> datetime:
    """When payout details that are given now are first used; until then the old ones are."""
    return changed_at + PAYOUT_DETAILS_WAIT


def judge_taking_back(usable_from: datetime, withdrawn_at: datetime | None, now: datetime) -> None:
    """Whether a change of payout details can be taken back by its mailed link. Twice is once."""
    if withdrawn_at is None and usable_from <= now:
        raise RuleBroken("These details are in use by now. Sign in to change them, or write to whoever runs this site.")


def label(*, recipient: str, street: str, town: str, region: str, country: str, phone: str) -> str:
    """An address as it stands on a label, without empty lines."""
    lines = (line.strip() for line in (recipient, street, town, region, country, phone))
    return "\n".join(line for line in lines if line)


def is_fresh(proved_at: datetime, now: datetime, *, sends_form: bool = False) -> bool:
    """Whether who proved himself then may move money now, or send the form that he opened for it."""
    return timedelta(0) <= now - proved_at < FRESH_FOR + (TIME_TO_TYPE if sends_form else timedelta(0))


class _Refusal(NamedTuple):
    """What is said while several tries are left, while one is, and when none is."""

    several_left: str
    one_left: str
    none_left: str


_AT_SIGN_IN = _Refusal(
    several_left="E-mail and password do not match. Try again, or ask for a new password below. "
    "%(left)s tries left before a pause of 15 minutes.",
    one_left="E-mail and password do not match. Try again, or ask for a new password below. "
    "One try left before a pause of 15 minutes.",
    none_left="E-mail and password do not match, and that was the last try. "
    "Wait 15 minutes, or ask for a new password below.",
)
_REFUSALS = {
    Door.ADDRESS: _AT_SIGN_IN,
    Door.DEVICE: _AT_SIGN_IN,
    Door.PASSWORD: _Refusal(
        several_left="This is not your password. Try again. %(left)s tries left before a pause of 15 minutes.",
        one_left="This is not your password. Try again. One try left before a pause of 15 minutes.",
        none_left="This is not your password, and that was the last try. Wait 15 minutes.",
    ),
    Door.CODE: _Refusal(
        several_left="This code does not match, or it was used already. Enter the one that your app shows now. "
        "%(left)s tries left before a pause of 15 minutes.",
        one_left="This code does not match, or it was used already. Enter the one that your app shows now. "
        "One try left before a pause of 15 minutes.",
        none_left="This code does not match, and that was the last try. Wait 15 minutes.",
    ),
}
