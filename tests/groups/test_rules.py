"""The table of permissions, walked: each permission for each kind of person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marketplace.groups import rules
from marketplace.groups.rules import PERMISSIONS, Permission, Role, While, Who
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken

P = Permission
MAY, NOT_HIS, HIDDEN = "may", "not his to do", "not his to see"

PEOPLE = {
    "owner": Who(Role.OWNER),
    "treasurer": Who(Role.TREASURER),
    "moderator": Who(Role.MODERATOR),
    "member": Who(Role.MEMBER),
    "former member": Who(None, was_member=True),
    "stranger": Who(None),
    "stranger at a public catalogue": Who(None, is_catalogue_public=True),
}

# The table once more, written down by hand: y may, n is told that he may not, - hears that there is nothing.
# Columns as in PEOPLE.
EXPECTED = {
    #                       o t m m f s p
    P.SEE_LOTS:             "y y y y - - y",
    P.SEE_MEMBERS:          "y y y y - - -",
    P.SEE_BOOKS:            "y y y y - - -",
    P.CHECK_AUCTION:        "y y y y - - -",
    P.WATCH_LOT:            "y y y y - - n",
    P.KEEP_SEARCH:          "y y y y - - n",
    P.ASK_ABOUT_LOT:        "y y y y - - n",
    P.PLACE_BID:            "y y y y - - n",
    P.RETRACT_BID:          "y y y y - - n",
    P.MAKE_OFFER:           "y y y y - - n",
    P.PUT_UP_DEPOSIT:       "y y y y - - -",
    P.LIST_ITEM:            "y y y y - - n",
    P.PRINT_LABELS:         "y y y y - - -",
    P.PRINT_FOR_MEETUP:     "y n y n - - -",
    P.REPORT:               "y y y y y - n",
    P.SEE_REPORTS:          "y - y - - - -",
    P.DECIDE_APPLICATIONS:  "y n y n - - -",
    P.HIDE_LOT:             "y n y n - - n",
    P.HIDE_QUESTION:        "y n y n - - n",
    P.HOLD_SALE:            "y n y n - - n",
    P.RETRACT_FOR_MEMBER:   "y n y n - - n",
    P.REMOVE_MEMBER:        "y n y n - - -",
    P.RULE_ON_DISPUTE:      "y y y n - - -",
    P.ANSWER_BANK:          "y y y n - - -",
    P.CONFIRM_MONEY:        "y y n n - - -",
    P.CONFIRM_MONEY_LATE:   "y y y n - - -",
    P.KEEP_STATEMENT:       "y y n n - - -",
    P.ATTEST_BALANCE:       "y y y n - - -",
    P.SEE_INSTRUCTIONS:     "y y y - - - -",
    P.WRITE_OFF_DEBT:       "y n n n - - -",
    P.AGREE_WRITE_OFF:      "y y y n - - -",
    P.ASK_FOR_FEES:         "y y n n - - -",
    P.FILL_FUND:            "y n n n - - -",
    P.CHANGE_INSTRUCTIONS:  "y y n - - - -",
    P.APPROVE_INSTRUCTIONS: "y y y - - - -",
    P.SEE_HANDOVER:         "y y y - - - -",
    P.NAME_TREASURER:       "y n n - - - -",
    P.CHANGE_GROUP:         "y n n n - - -",
    P.CHANGE_RULES:         "y n n n - - -",
    P.CHANGE_TERMS:         "y n n n - - -",
    P.GIVE_ROLES:           "y n n n - - -",
    P.CLOSE_GROUP:          "y n n n - - -",
}  # fmt: skip
OUTCOMES = {"y": MAY, "n": NOT_HIS, "-": HIDDEN}
WALK = [
    (permission, person, OUTCOMES[mark])
    for permission, marks in EXPECTED.items()
    for person, mark in zip(PEOPLE, marks.split(), strict=True)
]


def outcome_of(permission: Permission, who: Who) -> str:
    try:
        rules.judge(permission, who)
    except NotFound:
        return HIDDEN
    except NotAllowed:
        return NOT_HIS
    return MAY


def test_every_permission_stands_in_the_table_and_is_walked() -> None:
    assert set(PERMISSIONS) == set(P) == set(EXPECTED)


@pytest.mark.parametrize(("permission", "person", "outcome"), WALK)
def test_a_person_may_what_the_table_says_and_no_more(permission: Permission, person: str, outcome: str) -> None:
    who = PEOPLE[person]
    assert outcome_of(permission, who) == outcome
    assert rules.may(permission, who) == (outcome == MAY)


@pytest.mark.parametrize("permission", P)
def test_in_a_closed_group_only_what_ends_things_goes_on(permission: Permission) -> None:
    owner = replace(PEOPLE["owner"], is_closed=True)
    goes_on = PERMISSIONS[permission].during in {While.ALWAYS, While.AGREED}
    assert rules.may(permission, owner) == goes_on


def test_bids_go_on_in_a_closed_group_for_who_agreed_and_listing_ends() -> None:
    member = replace(PEOPLE["member"], is_closed=True)
    assert rules.may(P.PLACE_BID, member)
    assert not rules.may(P.PLACE_BID, replace(member, has_agreed=False))
    assert not rules.may(P.LIST_ITEM, member)


@pytest.mark.parametrize("permission", P)
def test_who_has_not_agreed_to_new_rules_neither_bids_nor_lists(permission: Permission) -> None:
    owner = replace(PEOPLE["owner"], has_agreed=False)
    assert rules.may(permission, owner) == (permission not in {P.ASK_ABOUT_LOT, P.PLACE_BID, P.MAKE_OFFER, P.LIST_ITEM})


def test_he_is_told_to_agree_and_not_that_it_is_not_for_him() -> None:
    with pytest.raises(RuleBroken, match="rules have changed") as refusal:
        rules.judge(P.PLACE_BID, replace(PEOPLE["member"], has_agreed=False))
    assert not isinstance(refusal.value, NotAllowed)


@pytest.mark.parametrize(("permission", "person"), [(p, who) for p, who, outcome in WALK if outcome != MAY])
def test_every_refusal_is_a_sentence(permission: Permission, person: str) -> None:
    with pytest.raises((NotFound, NotAllowed), match=r"\.$"):
        rules.judge(permission, PEOPLE[person])
