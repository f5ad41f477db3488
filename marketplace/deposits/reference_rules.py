"""What a payment of a deposit carries: the number of the membership, for a deposit has none before it is put up."""

from __future__ import annotations

from marketplace.payments.reference_rules import References

_DEPOSITS = References("D", "deposit of membership")


def reference_of(membership_id: int) -> str:
    """D-512-K3F."""
    return _DEPOSITS.reference_of(membership_id)


def membership_of(text: str) -> int | None:
    """The membership that a reference names, however it was typed; none if it is not one of ours."""
    return _DEPOSITS.number_in(text)


def memberships_in(text: str) -> set[int]:
    """Every membership that a line of the bank's statement names."""
    return set(_DEPOSITS.numbers_in(text))
