"""Where members pay: changed by one officer, approved by a second, in force three days later; stopped by any."""

from __future__ import annotations

from datetime import datetime

from marketplace.groups import instruction_rules, queries, service
from marketplace.groups.events import InstructionsApproved, InstructionsDropped, InstructionsProposed
from marketplace.groups.finding import locked, locked_group
from marketplace.groups.models import Instructions
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale
from marketplace.kernel.events import announce


@use_case
def propose_instructions(*, by: int, group_id: int, words: str) -> Instructions:
    """Ask members to pay elsewhere. A second officer approves, if there is or was one; till then the old ones stand."""
    locked_group(group_id)
    service.require(by, group_id, Permission.CHANGE_INSTRUCTIONS)
    now = clock.now()
    if queries.coming_instructions(group_id, now) is not None:
        raise RuleBroken("A change is under way already. Stop it first, or wait until it is in force.")
    if queries.instructions_of(group_id, now) == words:
        raise RuleBroken("These are the instructions in force. Nothing would change.", field="words")
    is_alone = all(officer.person_id == by for officer in queries.officers_lately(group_id, now))
    in_force_at = instruction_rules.in_force_at(now) if is_alone else None
    made = Instructions(group_id=group_id, words=words, proposed_by=by, proposed_at=now, in_force_at=in_force_at)
    db.session.add(made)
    db.session.flush()
    audit.note("propose payment instructions", f"instructions:{made.id}", by=by, group_id=group_id)
    announce(InstructionsProposed(group_id, made.id, by, in_force_at))
    return made


@use_case
def approve_instructions(*, by: int, instructions_id: int) -> None:
    """The second officer says yes; three days later members pay by the new instructions."""
    made = locked(Instructions, instructions_id, "There are no such instructions.")
    officer = service.require_member(by, made.group_id, Permission.APPROVE_INSTRUCTIONS)
    if made.proposed_by == by:
        raise NotAllowed("You proposed this change. Another officer approves it.")
    if made.dropped_at is not None:
        raise Stale("This change was stopped. There is nothing to approve.")
    if made.in_force_at is not None:
        raise Stale("This change has been approved already.")
    now = clock.now()
    instruction_rules.judge_approval(officer.officer_since or now, proposed_at=made.proposed_at)
    made.approved_by, made.in_force_at = by, instruction_rules.in_force_at(now)
    audit.note("approve payment instructions", f"instructions:{made.id}", by=by, group_id=made.group_id)
    announce(InstructionsApproved(made.group_id, made.id, by, made.in_force_at))


def hold_for_second(group_id: int, *, by: int, now: datetime) -> None:
    """Somebody else becomes an officer: what one proposed when he was alone waits for a yes after all."""
    coming = queries.coming_instructions(group_id, now)
    if coming is None or coming.in_force_at is None or coming.approved_by is not None:
        return
    coming.in_force_at = None
    audit.note("hold payment instructions", f"instructions:{coming.id}", by=by, group_id=group_id)
    announce(InstructionsProposed(group_id, coming.id, coming.proposed_by, None))


@use_case
def drop_instructions(*, by: int, instructions_id: int) -> None:
    """Stop a change before it is in force: any officer can, for it may be a thief's."""
    made = locked(Instructions, instructions_id, "There are no such instructions.")
    service.require(by, made.group_id, Permission.APPROVE_INSTRUCTIONS)
    now = clock.now()
    if made.dropped_at is not None:
        return
    if made.in_force_at is not None and made.in_force_at <= now:
        raise Stale("These instructions are in force. Propose other ones.")
    made.dropped_at, made.dropped_by = now, by
    audit.note("stop payment instructions", f"instructions:{made.id}", by=by, group_id=made.group_id)
    announce(InstructionsDropped(made.group_id, made.id, by))
