"""Told about money that one officer may not confirm alone: to whoever may approve it, and what came of it."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.groups import queries as groups
from marketplace.groups.events import ProposalDecided, ProposalMade
from marketplace.groups.proposal_rules import State
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.service import notify_all


def _(sentence: str) -> str:
    """Marks words for the translators."""
    return sentence


CAME_IN, WENT_OUT = Word(_("came in")), Word(_("went out"))
TO_PROPOSER = {
    State.APPROVED: "approval_given",
    State.REFUSED: "approval_refused",
    State.OVERTAKEN: "approval_overtaken",
}


def proposed(fact: ProposalMade) -> None:
    """The officers hear it who may approve it; where there is none, the owners what to do."""
    data = _data(fact, fact.by) | {"limit": fact.limit, "until": fact.until}
    about = {"ref": f"proposal:{fact.proposal_id}", "group_id": fact.group_id, "data": data}
    if fact.approver_ids:
        notify_all(fact.approver_ids, kind="approval_wanted", path=links.proposal(fact.proposal_id), **about)
    else:
        path = links.members(groups.group(fact.group_id).slug)
        notify_all(fact.owner_ids, kind="approver_missing", path=path, **about)


def decided(fact: ProposalDecided) -> None:
    """Who entered it hears what came of it. What he withdrew himself is no news to him."""
    kind = TO_PROPOSER.get(fact.state)
    if kind is not None:
        notify_all(
            (fact.proposed_by,), kind=kind, ref=f"proposal:{fact.proposal_id}", path=links.proposal(fact.proposal_id),
            group_id=fact.group_id, data=_data(fact, fact.by) | {"reason": fact.reason},
        )  # fmt: skip


def _data(fact: ProposalMade | ProposalDecided, by: int | None) -> dict[str, object]:
    name = names_of([by])[by] if by is not None else ""
    moved = CAME_IN if fact.comes_in else WENT_OUT
    return {"name": name, "amount": fact.amount, "title": fact.title, "moved": moved}
