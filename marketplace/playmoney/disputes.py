"""Chargebacks, which Stripe calls disputes: the bank asks the money back."""

from __future__ import annotations

from marketplace.playmoney import files
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown

_FEE = 15_00
_ANSWER_SECONDS = 9 * 24 * 3600
OPEN = {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}
_LONGEST_TEXT, _LONGEST_OF_ALL = 20_000, 150_000
_DECIDED_BY = {"winning_evidence": "won", "losing_evidence": "lost"}
"""Test texts, as Stripe's own: who submits them knows what comes of it."""


def open_(till: Till, charge_id: str, *, reason: str = "fraudulent", is_inquiry: bool = False) -> Thing:
    """The buyer's bank asks the whole charge back, or only asks about it."""
    charge = till.find("charge", charge_id)
    if charge["disputed"]:
        raise Refusal("This charge is disputed already.")
    status = "warning_needs_response" if is_inquiry else "needs_response"
    dispute = till.add(
        "dispute", "du",
        {
            "amount": charge["amount"], "currency": charge["currency"], "charge": charge_id, "reason": reason,
            "payment_intent": charge["payment_intent"], "status": status, "is_charge_refundable": is_inquiry,
            "balance_transactions": [], "evidence": {}, "metadata": {},
            "evidence_details": {
                "due_by": till.now() + _ANSWER_SECONDS, "has_evidence": False, "past_due": False,
                "submission_count": 0,
            },
        },
    )  # fmt: skip
    charge |= {"disputed": True, "dispute": dispute["id"]}
    if not is_inquiry:
        _book(till, dispute, -dispute["amount"], fee=_FEE, category="dispute")
    till.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        till.emit("charge.dispute.funds_withdrawn", dispute)
    return shown(dispute)


def escalate(till: Till, dispute_id: str, *, amount: int) -> Thing:
    """The bank has asked enough, and takes the money, or a part of it."""
    dispute = till.find("dispute", dispute_id)
    if not dispute["status"].startswith("warning") or dispute["status"] not in OPEN:
        raise Refusal("This is no open inquiry.")
    dispute |= {"status": "needs_response", "amount": amount, "is_charge_refundable": False}
    _book(till, dispute, -amount, fee=_FEE, category="dispute")
    till.emit("charge.dispute.updated", dispute)
    till.emit("charge.dispute.funds_withdrawn", dispute)
    return shown(dispute)


def update(till: Till, dispute_id: str, asked: Thing) -> Thing:
    """Evidence is put together, and handed in once with `submit`. Raises Refusal where it is decided."""
    dispute = till.find("dispute", dispute_id)
    details = dispute["evidence_details"]
    if dispute["status"] not in OPEN:
        raise Refusal("This dispute is already closed.")
    if asked.get("evidence") and details["submission_count"]:
        raise Refusal("Evidence was submitted already.")
    if dispute["evidence_details"]["due_by"] < till.now():
        raise Refusal("This dispute is past its due date.")
    _check(till, asked.get("evidence", {}))
    dispute["evidence"] |= asked.get("evidence", {})
    dispute["metadata"] |= asked.get("metadata", {})
    details["has_evidence"] = bool(dispute["evidence"])
    if asked.get("submit", bool(asked.get("evidence"))) and dispute["evidence"]:
        details["submission_count"] = 1
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    till.emit("charge.dispute.updated", dispute)
    if verdict := _DECIDED_BY.get(dispute["evidence"].get("uncategorized_text", "")):
        return decide(till, dispute_id, verdict)
    return shown(dispute)


def give_up(till: Till, dispute_id: str) -> Thing:
    """The platform does not contest it."""
    return decide(till, dispute_id, "lost")


def decide(till: Till, dispute_id: str, verdict: str) -> Thing:
    """The bank's last word: won or lost; of an inquiry, that nothing came of it."""
    dispute = till.find("dispute", dispute_id)
    if dispute["status"] not in OPEN:
        raise Refusal("This dispute is already closed.")
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if is_inquiry else verdict
    if verdict == "won" and not is_inquiry:
        _book(till, dispute, dispute["amount"], category="dispute_reversal")
        till.emit("charge.dispute.funds_reinstated", dispute)
    till.emit("charge.dispute.closed", dispute)
    return shown(dispute)


def _check(till: Till, evidence: Thing) -> None:
    files.check(till, evidence)
    lengths = [len(text) for name, text in evidence.items() if name not in files.EVIDENCE_FIELDS]
    if lengths and (max(lengths) > _LONGEST_TEXT or sum(lengths) > _LONGEST_OF_ALL):
        raise Refusal("The evidence is longer than what may be submitted.", param="evidence")


def _book(till: Till, dispute: Thing, amount: int, *, category: str, fee: int = 0) -> None:
    line = till.book("adjustment", amount, dispute["currency"], dispute["id"], fee=fee, category=category)
    dispute["balance_transactions"].append(shown(line))
