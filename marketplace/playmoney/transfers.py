"""Money on to sellers, and back from them."""

from __future__ import annotations

from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown


def create(till: Till, asked: Thing) -> Thing:
    """Give a connected account money: out of one charge, or out of what is available. Raises Refusal."""
    amount, currency = asked.get("amount", 0), asked["currency"].lower()
    if amount <= 0:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    account = _destination(till, asked["destination"])
    source = asked.get("source_transaction")
    group = asked.get("transfer_group")
    if source:
        charge = _source(till, source, amount, currency)
        group = charge["transfer_group"] or group
    elif amount > till.available(currency):
        raise Refusal("You have insufficient available funds in your Stripe account.", code="balance_insufficient")
    made = till.add(
        "transfer", "tr",
        {
            "amount": amount, "amount_reversed": 0, "currency": currency, "destination": account["id"],
            "reversed": False, "source_transaction": source, "transfer_group": group,
            "metadata": asked.get("metadata", {}), "description": asked.get("description"),
        },
    )  # fmt: skip
    made["balance_transaction"] = till.book("transfer", -amount, currency, made["id"])["id"]
    till.purse(account["id"], currency, add=amount)
    till.emit("transfer.created", made)
    return shown(made)


def reverse(till: Till, transfer_id: str, asked: Thing) -> Thing:
    """Take a transfer back, all that is left or a part. Raises Refusal where the account has not got it."""
    transfer = till.find("transfer", transfer_id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = asked.get("amount", left)
    if amount <= 0 or amount > left:
        raise Refusal(f"Transfer {transfer_id} has only {left} left to be reversed.", param="amount")
    till.purse(transfer["destination"], transfer["currency"], add=-amount)
    made = till.add(
        "transfer_reversal", "trr",
        {
            "amount": amount, "currency": transfer["currency"], "transfer": transfer_id,
            "metadata": asked.get("metadata", {}),
        },
    )  # fmt: skip
    line = till.book("transfer_refund", amount, transfer["currency"], made["id"], category="transfer_reversal")
    made["balance_transaction"] = line["id"]
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    till.emit("transfer.reversed", transfer)
    return shown(made)


def _destination(till: Till, account_id: str) -> Thing:
    account = till.find("account", account_id, param="destination")
    if account["capabilities"]["transfers"] != "active":
        raise Refusal(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers.",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _source(till: Till, charge_id: str, amount: int, currency: str) -> Thing:
    """The charge that a transfer draws on. No more goes on than came in."""
    charge = till.find("charge", charge_id, param="source_transaction")
    if charge["currency"] != currency:
        raise Refusal("The currency of source_transaction's balance transaction must be that of the transfer.")
    drawn = sum(each["amount"] - each["amount_reversed"] for each in till.all("transfer", source_transaction=charge_id))
    if drawn + amount > charge["amount"]:
        raise Refusal(
            f"Transfers using this transaction as a source must not exceed the source amount of {charge['amount']}."
            f" (There is already a transfer using this source, amounting to {drawn}.)"
        )
    return charge
