"""The treasury passes from one to another: wished for or decided, stated by the one, confirmed by the other.

What must be at the bank is known from the books; the parting treasurer says what is. The instructions by which members
pay change apart from it, on their own slow way (instructions.py).
"""

from __future__ import annotations

from datetime import datetime

from marketplace.groups import handover_queries, handover_rules, instructions, queries, service
from marketplace.groups.events import HandoverChanged
from marketplace.groups.finding import locked, locked_group, locked_member, locked_membership
from marketplace.groups.handover_models import Handover
from marketplace.groups.handover_rules import Action, Party, State, in_words
from marketplace.groups.members import put_in_role
from marketplace.groups.models import Membership
from marketplace.groups.rules import Permission, Role
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money

_NONE = "There is no such handover."


@use_case
def ask_to_step_down(*, by: int, group_id: int) -> Handover:
    """The treasurer does not want to be it any longer; an owner names who follows. Twice is once."""
    locked_group(group_id)
    member = service.require_member(by, group_id, Permission.CONFIRM_MONEY)
    if member.role != Role.TREASURER:
        raise RuleBroken("You are an owner, so you name who takes the treasury over.")
    found = handover_queries.open_in(group_id)
    if found is not None and found.parting_id == by:
        return found
    made = _begin(group_id, parting_id=by, by=by)
    _note(made, Action.ASK, by=by)
    return made


@use_case
def name_successor(*, by: int, group_id: int, parting_id: int, successor_id: int) -> Handover:
    """An owner says who takes the treasury over, and from whom. The parting one keeps his role until it is done."""
    locked_group(group_id)
    service.require(by, group_id, Permission.NAME_TREASURER)
    if parting_id == successor_id:
        raise RuleBroken("Somebody else has to take it over.", field="successor_id")
    locked_member(group_id, successor_id)
    handover = handover_queries.open_in(group_id)
    if handover is None:
        _check_parts(group_id, parting_id)
        handover = _begin(group_id, parting_id=parting_id, by=by)
    if handover.parting_id != parting_id:
        raise RuleBroken("Another handover is under way already. End it first, or wait until it is done.")
    now = clock.now()
    clause = handover_rules.judge(handover.facts(), Action.NAME, {Party.OWNER}, now)
    handover.successor_id, handover.named_by, handover.named_at = successor_id, by, now
    handover.state = clause.then
    _note(handover, Action.NAME, by=by)
    return handover


@use_case
def state_balance(*, by: int, handover_id: int, amount: Money, reference: str, note: str) -> None:
    """Say what is handed over, with where it is to be seen; a difference to the books wants a word. Said again it
    replaces what was said before."""
    handover = _locked(handover_id)
    clause = _judged(handover, Action.STATE, by)
    books = handover_queries.at_bank(handover.group_id, handover.currency)
    handover_rules.check_words(amount, books, note)
    now = clock.now()
    handover.state, handover.stated_by, handover.stated_at = clause.then, by, now
    handover.stated_minor, handover.books_minor = amount.minor, books.minor
    handover.reference, handover.note = reference, note
    handover.difference = in_words(amount, books)
    handover.count_of_statements += 1
    in_place = " In the parting treasurer's place." if handover.is_in_place else ""
    _note(handover, Action.STATE, by=by, why=f"{handover.difference}{in_place} {note}".strip())


@use_case
def confirm_balance(*, by: int, handover_id: int, amount: Money, statement: int) -> None:
    """The successor has it: `amount`, as the page showed it, by the statement of that number. The roles change with it.

    Raises Stale where either is another by now.
    """
    handover = _locked(handover_id)
    clause = _judged(handover, Action.CONFIRM, by)
    if statement != handover.count_of_statements or amount != handover_queries.to_be_had(handover):
        raise Stale("What is handed over has changed since you opened the page. Look at it again.")
    now = clock.now()
    handover.state, handover.ended_at, handover.ended_by = clause.then, now, by
    handover.confirmed_minor = amount.minor
    _pass_roles(handover, by=by, now=now)
    _note(handover, Action.CONFIRM, by=by, why=handover.difference)


@use_case
def call_off(*, by: int, handover_id: int, reason: str) -> None:
    """It does not come to it. Everybody keeps the role that he has."""
    handover = _locked(handover_id)
    clause = _judged(handover, Action.CALL_OFF, by)
    now = clock.now()
    handover.state, handover.ended_at, handover.ended_by = clause.then, now, by
    handover.end_reason = reason
    _note(handover, Action.CALL_OFF, by=by, why=reason)


def _begin(group_id: int, *, parting_id: int, by: int) -> Handover:
    if handover_queries.open_in(group_id) is not None:
        raise RuleBroken("Another handover is under way already. End it first, or wait until it is done.")
    currency = queries.group(group_id).currency
    made = Handover(
        group_id=group_id, state=State.ASKED, parting_id=parting_id, asked_by=by, asked_at=clock.now(),
        currency=currency, count_of_statements=0,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def _check_parts(group_id: int, parting_id: int) -> None:
    if parting_id not in handover_queries.who_can_part(group_id):
        raise RuleBroken("He does not look after the group’s money. Choose who does.", field="parting_id")


def _locked(handover_id: int) -> Handover:
    """The handover, its group locked before it as everywhere. Raises NotFound."""
    found = handover_queries.handover(handover_id)
    locked_group(found.group_id)
    return locked(Handover, handover_id, _NONE)


def _judged(handover: Handover, action: Action, by: int) -> handover_rules.Clause:
    parties = handover_queries.parties(handover, by)
    if not parties:
        handover_queries.check_sees(handover, by)
    return handover_rules.judge(handover.facts(), action, parties, clock.now())


def _pass_roles(handover: Handover, *, by: int, now: datetime) -> None:
    """In one go: there is no moment with two treasurers, and none without one."""
    parting = locked_membership(handover.group_id, handover.parting_id)
    if parting is not None and parting.is_current:
        _become(parting, handover_rules.role_of_parting(Role(parting.role)), by=by, now=now)
    successor = locked_member(handover.group_id, by)
    _become(successor, handover_rules.role_of_successor(Role(successor.role)), by=by, now=now)
    if successor.officer_since == now:
        instructions.hold_for_second(handover.group_id, by=by, now=now)


def _become(member: Membership, role: Role, *, by: int, now: datetime) -> None:
    former = Role(member.role)
    if former is not role:
        put_in_role(member, role, now=now)
        why = f"{former} → {role}, by a handover of the treasury"
        audit.note("give role", f"person:{member.person_id}", by=by, group_id=member.group_id, why=why)


def _note(handover: Handover, action: Action, *, by: int, why: str = "") -> None:
    what = f"treasury handover: {action.replace('_', ' ')}"
    audit.note(what, f"handover:{handover.id}", by=by, group_id=handover.group_id, why=why)
    announce(
        HandoverChanged(
            group_id=handover.group_id, handover_id=handover.id, action=action, by=by, parting_id=handover.parting_id,
            successor_id=handover.successor_id, stated=handover.stated, books=handover.books,
            statement=handover.count_of_statements, is_in_place=handover.is_in_place, reason=handover.end_reason,
        )
    )  # fmt: skip
