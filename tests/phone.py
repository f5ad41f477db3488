"""An authenticator app, as RFC 6238 has it: knows the key that the page shows, and nothing of the product."""

from __future__ import annotations

import base64
import hmac
import struct
import time

from tests.house import wait_until

_STEP_SECONDS = 30
_STEPS_AHEAD = 2  # the product lets a clock be so far off


class Phone:
    """Shows a code. It shows each one once: a code that was used opens nothing."""

    def __init__(self, key: str) -> None:
        """`key` as it is typed into the app, in groups of letters and figures."""
        letters = "".join(filter(str.isalnum, key)).upper()
        self._key = base64.b32decode(letters + "=" * (-len(letters) % 8))
        self._last = 0

    def code(self) -> str:
        """The code of this half minute; after that was used, the next, as soon as the product would take it."""
        step = max(_now(), self._last + 1)
        wait_until(lambda: step <= _now() + _STEPS_AHEAD, "a code that was not used yet")
        self._last = step
        digest = hmac.digest(self._key, struct.pack(">Q", step), "sha1")
        offset = digest[-1] & 0x0F
        number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"


def _now() -> int:
    return int(time.time()) // _STEP_SECONDS
