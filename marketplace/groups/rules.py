"""The law of a group: what each role may do, and the terms that its deals run on.

How one comes to be a member, and ceases to be one, stands in entry_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken


class Role(StrEnum):
    OWNER = "owner"
    TREASURER = "treasurer"
    MODERATOR = "moderator"
    MEMBER = "member"


OFFICERS = (Role.OWNER, Role.TREASURER, Role.MODERATOR)
CONFIRMERS = (Role.OWNER, Role.TREASURER)
"""Who confirms that money came or went."""


# ---- What each role may do ----


class Permission(StrEnum):
    SEE_LOTS = "see lots"
    SEE_MEMBERS = "see members"
    SEE_BOOKS = "see books"
    SEE_REPORTS = "see reports"
    PLACE_BID = "place a bid"
    LIST_ITEM = "list an item"
    REPORT = "report what is not right"
    DECIDE_APPLICATIONS = "decide applications"
    HIDE_LOT = "hide a lot"
    REMOVE_MEMBER = "remove a member"
    RULE_ON_DISPUTE = "rule on a dispute"
    CONFIRM_MONEY = "confirm money"
    CONFIRM_MONEY_LATE = "confirm money in the treasurer's place"
    SEE_INSTRUCTIONS = "see how the payment instructions change"
    CHANGE_INSTRUCTIONS = "change the payment instructions"
    APPROVE_INSTRUCTIONS = "approve or stop another officer's payment instructions"
    CHANGE_GROUP = "change the group"
    CHANGE_RULES = "change the rules"
    CHANGE_TERMS = "change the terms"
    GIVE_ROLES = "give roles"
    CLOSE_GROUP = "close the group"


@dataclass(frozen=True, slots=True)
class Who:
    """What the table needs to know of a person and a group."""

    role: Role | None
    """None for anybody who is not a member, signed in or not."""
    was_member: bool = False
    has_agreed: bool = True
    """To the rules in force."""
    is_closed: bool = False
    is_catalogue_public: bool = False


Predicate = Callable[[Who], bool]


def is_member(who: Who) -> bool:
    return who.role is not None


def is_or_was_member(who: Who) -> bool:
    """He who left may still be party to an order, and is written to there."""
    return who.role is not None or who.was_member


def knows_the_group(who: Who) -> bool:
    return is_or_was_member(who) or who.is_catalogue_public


def sees_the_catalogue(who: Who) -> bool:
    return who.role is not None or who.is_catalogue_public


def is_officer(who: Who) -> bool:
    return who.role in OFFICERS


def keeps_order(who: Who) -> bool:
    return who.role in {Role.OWNER, Role.MODERATOR}


def handles_money(who: Who) -> bool:
    return who.role in CONFIRMERS


def is_owner(who: Who) -> bool:
    return who.role is Role.OWNER


class While(StrEnum):
    """When a permission counts: groups close and rules change."""

    ALWAYS = "always"
    OPEN = "the group is open"
    AGREED = "the person agreed to the rules in force"
    OPEN_AND_AGREED = "the group is open and the person agreed to the rules in force"


class Clause(NamedTuple):
    """One line of the table. Whom the place is not `shown_to` hears that there is no such thing."""

    may: Predicate
    shown_to: Predicate
    during: While


P, W = Permission, While

# fmt: off
PERMISSIONS: dict[Permission, Clause] = {
    #                               who may             shown to            while
    P.SEE_LOTS:              Clause(sees_the_catalogue, sees_the_catalogue, W.ALWAYS),
    P.SEE_MEMBERS:           Clause(is_member,          is_member,          W.ALWAYS),
    P.SEE_BOOKS:             Clause(is_member,          is_member,          W.ALWAYS),
    P.PLACE_BID:             Clause(is_member,          sees_the_catalogue, W.AGREED),
    P.LIST_ITEM:             Clause(is_member,          sees_the_catalogue, W.OPEN_AND_AGREED),
    P.REPORT:                Clause(is_or_was_member,   knows_the_group,    W.ALWAYS),
    P.SEE_REPORTS:           Clause(keeps_order,        keeps_order,        W.ALWAYS),
    P.DECIDE_APPLICATIONS:   Clause(keeps_order,        is_member,          W.OPEN),
    P.HIDE_LOT:              Clause(keeps_order,        sees_the_catalogue, W.ALWAYS),
    P.REMOVE_MEMBER:         Clause(keeps_order,        is_member,          W.ALWAYS),
    P.RULE_ON_DISPUTE:       Clause(is_officer,         is_member,          W.ALWAYS),
    P.CONFIRM_MONEY:         Clause(handles_money,      is_member,          W.ALWAYS),
    P.CONFIRM_MONEY_LATE:    Clause(is_officer,         is_member,          W.ALWAYS),
    P.SEE_INSTRUCTIONS:      Clause(is_officer,         is_officer,         W.ALWAYS),
    P.CHANGE_INSTRUCTIONS:   Clause(handles_money,      is_officer,         W.ALWAYS),
    P.APPROVE_INSTRUCTIONS:  Clause(is_officer,         is_officer,         W.ALWAYS),
    P.CHANGE_GROUP:          Clause(is_owner,           is_member,          W.OPEN),
    P.CHANGE_RULES:          Clause(is_owner,           is_member,          W.OPEN),
    P.CHANGE_TERMS:          Clause(is_owner,           is_member,          W.OPEN),
    P.GIVE_ROLES:            Clause(is_owner,           is_member,          W.ALWAYS),
    P.CLOSE_GROUP:           Clause(is_owner,           is_member,          W.OPEN),
}
# fmt: on

# Bids do not end with the group: who closed it would else win what runs at the price of that moment.
_ENDS_WITH_THE_GROUP = frozenset({W.OPEN, W.OPEN_AND_AGREED})
_WANTS_AGREEMENT = frozenset({W.AGREED, W.OPEN_AND_AGREED})

_TOLD: dict[Predicate, str] = {
    is_member: "Only members do this. Join the group first.",
    is_or_was_member: "Only members do this. Join the group first.",
    keeps_order: "This is for the group’s owners and moderators. Ask one of them.",
    is_officer: "This is for the group’s owners, treasurers and moderators. Ask one of them.",
    handles_money: "This is for the group’s owners and treasurers. Ask one of them.",
    is_owner: "This is for the group’s owners. Ask one of them.",
}


def judge(permission: Permission, who: Who) -> None:
    """Return if `who` may; else raise NotFound (not his to see), NotAllowed (not his to do) or RuleBroken (not now)."""
    clause = PERMISSIONS[permission]
    if not clause.shown_to(who):
        raise NotFound("There is no such group.")
    if not clause.may(who):
        raise NotAllowed(_TOLD[clause.may])
    if clause.during in _ENDS_WITH_THE_GROUP and who.is_closed:
        raise RuleBroken("This group is closed. What runs goes to its end, and nothing new begins.")
    if clause.during in _WANTS_AGREEMENT and not who.has_agreed:
        raise RuleBroken("The group’s rules have changed. Read them and agree to them, then come back to this.")


def may(permission: Permission, who: Who) -> bool:
    """Whether `who` may, for pages that leave out what is not open to their reader."""
    try:
        judge(permission, who)
    except (NotFound, RuleBroken):
        return False
    return True


# ---- The terms ----


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
    soft_close_seconds: int = 120
    """A bid in the last so many seconds resets the time left to them; 0 closes hard."""
    soft_close_cap_minutes: int = 60
    """No lot runs longer than this past its scheduled end."""
    seller_pays_return: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Terms:
        """Terms as they were stored, perhaps by an older version: what it did not know has its default."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


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
    "soft_close_seconds":          Range(0, 900),
    "soft_close_cap_minutes":      Range(5, 240),
}
# fmt: on


def check_terms(terms: Terms) -> None:
    """Return if a group may have these terms; else raise RuleBroken, with the field that is wrong."""
    for name, (least, most) in RANGES.items():
        if not least <= getattr(terms, name) <= most:
            raise RuleBroken("Enter a number from %(least)s to %(most)s.", field=name, least=least, most=most)
    if terms.days_until_unshipped_refund <= terms.days_to_ship:
        raise RuleBroken(
            "The refund comes after the time to ship: enter more than %(days)s days.",
            field="days_until_unshipped_refund",
            days=terms.days_to_ship,
        )
