"""Charges, and money back to the buyer."""

from __future__ import annotations

from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, fee_on, shown


def charge(till: Till, intent: Thing, *, last4: str, method: str = "card") -> Thing:
    """The money of an intent is taken. What is kept of it is not known yet: `tell_fee` comes after."""
    made = till.add(
        "charge", "ch",
        {
            "amount": intent["amount"], "amount_captured": intent["amount"], "amount_refunded": 0, "captured": True,
            "paid": True, "refunded": False, "disputed": False, "currency": intent["currency"], "dispute": None,
            "metadata": dict(intent["metadata"]), "payment_intent": intent["id"], "status": "succeeded",
            "transfer_group": intent["transfer_group"], "balance_transaction": None, "failure_code": None,
            "payment_method_details": {"type": method, method: {"last4": last4}},
        },
    )  # fmt: skip
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": made["id"]}
    till.emit("payment_intent.succeeded", intent)
    till.emit("charge.succeeded", made)
    return made


def tell_fee(till: Till, made: Thing) -> None:
    """The charge stands in the balance, less what is kept of it."""
    line = till.book("charge", made["amount"], made["currency"], made["id"], fee=fee_on(made["amount"]))
    made["balance_transaction"] = line["id"]
    till.emit("charge.updated", made)


def refund(till: Till, asked: Thing) -> Thing:
    """Money back, all that is left or a part. Raises Refusal."""
    of = _charge_of(till, asked)
    left = of["amount"] - of["amount_refunded"]
    if of["disputed"] and not _may_be_refunded(till, of):
        raise Refusal(f"Charge {of['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not left:
        raise Refusal(f"Charge {of['id']} has already been refunded.", code="charge_already_refunded")
    amount = asked.get("amount", left)
    if amount <= 0:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise Refusal(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    has_money = till.available(of["currency"]) >= amount
    made = till.add(
        "refund", "re",
        {
            "amount": amount, "currency": of["currency"], "charge": of["id"], "payment_intent": of["payment_intent"],
            "metadata": asked.get("metadata", {}), "reason": asked.get("reason"), "failure_reason": None,
            "status": "succeeded" if has_money else "pending", "balance_transaction": None,
        } | ({} if has_money else {"pending_reason": "insufficient_funds"}),
    )  # fmt: skip
    made["balance_transaction"] = till.book("refund", -amount, of["currency"], made["id"])["id"]
    of["amount_refunded"] += amount
    of["refunded"] = of["amount_refunded"] == of["amount"]
    till.emit("refund.created", made)
    till.emit("charge.refunded", of)
    return shown(made)


def settle_refund(till: Till, refund_id: str) -> Thing:
    """A refund that waited for money is paid."""
    made = till.find("refund", refund_id)
    made |= {"status": "succeeded"}
    made.pop("pending_reason", None)
    till.emit("refund.updated", made)
    return shown(made)


def fail_refund(till: Till, refund_id: str, *, reason: str = "expired_or_canceled_card") -> Thing:
    """Days later the bank sends the money back to the platform."""
    made = till.find("refund", refund_id)
    if made["status"] == "failed":
        raise Refusal("This refund has failed already.")
    line = till.book("refund_failure", made["amount"], made["currency"], made["id"])
    made |= {"status": "failed", "failure_reason": reason, "failure_balance_transaction": line["id"]}
    of = till.find("charge", made["charge"])
    of["amount_refunded"] -= made["amount"]
    of["refunded"] = False
    till.emit("refund.failed", made)
    till.emit("charge.refund.updated", made)
    return shown(made)


def _charge_of(till: Till, asked: Thing) -> Thing:
    if asked.get("charge"):
        return till.find("charge", asked["charge"], param="charge")
    if not asked.get("payment_intent"):
        raise Refusal("One of the following params should be provided: payment_intent or charge.", param="charge")
    intent = till.find("payment_intent", asked["payment_intent"], param="payment_intent")
    if not intent["latest_charge"]:
        raise Refusal("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return till.find("charge", intent["latest_charge"])


def _may_be_refunded(till: Till, of: Thing) -> bool:
    return all(dispute["is_charge_refundable"] for dispute in till.all("dispute", charge=of["id"]))
