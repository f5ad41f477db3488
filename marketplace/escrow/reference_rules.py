"""What people type: the reference that a payment carries, and the code that a pick-up is proved with."""

from __future__ import annotations

from marketplace.payments.reference_rules import LETTERS, References

CODE_LENGTH = 6
"""25 letters, six places: at five tries an hour somebody who guesses needs 2,700 years for half of them."""

_ORDERS = References("E", "order")
_PARCELS = References("P", "parcel")


def reference_of(order_id: int) -> str:
    """E-1187-7KQ: the order's number and three letters that a slip of the pen does not keep right."""
    return _ORDERS.reference_of(order_id)


def parcel_reference_of(parcel_id: int) -> str:
    """P-12-C4W: the same of a parcel, with other letters: an order and a parcel are not taken for one another."""
    return _PARCELS.reference_of(parcel_id)


def order_of(text: str) -> int | None:
    """The order that a reference names, however it was typed; none if it is not one of ours."""
    return _ORDERS.number_in(text)


def parcel_of(text: str) -> int | None:
    """The parcel that a reference names, likewise."""
    return _PARCELS.number_in(text)


def orders_in(text: str) -> set[int]:
    """Every order that a line of the bank's statement names."""
    return set(_ORDERS.numbers_in(text))


def parcels_in(text: str) -> set[int]:
    """Every parcel that it names, likewise."""
    return set(_PARCELS.numbers_in(text))


def plain_code(text: str) -> str:
    """A pick-up code as it is compared: capitals, no dashes, no blanks."""
    return "".join(char for char in text.upper() if char in LETTERS)


def shown_code(code: str) -> str:
    """A pick-up code as it is read out: K7Q-4MX."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"
