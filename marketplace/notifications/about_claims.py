"""Told about banks that can be answered: who may send evidence until when, and what was sent. Called by wiring.

That a bank asks money back, and how it decided, is told by the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketplace.accounts.queries import names_of
from marketplace.disputes.claim_events import AnswerRefused, BankAnswered, EvidenceWanted
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.dispute_rules import ANSWER_BANK, IF_NOT_SENT
from marketplace.notifications.rules import deadline_kind
from marketplace.notifications.service import notify_all

Fact = EvidenceWanted | BankAnswered | AnswerRefused


def wanted(fact: EvidenceWanted) -> None:
    """The officers are asked, and reminded; the seller is asked once what speaks for him."""
    if fact.hours is not None:
        details = {"deed": Word(ANSWER_BANK), "then": Word(IF_NOT_SENT), "until": fact.until}
        kind, key = deadline_kind(fact.hours), f"reminder:{fact.hours}:{fact.until:%Y%m%d%H%M}"
        _tell(fact.officer_ids, kind, fact, key=key, details=details)
        return
    key = f"wanted:{fact.until:%Y%m%d%H%M}"
    _tell(fact.officer_ids, "bank_evidence_wanted", fact, key=key, details={"until": fact.until})
    _tell([fact.seller_id], "bank_words_wanted", fact, key=f"{key}:seller", details={"until": fact.until})


def answered(fact: BankAnswered) -> None:
    """Both sides, and the officers but for the one who did it."""
    kind = "bank_given_up" if fact.is_given_up else "bank_answered"
    readers = {fact.buyer_id, fact.seller_id, *fact.officer_ids} - {fact.by_id}
    to_order = readers & {fact.buyer_id, fact.seller_id}
    key = f"answered:{fact.contest_id}"
    details = {"name": names_of([fact.by_id]).get(fact.by_id, "")}
    _tell(sorted(to_order), kind, fact, key=key, details=details, path=links.order(fact.order_id))
    _tell(sorted(readers - to_order), kind, fact, key=key, details=details)


def refused(fact: AnswerRefused) -> None:
    details = {"reason": fact.reason}
    _tell([fact.by_id], "bank_answer_refused", fact, key=f"refused:{fact.contest_id}", details=details)


def _tell(
    person_ids: Iterable[int], kind: str, fact: Fact, *, key: str, details: Mapping[str, object], path: str = ""
) -> None:
    notify_all(
        person_ids,
        kind=kind,
        ref=f"claim:{fact.claim_id}",
        path=path or links.claim(fact.claim_id),
        data={"title": fact.title, "amount": fact.amount, **details},
        group_id=fact.group_id,
        key=f"claim:{fact.claim_id}:{key}",
    )
