"""The terms that a group's deals run on. Pure, like rules.py."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

from marketplace.kernel.errors import RuleBroken
from marketplace.payments.rules import Through


class Ladder(StrEnum):
    """Which steps the bidding climbs by: the group's choice, never the seller's."""

    FINE = "fine"
    """Small steps, as on eBay."""
    HOUSE = "house"
    """Round steps, as auction houses take them."""
    PERCENT = "percent"
    """A share of the price."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a group's deals run on. Copied onto a lot when it starts; a later change never touches a running deal.

    Defaults are those of the law of escrow (all `days_…` are whole days).
    """

    fee_basis_points: int = 500
    """The group's share of the hammer price, in hundredths of a percent; rounded down."""
    days_to_pay: int = 3
    days_to_confirm_payment: int = 3
    """The treasurer's; then any other officer may confirm, for `days_for_second_officer` more."""
    days_for_second_officer: int = 2
    days_to_top_up: int = 3
    hours_after_not_found: int = 48
    """What a buyer has to pay after the treasurer could not find what he said he sent."""
    days_to_ship: int = 3
    """After these the buyer may cancel."""
    days_until_unshipped_refund: int = 7
    """After these the clock refunds."""
    days_in_transit: int = 20
    days_to_inspect: int = 7
    days_of_extension: int = 3
    """Once, on the buyer's request before the end of the inspection."""
    days_to_talk: int = 2
    days_to_answer: int = 3
    days_to_negotiate: int = 3
    days_to_rule: int = 5
    days_to_appeal: int = 5
    days_to_post_return: int = 7
    days_of_return_transit: int = 10
    days_to_inspect_return: int = 5
    days_to_review_return: int = 3
    days_to_pay_out: int = 2
    days_for_feedback: int = 14
    ladder: Ladder = Ladder.FINE
    soft_close_seconds: int = 120
    """A bid in the last so many seconds resets the time left to them; 0, which only old auctions had, closes hard."""
    soft_close_cap_minutes: int = 60
    """No lot runs longer than this past its scheduled end."""
    seller_pays_return: bool = True
    deposit_threshold_minor: int = 0
    """A lot that opens at so much, or is bought at once for it, asks for a deposit; 0, and none does."""
    deposit_minor: int = 50_00
    """How much that is. Who left orders unpaid is asked for it on every lot, threshold or not."""
    officer_limit_minor: int = 500_00
    """What one officer may confirm alone in any seven days; above it a second one looks at each slip. 0: at every."""
    gateway: Through = Through.TREASURER
    """Where buyers pay to, and sellers are paid from."""

    def as_dict(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Terms:
        """Terms as they were stored, perhaps by an older version: what it did not know has its default."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in stored.items() if name in known}
        words = {
            "ladder": Ladder(given.get("ladder", Ladder.FINE)),
            "gateway": Through(given.get("gateway", Through.TREASURER)),
        }
        return cls(**given | words)


class Range(NamedTuple):
    """From the least to the most, both allowed."""

    least: int
    most: int


# fmt: off
RANGES = {
    # What owners may set. The law of escrow refuses besides whatever would hold money for more than 80 days.
    "fee_basis_points":            Range(0, 5000),
    "days_to_pay":                 Range(1, 14),
    "days_to_confirm_payment":     Range(1, 7),
    "days_for_second_officer":     Range(1, 7),
    "days_to_top_up":              Range(1, 7),
    "hours_after_not_found":       Range(24, 168),
    "days_to_ship":                Range(1, 14),
    "days_until_unshipped_refund": Range(2, 21),
    "days_in_transit":             Range(3, 45),
    "days_to_inspect":             Range(1, 30),
    "days_of_extension":           Range(0, 7),
    "days_to_talk":                Range(0, 7),
    "days_to_answer":              Range(1, 7),
    "days_to_negotiate":           Range(0, 7),
    "days_to_rule":                Range(1, 14),
    "days_to_appeal":              Range(1, 10),
    "days_to_post_return":         Range(1, 14),
    "days_of_return_transit":      Range(2, 30),
    "days_to_inspect_return":      Range(1, 10),
    "days_to_review_return":       Range(1, 7),
    "days_to_pay_out":             Range(1, 7),
    "days_for_feedback":           Range(3, 30),
    "soft_close_seconds":          Range(60, 900),
    "soft_close_cap_minutes":      Range(5, 240),
    "deposit_threshold_minor":     Range(0, 10**9 - 1),
    "deposit_minor":               Range(1, 10**9 - 1),
    "officer_limit_minor":         Range(0, 10**9 - 1),
}
# fmt: on
SUMS = frozenset({"deposit_threshold_minor", "deposit_minor", "officer_limit_minor"})
"""Of these the amounts of money, in minor units of the group's currency."""


def check_terms(terms: Terms) -> None:
    """Return if a group may have these terms; else raise RuleBroken, with the field that is wrong."""
    if not terms.deposit_minor:
        raise RuleBroken("Enter an amount above zero.", field="deposit_minor")
    for name, (least, most) in RANGES.items():
        if not least <= getattr(terms, name) <= most:
            raise RuleBroken("Enter a number from %(least)s to %(most)s.", field=name, least=least, most=most)
    if terms.days_until_unshipped_refund <= terms.days_to_ship:
        raise RuleBroken(
            "The refund comes after the time to ship: enter more than %(days)s days.",
            field="days_until_unshipped_refund",
            days=terms.days_to_ship,
        )
