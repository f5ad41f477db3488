"""Told about handovers of the treasury: to the two whom it is about, and to all officers. Called by wiring."""

from __future__ import annotations

from typing import NamedTuple

from marketplace.accounts.queries import names_of
from marketplace.groups import queries as groups
from marketplace.groups.events import HandoverChanged
from marketplace.groups.handover_rules import Action
from marketplace.groups.rules import OFFICERS, Role
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.service import notify_all


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


class _Told(NamedTuple):
    kind: str
    are_officers_told: bool
    """All who are or lately were one; else the owners alone."""


TOLD = {
    Action.ASK: _Told("handover_asked", False),
    Action.NAME: _Told("handover_named", True),
    Action.STATE: _Told("handover_stated", True),
    Action.CONFIRM: _Told("handover_done", True),
    Action.CALL_OFF: _Told("handover_called_off", True),
}
_AGREES = Word(_("as the books say"))
_MORE, _LESS = Word(_("more than the books say")), Word(_("less than the books say"))


def changed(fact: HandoverChanged) -> None:
    """Also he hears it who did it: it may have been a thief in his name. Who is an officer no more cannot open the page
    of the handover: he is led to the group's own."""
    group, is_over = groups.group(fact.group_id), fact.action in (Action.CONFIRM, Action.CALL_OFF)
    differs = fact.action is Action.STATE and fact.stated != fact.books
    about = {
        "kind": "handover_differs" if differs else TOLD[fact.action].kind, "ref": f"handover:{fact.handover_id}",
        "data": {"group": group.name, **_names(fact), **_sums(fact)}, "group_id": group.id,
        "key": f"handover:{fact.handover_id}:{fact.action}:{fact.statement}",
    }  # fmt: skip
    parts = {fact.parting_id, *([fact.successor_id] if fact.successor_id else [])}
    roles = OFFICERS if TOLD[fact.action].are_officers_told else (Role.OWNER,)
    here = parts | {officer.person_id for officer in groups.officers(group.id, roles)}
    notify_all(sorted(here), path=links.group(group.slug) if is_over else links.handover(group.slug), **about)
    if TOLD[fact.action].are_officers_told:
        lately = {officer.person_id for officer in groups.officers_lately(group.id, clock.now())}
        notify_all(sorted(lately - here), path=links.group(group.slug), **about)


def _names(fact: HandoverChanged) -> dict[str, object]:
    names = names_of({*filter(None, (fact.by, fact.parting_id, fact.successor_id))})
    return {
        "by": names[fact.by], "parting": names[fact.parting_id],
        "successor": names[fact.successor_id] if fact.successor_id else "",
        "is_in_place": fact.is_in_place, "reason": fact.reason,
    }  # fmt: skip


def _sums(fact: HandoverChanged) -> dict[str, object]:
    if fact.stated is None or fact.books is None:
        return {}
    gap = abs(fact.stated.minor - fact.books.minor)
    words = _AGREES if not gap else _MORE if fact.stated > fact.books else _LESS
    return {"stated": fact.stated, "books": fact.books, "gap": Money(gap, fact.stated.currency), "side": words}
