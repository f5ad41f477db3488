"""The gateway with a payment processor: Stripe Connect, with separate charges and transfers.

The buyer pays the platform; what is released is transferred from his charge to the seller's account, and what is not
is refunded. Stripe's words end here. A refusal that may be over tomorrow is `Waits`, and comes again under another key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import stripe

from marketplace.payments.gateway import Asked, Done, Instruction, Outcome, Refused, Waits
from marketplace.payments.models import ATTEMPT
from marketplace.payments.rules import Kind, Through
from marketplace.payments.stripe_client import Stripe, code_of

# Codes of errors: https://docs.stripe.com/error-codes. What stands here may be otherwise later; the rest is final.
_LATER = {
    "balance_insufficient": "Too little of the money that came in is available at Stripe yet.",
    "insufficient_capabilities_for_transfer": "Stripe wants to know something of the seller before it pays.",
    "account_invalid": "The seller’s account at Stripe is closed, or no longer connected.",
    "charge_disputed": "The buyer’s bank asks the money back, and has not decided.",
}
_NO_ACCOUNT = "The seller has no account at Stripe yet."
_ON_ITS_WAY = {"pending", "requires_action"}
_GROUP = "order:"
_LONGEST_NUMBER = 18
MOVEMENT = "movement"
"""The name under which everything we make at Stripe carries the key of its movement."""


class StripeConnect:
    """Every verb is one call with the movement's key. Without an answer, StripeIsAway is raised."""

    name = Through.STRIPE.value

    def __init__(self, stripe_here: Stripe) -> None:
        self._stripe = stripe_here

    def collect(self, instruction: Instruction) -> Asked:
        """Nothing is to be done: the buyer pays in a session of his own, see checkouts.py."""
        return Asked()

    def refund(self, instruction: Instruction) -> Outcome:
        if instruction.source is None:
            return Refused("There is no card payment of this order to refund.")
        charge = instruction.source
        return self._do(instruction, lambda client, how: _refunded(
            client.v1.refunds.create(
                {"charge": charge, "amount": instruction.amount.minor, "metadata": _marks(instruction)}, how
            )
        ))  # fmt: skip

    def pay_out(self, instruction: Instruction) -> Outcome:
        if instruction.source is None:
            return Refused("There is no card payment of this order to pay from.")
        if instruction.account is None:
            return Waits(_NO_ACCOUNT)
        destination, source = instruction.account, instruction.source
        return self._do(instruction, lambda client, how: Done(
            client.v1.transfers.create(
                {
                    "amount": instruction.amount.minor, "currency": instruction.amount.currency.lower(),
                    "destination": destination, "source_transaction": source,
                    "transfer_group": group_of(instruction.order_id), "metadata": _marks(instruction),
                }, how,
            ).id
        ))  # fmt: skip

    def reverse(self, instruction: Instruction) -> Outcome:
        """A seller who has no money there any more cannot give it back: that is final."""
        if instruction.source is None:
            return Refused("There is no transfer of this order to take back.")
        transfer = instruction.source
        outcome = self._do(instruction, lambda client, how: Done(
            client.v1.transfers.reversals.create(
                transfer, {"amount": instruction.amount.minor, "metadata": _marks(instruction)}, how
            ).id
        ))  # fmt: skip
        return Refused(outcome.reason) if isinstance(outcome, Waits) else outcome

    def look_up(self, instruction: Instruction) -> Outcome | None:
        """By the mark that what we made carries, whatever its attempt was called."""
        if instruction.kind is Kind.COLLECT or instruction.source is None:
            return None
        with self._stripe.asked() as client:
            match instruction.kind:
                case Kind.REFUND:
                    refunds = client.v1.refunds.list({"charge": instruction.source, "limit": 100})
                    refund = _marked(refunds.auto_paging_iter(), instruction)
                    return None if refund is None else _refunded(refund)
                case Kind.PAYOUT:
                    asked = {"transfer_group": group_of(instruction.order_id), "limit": 100}
                    transfers = client.v1.transfers.list(asked)  # type: ignore[arg-type]  # what it takes is a dictionary of this shape
                    made = _marked(transfers.auto_paging_iter(), instruction)
                case _:
                    reversals = client.v1.transfers.reversals.list(instruction.source, {"limit": 100})
                    made = _marked(reversals.auto_paging_iter(), instruction)
        return None if made is None else Done(made.id)

    def _do(
        self, instruction: Instruction, call: Callable[[stripe.StripeClient, stripe.RequestOptions], Outcome]
    ) -> Outcome:
        try:
            with self._stripe.asked() as client:
                return call(client, {"idempotency_key": instruction.key})
        except stripe.StripeError as error:
            return refusal_of(error)


def refusal_of(error: stripe.StripeError) -> Refused | Waits:
    """What Stripe's no means: for now, or for good."""
    later = _LATER.get(code_of(error))
    return Waits(later) if later else Refused(error.user_message or "Stripe did not say why.")


def group_of(order_id: int | None) -> str:
    """What Stripe shows everything of an order under."""
    return f"{_GROUP}{order_id}"


def order_in(group: object, marks: Any) -> int | None:
    """The order that an object at Stripe stands under: by its group, else by what it carries."""
    said = group if isinstance(group, str) and group.startswith(_GROUP) else None
    if said is None and marks and "order_id" in marks:
        said = f"{_GROUP}{marks['order_id']}"
    number = (said or "").removeprefix(_GROUP)
    is_number = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    return int(number) if is_number else None


def key_in(marks: Any) -> str | None:
    """The key of the movement that an object at Stripe was made for; none where it is not one of ours."""
    return str(marks[MOVEMENT]) if marks and MOVEMENT in marks else None


def _marks(instruction: Instruction) -> dict[str, str]:
    return {MOVEMENT: own_key(instruction.key), "order_id": str(instruction.order_id)}


def own_key(gateway_key: str) -> str:
    """The movement's own key, without the number of the attempt."""
    return gateway_key.partition(ATTEMPT)[0]


def _marked(found: Iterable[Any], instruction: Instruction) -> Any:
    """Of those that carry the movement's mark, one that was not undone, else any."""
    ours = [each for each in found if key_in(each.metadata) == own_key(instruction.key)]
    stands = [each for each in ours if getattr(each, "status", None) not in ("failed", "canceled")]
    return next(iter(stands or ours), None)


def _refunded(refund: stripe.Refund) -> Outcome:
    """A refund is not always made at once; one that fails later is heard of by itself."""
    if refund.status == "succeeded":
        return Done(refund.id)
    if refund.status in _ON_ITS_WAY:
        return Asked(refund.id)
    return Refused("The buyer’s bank would not take the refund.")
