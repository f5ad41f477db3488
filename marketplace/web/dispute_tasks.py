"""What disputes wait for, in words: for the two sides, and for whoever may rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flask import url_for
from flask_babel import lazy_gettext as _l

from marketplace.accounts import queries as people
from marketplace.disputes import claim_finding, waiting
from marketplace.disputes.dispute_rules import State
from marketplace.disputes.waiting import DisputeWaits, Task as What
from marketplace.groups import queries as groups
from marketplace.web.dispute_course import silence_words
from marketplace.web.format import money_text
from marketplace.web.tasks import Task, Words

# fmt: off
WORDS: dict[What, Words] = {
    What.ANSWER: Words(
        _l("Answer the dispute about %(title)s"), _l("Read and answer"),
        _l("%(other)s says that something is wrong. %(held)s stays held."),
        _l("Silence gives the buyer what he asks for, sooner or later.")),
    What.TAKE_OR_LEAVE: Words(
        _l("An offer about %(title)s"), _l("Read the offer"),
        _l("%(other)s offers something. %(held)s stays held until it is settled."),
        _l("Then it goes on without an agreement.")),
    What.NEGOTIATE: Words(
        _l("Find an agreement about %(title)s"), _l("Make an offer"),
        _l("%(held)s stays held until it is settled."), _l("Then somebody without part in it rules.")),
    What.CHOOSE_RULER: Words(
        _l("Choose who rules about %(title)s"), _l("Propose or accept somebody"),
        _l("No officer is free of conflict. Agree with %(other)s on a member."), ""),
    What.APPEAL: Words(
        _l("There is a ruling about %(title)s"), _l("Read the ruling"),
        _l("You may appeal, once."), _l("Then it stands.")),
    What.RULE: Words(
        _l("Rule on the dispute about %(title)s"), _l("Read both sides"),
        _l("%(held)s is held. You have no part in it."), ""),
}
# fmt: on
ANSWER_BANK = Words(
    _l("Answer the bank: %(title)s"),
    _l("See what would be sent"),
    _l("The buyer’s bank asks %(held)s back. You are party to neither side."),
    _l("Then the bank decides without having heard anything."),
)  # fmt: skip
ADD_FOR_BANK = Words(
    _l("What speaks for you? %(title)s"), _l("Say and show it"),
    _l("The buyer’s bank asks %(held)s back."), _l("Then the bank decides with what it has."),
)  # fmt: skip
# Where nothing stands at the end of a line, what follows is said as the page of the dispute says it.
# They may look for somebody before a ruling is due.
THEN_STILL_CHOOSING = _l("Then a ruling is due, and for 48 hours more you can agree on somebody.")


def tasks_of(person_id: int) -> Iterable[Task]:
    """The disputes in which this person has to act, or may."""
    waits = waiting.waiting_for(person_id)
    names = people.names_of({each for wait in waits for each in (wait.case.order.buyer_id, wait.case.order.seller_id)})
    zones = {group_id: group.time_zone for group_id, group in groups.groups({wait.group_id for wait in waits}).items()}
    for wait in waits:
        task = WORDS[wait.task].task(
            {"title": wait.title, "other": names.get(wait.other_id or 0, ""), "held": money_text(wait.held)},
            url=url_for("disputes.show", dispute_id=wait.dispute_id),
            deadline=wait.until,
            zone=zones[wait.group_id],
            item_id=wait.item_id,
        )
        yield replace(task, then=task.then or _silence(wait, names))


def claims_of(person_id: int) -> Iterable[Task]:
    """The banks that this person may answer, and those to whom he can say something as the seller."""
    waits = claim_finding.waiting_for(person_id)
    found = [(ANSWER_BANK, *each) for each in waits.to_answer] + [(ADD_FOR_BANK, *each) for each in waits.to_add_to]
    here = groups.groups({order.group_id for _, _, order in found})
    for words, claim, order in found:
        yield words.task(
            {"title": order.title, "held": money_text(claim.amount)},
            url=url_for("chargebacks.show", claim_id=claim.id), deadline=claim.evidence_due_at,
            zone=here[order.group_id].time_zone, item_id=order.item_id,
        )  # fmt: skip


def _silence(wait: DisputeWaits, names: Mapping[int, str]) -> str:
    if wait.state is State.NEGOTIATING:
        return str(THEN_STILL_CHOOSING)
    return silence_words(wait.case, names)
