"""What people type: the reference that a payment carries, and the code that a pick-up is proved with."""

from __future__ import annotations

import hashlib
import re

# Without 0 O, 1 I L, 2 Z, 5 S, 8 B: each can be read as the other in somebody's handwriting or on a bank's slip.
LETTERS = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH = 6
"""25 letters, six places: at five tries an hour somebody who guesses needs 2,700 years for half of them."""


def reference_of(order_id: int) -> str:
    """E-1187-7KQ: the order's number and three letters that a slip of the pen does not keep right."""
    return f"E-{order_id}-{_check('order', order_id)}"


def parcel_reference_of(parcel_id: int) -> str:
    """P-12-C4W: the same of a parcel, with other letters: an order and a parcel are not taken for one another."""
    return f"P-{parcel_id}-{_check('parcel', parcel_id)}"


# At every place of the text: what a bank puts before a reference can look like the beginning of one.
_REST = r"\W{0,3}([1-9][0-9]{0,17})\W{0,3}([A-Z0-9]{3})(?![A-Z0-9]))"
_REFERENCES = {"order": re.compile(rf"(?=E{_REST}", re.ASCII), "parcel": re.compile(rf"(?=P{_REST}", re.ASCII)}


def order_of(text: str) -> int | None:
    """The order that a reference names, however it was typed; none if it is not one of ours."""
    return _number_in(text, "order")


def parcel_of(text: str) -> int | None:
    """The parcel that a reference names, likewise."""
    return _number_in(text, "parcel")


def _number_in(text: str, kind: str) -> int | None:
    for number, letters in _REFERENCES[kind].findall(text.upper()[:400]):
        if letters == _check(kind, int(number)):
            return int(number)
    return None


def plain_code(text: str) -> str:
    """A pick-up code as it is compared: capitals, no dashes, no blanks."""
    return "".join(char for char in text.upper() if char in LETTERS)


def shown_code(code: str) -> str:
    """A pick-up code as it is read out: K7Q-4MX."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"


def _check(kind: str, number_of_it: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"earnest {kind} {number_of_it}".encode()).digest()[:8])
    letters = []
    for _place in range(3):
        number, rest = divmod(number, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)
