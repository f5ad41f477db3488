"""Seals: a sum that is kept secret now, and cannot be another one later. Pure, like rules.py.

The seal of a sum is the SHA-256 of its salt, what it is, its minor units and its currency, as in
`printf '%s' '9f2c…:bid:42000:EUR' | sha256sum`. It is shown at once and tells nothing, for nobody can try all salts;
when the salt and the sum are shown, everybody can reckon it again.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from marketplace.kernel.money import Money

SALT_BYTES = 16
"""As many as no one can try: 128 bits."""


class What(StrEnum):
    BID = "bid"
    RESERVE = "reserve"


def seal(what: What, amount: Money, salt: str) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(f"{salt}:{what}:{amount.minor}:{amount.currency}".encode()).hexdigest()
