"""How one comes to be a member of a group, which role he gets there, and how he ceases to be a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.groups.rules import Role
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly

MOST_MEMBERS = 150
"""A group's cap unless its owners set another: about as many as can know one another (Dunbar, 1992)."""
LARGEST_CAP = 1000
"""What owners may raise the cap to. Earnest is made for groups whose members know one another."""
MOST_QUESTIONS = 3
LONGEST_QUESTION = 250
LONGEST_ANSWER = 1000
DAYS_BEFORE_ASKING_AGAIN = 30
"""After a refusal or a removal."""


class JoinPolicy(StrEnum):
    OPEN = "open"
    APPROVAL = "approval"
    CLOSED = "closed"


class Belonging(StrEnum):
    """Where a person is with a group."""

    MEMBER = "member"
    LEFT = "left"
    REMOVED = "removed"


class Answer(StrEnum):
    """Where an application is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Door:
    """What stands between a group and somebody who asks to join it."""

    policy: JoinPolicy
    is_closed: bool
    """The group has ended, which is more than that it takes no applications."""
    is_full: bool
    belonging: Belonging | None
    """None for somebody who never was a member."""
    turned_away_at: datetime | None
    """When his last application was refused or he was removed, whichever was later."""


def judge_asking(door: Door, *, now: datetime) -> None:
    """Return if the person may ask to join; else raise why not."""
    if door.is_closed:
        raise RuleBroken("This group is closed. Nobody joins it any more.")
    if door.belonging is Belonging.MEMBER:
        raise RuleBroken("You are a member already.")
    if door.policy is JoinPolicy.CLOSED:
        raise RuleBroken("This group takes no applications at present.")
    again = may_ask_again_at(door)
    if again is not None and now < again:
        raise TooEarly("You may ask again from %(again)s on.", again=again)


def may_ask_again_at(door: Door) -> datetime | None:
    """From when on somebody who was turned away may ask again."""
    return door.turned_away_at + timedelta(days=DAYS_BEFORE_ASKING_AGAIN) if door.turned_away_at else None


def joins_at_once(door: Door) -> bool:
    """Whether nobody has to decide. Who was removed comes back only by an officer's word, and a full group waits."""
    return door.policy is JoinPolicy.OPEN and door.belonging is not Belonging.REMOVED and not door.is_full


def check_answers(questions: list[str], answers: list[str]) -> None:
    """Return if every question is answered; else raise RuleBroken at the first that is not."""
    for number, _question in enumerate(questions, start=1):
        if number > len(answers) or not answers[number - 1]:
            raise RuleBroken("Answer this question. The officers decide by it.", field=f"answer_{number}")


def judge_leaving(role: Role, *, owners: int, is_closed: bool, has_open_deals: bool) -> None:
    """Leaving is never blocked, but somebody has to confirm the members' money until the last deal has ended."""
    if role is not Role.OWNER or owners > 1:
        return
    if not is_closed:
        raise RuleBroken("You are the only owner. Make another member an owner, or close the group; then leave.")
    if has_open_deals:
        raise RuleBroken(
            "You are the only owner, and orders of this group are open: somebody has to confirm their money. Make "
            "another member an owner, or leave when the last order has ended."
        )


def judge_removal(target: Role, *, is_self: bool) -> None:
    """Nobody removes himself, nor an officer: that would take a role past the rules for roles."""
    if is_self:
        raise RuleBroken("Nobody removes himself. Leave the group on its front page.")
    if target is not Role.MEMBER:
        raise NotAllowed("An officer cannot be removed. An owner has to take his role first.")


def judge_role(now: Role, then: Role, *, owners: int) -> None:
    """A group always has an owner."""
    if now is Role.OWNER and then is not Role.OWNER and owners == 1:
        raise RuleBroken("A group needs an owner. Make another member an owner first.", field="role")
