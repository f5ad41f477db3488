"""Told about disputes: what is said, offered and ruled, and who has to answer or rule until when. Called by wiring.

How one ends is told by its order, which says where the money goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketplace.accounts.queries import names_of
from marketplace.disputes import events
from marketplace.disputes.dispute_rules import Remedy
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.dispute_rules import ANSWER, IF_NOT_ANSWERED, IF_NOT_RULED, REASONS, REMEDIES, RULE
from marketplace.notifications.rules import deadline_kind
from marketplace.notifications.service import notify_all


def opened(fact: events.DisputeOpened) -> None:
    details = {"reason": Word(REASONS[fact.reason]), "answer_by": fact.answer_by, **_remedy("asked", fact.asked)}
    _tell([fact.seller_id], "dispute_opened", fact, by_id=fact.buyer_id, details=details)


def answer_due(fact: events.AnswerDue) -> None:
    """The seller hears it when his time to answer begins, and again as it runs out."""
    if fact.hours is not None:
        details = {"deed": Word(ANSWER), "then": Word(IF_NOT_ANSWERED), "until": fact.until}
        _remind([fact.seller_id], fact, fact.hours, details)
        return
    details = {"until": fact.until, **_remedy("asked", fact.asked)}
    _tell([fact.seller_id], "dispute_answer_due", fact, by_id=fact.buyer_id, details=details)


def offer_made(fact: events.OfferMade) -> None:
    details = {"amount": fact.amount, "until": fact.until, **_remedy("offer", fact.remedy)}
    _tell([fact.to_id], "dispute_offer", fact, by_id=fact.by_id, details=details)


def contested(fact: events.DisputeContested) -> None:
    _tell([fact.to_id], "dispute_contested", fact, by_id=fact.by_id, details={"until": fact.until})


def answered(fact: events.DisputeAnswered) -> None:
    _tell([fact.to_id], "dispute_answered", fact, by_id=fact.by_id)


def ruling_due(fact: events.RulingDue) -> None:
    """Everybody who may rule hears it, and again as the time runs out."""
    then = Word(IF_NOT_RULED[fact.state])
    if fact.hours is not None:
        _remind(fact.ruler_ids, fact, fact.hours, {"deed": Word(RULE), "then": then, "until": fact.until})
        return
    names = names_of([fact.buyer_id, fact.seller_id])
    details = {"until": fact.until, "then": then, "buyer": names[fact.buyer_id], "seller": names[fact.seller_id]}
    _tell(fact.ruler_ids, "dispute_ruling_due", fact, details=details)


def ruler_needed(fact: events.RulerNeeded) -> None:
    """Each side hears that it is for the two to agree on somebody."""
    for person_id, other_id in ((fact.buyer_id, fact.seller_id), (fact.seller_id, fact.buyer_id)):
        _tell([person_id], "dispute_ruler_needed", fact, by_id=other_id, details={"until": fact.until})


def ruler_proposed(fact: events.RulerProposed) -> None:
    details = {"proposed": _name(fact.proposed_id), "until": fact.until}
    _tell([fact.to_id], "dispute_ruler_proposed", fact, by_id=fact.by_id, details=details)


def ruled(fact: events.DisputeRuled) -> None:
    details = {
        "reasons": fact.reasons,
        "appeal_until": fact.appeal_until,
        "moves_at": fact.moves_at,
        **_remedy("ruling", fact.remedy),
    }
    _tell([fact.buyer_id, fact.seller_id], "dispute_ruled", fact, details=details)


def appealed(fact: events.DisputeAppealed) -> None:
    _tell([fact.to_id], "dispute_appealed", fact, by_id=fact.by_id, details={"until": fact.until})


def _tell(
    person_ids: Iterable[int], kind: str, fact: events.About, *, by_id: int | None = None,
    details: Mapping[str, object] | None = None, key: str = "",
) -> None:  # fmt: skip
    """`by_id` is whose name the sentence bears."""
    notify_all(
        person_ids,
        kind=kind,
        ref=f"dispute:{fact.dispute_id}",
        path=links.dispute(fact.order_id),
        data={"title": fact.title, "held": fact.held, "name": _name(by_id) if by_id else "", **(details or {})},
        group_id=fact.group_id,
        key=f"dispute:{fact.dispute_id}:{fact.number}{key}",
    )


def _remind(person_ids: Iterable[int], fact: events.About, hours: int, details: Mapping[str, object]) -> None:
    _tell(person_ids, deadline_kind(hours), fact, details=details, key=f":{hours}")


def _remedy(name: str, remedy: Remedy) -> dict[str, object]:
    """What becomes of the money; `part` is the buyer's of a split."""
    return {name: Word(REMEDIES[remedy.outcome]), "part": remedy.part}


def _name(person_id: int) -> str:
    return names_of([person_id]).get(person_id, "")
