"""The law of a group: what each role may do.

The terms that its deals run on stand in term_rules.py; how one comes to be a member, and ceases to be one, in
entry_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
    CHECK_AUCTION = "check an auction"
    WATCH_LOT = "watch a lot"
    KEEP_SEARCH = "keep a search or a want"
    ASK_ABOUT_LOT = "ask about a lot"
    PLACE_BID = "place a bid"
    RETRACT_BID = "retract a bid"
    MAKE_OFFER = "make an offer"
    PUT_UP_DEPOSIT = "put up a deposit"
    LIST_ITEM = "list an item"
    PRINT_LABELS = "print labels of lots"
    PRINT_FOR_MEETUP = "print labels of everybody's lots, and bidder numbers"
    REPORT = "report what is not right"
    DECIDE_APPLICATIONS = "decide applications"
    HIDE_LOT = "hide a lot"
    HIDE_QUESTION = "hide a question or an answer"
    HOLD_SALE = "hold a sale"
    RETRACT_FOR_MEMBER = "retract a member's bid for him"
    REMOVE_MEMBER = "remove a member"
    RULE_ON_DISPUTE = "rule on a dispute"
    ANSWER_BANK = "answer a bank that asks money back"
    CONFIRM_MONEY = "confirm money"
    CONFIRM_MONEY_LATE = "confirm money in the treasurer's place"
    KEEP_STATEMENT = "keep the bank's statement"
    ATTEST_BALANCE = "attest the bank's balance"
    WRITE_OFF_DEBT = "propose to write off what a member owes"
    AGREE_WRITE_OFF = "see what members owe, and agree to write it off"
    ASK_FOR_FEES = "ask for the fees that the group has earned"
    FILL_FUND = "put fees into the guarantee fund"
    SEE_INSTRUCTIONS = "see how the payment instructions change"
    CHANGE_INSTRUCTIONS = "change the payment instructions"
    APPROVE_INSTRUCTIONS = "approve or stop another officer's payment instructions"
    SEE_HANDOVER = "see how the treasury is handed over"
    NAME_TREASURER = "name who takes the treasury over"
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
    P.CHECK_AUCTION:         Clause(is_member,          is_member,          W.ALWAYS),
    P.WATCH_LOT:             Clause(is_member,          sees_the_catalogue, W.ALWAYS),
    P.KEEP_SEARCH:           Clause(is_member,          sees_the_catalogue, W.ALWAYS),
    P.ASK_ABOUT_LOT:         Clause(is_member,          sees_the_catalogue, W.AGREED),
    P.PLACE_BID:             Clause(is_member,          sees_the_catalogue, W.AGREED),
    P.RETRACT_BID:           Clause(is_member,          sees_the_catalogue, W.ALWAYS),
    P.MAKE_OFFER:            Clause(is_member,          sees_the_catalogue, W.OPEN_AND_AGREED),
    P.PUT_UP_DEPOSIT:        Clause(is_member,          is_member,          W.ALWAYS),
    P.LIST_ITEM:             Clause(is_member,          sees_the_catalogue, W.OPEN_AND_AGREED),
    P.PRINT_LABELS:          Clause(is_member,          is_member,          W.ALWAYS),
    P.PRINT_FOR_MEETUP:      Clause(keeps_order,        is_member,          W.ALWAYS),
    P.REPORT:                Clause(is_or_was_member,   knows_the_group,    W.ALWAYS),
    P.SEE_REPORTS:           Clause(keeps_order,        keeps_order,        W.ALWAYS),
    P.DECIDE_APPLICATIONS:   Clause(keeps_order,        is_member,          W.OPEN),
    P.HIDE_LOT:              Clause(keeps_order,        sees_the_catalogue, W.ALWAYS),
    P.HIDE_QUESTION:         Clause(keeps_order,        sees_the_catalogue, W.ALWAYS),
    P.HOLD_SALE:             Clause(keeps_order,        sees_the_catalogue, W.OPEN),
    P.RETRACT_FOR_MEMBER:    Clause(keeps_order,        sees_the_catalogue, W.ALWAYS),
    P.REMOVE_MEMBER:         Clause(keeps_order,        is_member,          W.ALWAYS),
    P.RULE_ON_DISPUTE:       Clause(is_officer,         is_member,          W.ALWAYS),
    P.ANSWER_BANK:           Clause(is_officer,         is_member,          W.ALWAYS),
    P.CONFIRM_MONEY:         Clause(handles_money,      is_member,          W.ALWAYS),
    P.CONFIRM_MONEY_LATE:    Clause(is_officer,         is_member,          W.ALWAYS),
    P.KEEP_STATEMENT:        Clause(handles_money,      is_member,          W.ALWAYS),
    P.ATTEST_BALANCE:        Clause(is_officer,         is_member,          W.ALWAYS),
    P.WRITE_OFF_DEBT:        Clause(is_owner,           is_member,          W.ALWAYS),
    P.AGREE_WRITE_OFF:       Clause(is_officer,         is_member,          W.ALWAYS),
    P.ASK_FOR_FEES:          Clause(handles_money,      is_member,          W.ALWAYS),
    P.FILL_FUND:             Clause(is_owner,           is_member,          W.ALWAYS),
    P.SEE_INSTRUCTIONS:      Clause(is_officer,         is_officer,         W.ALWAYS),
    P.CHANGE_INSTRUCTIONS:   Clause(handles_money,      is_officer,         W.ALWAYS),
    P.APPROVE_INSTRUCTIONS:  Clause(is_officer,         is_officer,         W.ALWAYS),
    P.SEE_HANDOVER:          Clause(is_officer,         is_officer,         W.ALWAYS),
    P.NAME_TREASURER:        Clause(is_owner,           is_officer,         W.ALWAYS),
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
