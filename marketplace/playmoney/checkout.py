"""Buyers: Checkout sessions, and what comes of them when somebody pays, or does not."""

from __future__ import annotations

from marketplace.playmoney import charges, disputes
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown

FINE, DECLINED, CONTESTED = "4242424242424242", "4000000000000002", "4000000000000259"
"""Test cards, as Stripe gives them out: this one pays, this one does not, of this one the bank asks the money back."""
BANK_DEBIT, BANK_DEBIT_FAILS = "bank_debit", "bank_debit_fails"
"""Not a card: paid some time later, or not at all."""

_LEAST, _MOST = 50, 99_999_999
"""In minor units: Stripe's minimum of 0.50 EUR, and its eight digits."""
_SOONEST, _LATEST = 30 * 60, 24 * 3600


class Declined(Exception):
    """The card was refused: the buyer may try another."""


def create(till: Till, asked: Thing, base: str) -> Thing:
    """A session that somebody may pay. Raises Refusal."""
    amount, currency = _total(asked)
    if asked.get("mode") != "payment":
        raise Refusal("This stand-in takes single payments only.", param="mode")
    if not asked.get("success_url"):
        raise Refusal("Missing required param: success_url.", code="parameter_missing", param="success_url")
    expires_at = asked.get("expires_at", till.now() + _LATEST)
    if not till.now() + _SOONEST - 60 <= expires_at <= till.now() + _LATEST + 60:
        raise Refusal(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    session = till.add(
        "checkout.session", "cs_test",
        {
            "mode": "payment", "amount_subtotal": amount, "amount_total": amount, "currency": currency,
            "client_reference_id": asked.get("client_reference_id"), "customer_email": asked.get("customer_email"),
            "metadata": asked.get("metadata", {}), "payment_intent": None, "payment_status": "unpaid",
            "status": "open", "expires_at": expires_at, "success_url": asked["success_url"],
            "cancel_url": asked.get("cancel_url"), "_of_intent": asked.get("payment_intent_data", {}),
            "_title": asked["line_items"][0]["price_data"]["product_data"]["name"],
        },
    )  # fmt: skip
    session["url"] = f"{base}/pay/{session['id']}"
    return shown(session)


def expire(till: Till, session_id: str) -> Thing:
    """Nobody can pay it any more. Raises Refusal where it is not open."""
    session = till.find("checkout.session", session_id, param="session")
    if session["status"] != "open":
        raise Refusal(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        )
    session |= {"status": "expired", "url": None}
    till.emit("checkout.session.expired", session)
    return shown(session)


def pay(till: Till, session_id: str, *, card: str = FINE) -> Thing:
    """Somebody pays, with a test card or by bank debit. Raises Refusal where it is not open, and Declined."""
    session = till.find("checkout.session", session_id, param="session")
    if session["status"] != "open":
        raise Refusal("This session is not open any more.")
    is_slow = card in (BANK_DEBIT, BANK_DEBIT_FAILS)
    intent = _intent(till, session)
    if card == DECLINED:
        intent["status"] = "requires_payment_method"
        till.emit("payment_intent.payment_failed", intent)
        raise Declined
    session |= {"payment_intent": intent["id"], "status": "complete", "url": None}
    if is_slow:
        intent |= {"status": "processing", "_will_fail": card == BANK_DEBIT_FAILS}
        till.emit("payment_intent.processing", intent)
        till.emit("checkout.session.completed", session)
        return shown(session)
    charge = charges.charge(till, intent, last4=card[-4:])
    session["payment_status"] = "paid"
    till.emit("checkout.session.completed", session)
    charges.tell_fee(till, charge)
    if card == CONTESTED:
        disputes.open_(till, charge["id"])
    return shown(session)


def settle(till: Till, session_id: str) -> Thing:
    """What a bank debit came to."""
    session = till.find("checkout.session", session_id, param="session")
    intent = till.find("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise Refusal("Nothing is under way.")
    if intent["_will_fail"]:
        intent["status"] = "requires_payment_method"
        till.emit("payment_intent.payment_failed", intent)
        till.emit("checkout.session.async_payment_failed", session)
        return shown(session)
    charge = charges.charge(till, intent, last4="3000", method="sepa_debit")
    session["payment_status"] = "paid"
    till.emit("checkout.session.async_payment_succeeded", session)
    charges.tell_fee(till, charge)
    return shown(session)


def expire_due(till: Till) -> None:
    """The clock: sessions whose time is over."""
    for session in till.all("checkout.session", status="open"):
        if session["expires_at"] <= till.now():
            expire(till, session["id"])


def _intent(till: Till, session: Thing) -> Thing:
    """The session's payment intent; a second card tries the same one."""
    known = till.kept["payment_intent"].get(session.get("_intent", ""))
    if known:
        return known
    intent = till.add(
        "payment_intent", "pi",
        {
            "amount": session["amount_total"], "amount_received": 0, "currency": session["currency"],
            "metadata": session["_of_intent"].get("metadata", {}), "latest_charge": None,
            "transfer_group": session["_of_intent"].get("transfer_group"), "status": "requires_payment_method",
            "capture_method": "automatic_async", "receipt_email": session["customer_email"],
        },
    )  # fmt: skip
    session["_intent"] = intent["id"]
    return intent


def _total(asked: Thing) -> tuple[int, str]:
    """What is to be paid, in minor units, and the currency."""
    lines = asked.get("line_items") or []
    if not lines:
        raise Refusal("Missing required param: line_items.", code="parameter_missing", param="line_items")
    prices = [line.get("price_data", {}) for line in lines]
    if any("unit_amount" not in price or not price.get("product_data", {}).get("name") for price in prices):
        raise Refusal("A line needs price_data with a unit_amount and a product's name.", param="line_items")
    currencies = {price["currency"] for price in prices}
    amount = sum(price["unit_amount"] * line.get("quantity", 1) for price, line in zip(prices, lines, strict=True))
    if len(currencies) != 1:
        raise Refusal("All line items must be in one currency.", param="line_items")
    currency = str(currencies.pop()).lower()
    if amount < _LEAST:
        raise Refusal("The Checkout Session's total amount is too small.", code="amount_too_small")
    if amount > _MOST:
        raise Refusal("Amount must be no more than 999,999.99.", code="amount_too_large")
    return amount, currency
