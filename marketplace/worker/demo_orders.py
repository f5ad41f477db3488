"""What people do to the demo's orders, by the words that the data files use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select

from marketplace.accounts.queries import addresses_of
from marketplace.escrow import finding, messages, paying, payouts, returns, second_officers, shipping
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.groups import confirming, proposal_queries as proposals
from marketplace.groups.proposal_rules import PROOF_WIDTH, Outcome
from marketplace.kernel import clock, images
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.reputation import service as reputation
from marketplace.reputation.rules import Grade
from marketplace.worker import demo_disputes, demo_slips
from marketplace.worker.demo_lots import Script, euros
from marketplace.worker.demo_story import ZONE, Story

Said = Mapping[str, Any]
Deed = Callable[[Story, Order, Said], object]

_GRADES = {"g": Grade.GOOD, "f": Grade.FAIR, "p": Grade.POOR}


def tell(story: Story, script: Script) -> None:
    """What becomes of a lot's order."""
    for days_ago, what, *said in script.course:
        story.at(story.ago(days_ago), partial(_do, story, script, what, said[0] if said else {}))


def _do(story: Story, script: Script, what: str, said: Said) -> None:
    DEEDS[what](story, order_of(story, script.key), said)


def order_of(story: Story, key: str) -> Order:
    """The order that came of a lot."""
    return db.session.scalars(select(Order).where(Order.lot_id == story.lots[key])).one()


# ---- money ----


def _say_sent(story: Story, order: Order, said: Said) -> None:
    address_id = None if said.get("pick_up") else addresses_of(order.buyer_id)[0].id
    together = [order_of(story, key).id for key in said.get("together", ())]
    paying.say_sent(order_id=order.id, by=order.buyer_id, address_id=address_id, together=together)


def _find(story: Story, order: Order, said: Said) -> None:
    amount = euros(said["amount"]) if "amount" in said else order.facts().missing
    confirm = partial(paying.confirm_payment, order_id=order.id, amount=amount)
    _confirm(story, order, confirm, amount, waits=said.get("waits", False))


def _not_find(story: Story, order: Order, said: Said) -> None:
    paying.not_found(order_id=order.id, by=_treasurer(story, order))


def _pay_out(story: Story, order: Order, said: Said) -> None:
    for payee in finding.PAYEES:
        if owed(order.facts(), payee):
            confirm = partial(payouts.confirm_payout, order_id=order.id, payee=payee)
            _confirm(story, order, confirm, owed(order.facts(), payee))


def _confirm(
    story: Story, order: Order, confirm: Callable[..., Outcome], amount: Money, *, waits: bool = False
) -> None:
    """The treasurer says so. What passes his limit he shows the slip of, and another officer approves it, unless it is
    to wait for that."""
    first = _treasurer(story, order)
    said = {"by": first, "bank_reference": _line_of_the_statement(order)}
    try:
        confirm(**said)
    except RuleBroken as refusal:
        if refusal.field != "proof":
            raise
        confirm(**said, proof_key=_slip(order, amount, str(said["bank_reference"])))
        if not waits:
            _approve(order, first)


def _slip(order: Order, amount: Money, line: str) -> str:
    """A picture of it; its key."""
    lines = (("Amount", str(amount)), ("Reference", order.reference), ("Line of the statement", line))
    slip = demo_slips.a_slip("Lindengasse Antiques, account 4417", lines)
    return images.keep(images.picture_of(slip, widths=(PROOF_WIDTH,)), folder="proofs")


def _approve(order: Order, first: int) -> None:
    """By any other officer who may."""
    proposal = next(each for each in proposals.open_for(order.group_id, first) if each.proposed_by == first)
    second = next(officer for officer in finding.confirmers_of(order) if officer != first)
    confirming.approve(proposal_id=proposal.id, by=second, case_of=second_officers.case_of)


def _treasurer(story: Story, order: Order) -> int:
    """The treasurer; an owner where the order is the treasurer's own."""
    agnes = story.people["agnes"]
    may = finding.confirmers_of(order)
    return agnes if agnes in may else may[0]


def _line_of_the_statement(order: Order) -> str:
    """2026-1117-0431: the day, and the number of the line on that day's statement."""
    day = clock.now().astimezone(ZONE)
    return f"{day:%Y-%m%d}-{order.id:02}{order.line_count:02}"


# ---- goods and words ----


def _ship(story: Story, order: Order, said: Said) -> None:
    carrier, tracking = ("", "") if order.is_pick_up else ("Austrian Post", f"CX {4471 + order.id} 9920 3 AT")
    shipping.ship(order_id=order.id, by=order.seller_id, carrier=carrier, tracking=tracking)


def _ship_back(story: Story, order: Order, said: Said) -> None:
    returns.ship_return(
        order_id=order.id, by=order.buyer_id, carrier="Austrian Post", tracking=f"RR {2210 + order.id} 4471 8 AT"
    )


def _contest_return(story: Story, order: Order, said: Said) -> None:
    returns.contest_return(order_id=order.id, by=order.seller_id, reason=said["words"])


def _write(story: Story, order: Order, said: Said, *, by: int) -> None:
    messages.write_message(
        order_id=order.id, by=by, text=said["text"], to_treasurer=said.get("to_treasurer", False),
        client_key=story.key("message"),
    )  # fmt: skip


def _rate(order: Order, said: Said, *, by: int) -> None:
    description, parcel, words = (_GRADES[grade] for grade in said["grades"])
    reputation.give_feedback(
        by=by, order_id=order.id, description=description, shipping=parcel, communication=words, words=said["words"]
    )


def _by_buyer(act: Callable[..., object]) -> Deed:
    """A deed that needs nothing but the buyer's word."""
    return lambda story, order, said: act(order_id=order.id, by=order.buyer_id)


def _by_seller(act: Callable[..., object]) -> Deed:
    return lambda story, order, said: act(order_id=order.id, by=order.seller_id)


DEEDS: dict[str, Deed] = {
    "buyer says sent": _say_sent,
    "treasurer finds": _find,
    "treasurer does not find": _not_find,
    "buyer proposes to cancel": _by_buyer(paying.propose_cancel),
    "seller proposes to cancel": _by_seller(paying.propose_cancel),
    "buyer agrees to cancel": _by_buyer(paying.agree_cancel),
    "seller ships": _ship,
    "seller cancels": _by_seller(shipping.cancel),
    "buyer has it": _by_buyer(shipping.say_arrived),
    "buyer takes more days": _by_buyer(shipping.extend),
    "buyer confirms": _by_buyer(shipping.confirm_receipt),
    "treasurer pays out": _pay_out,
    "buyer ships back": _ship_back,
    "seller has it back": _by_seller(returns.say_return_arrived),
    "seller contests the return": _contest_return,
    "buyer writes": lambda story, order, said: _write(story, order, said, by=order.buyer_id),
    "seller writes": lambda story, order, said: _write(story, order, said, by=order.seller_id),
    "buyer rates": lambda story, order, said: _rate(order, said, by=order.buyer_id),
    "seller rates": lambda story, order, said: _rate(order, said, by=order.seller_id),
    **demo_disputes.DEEDS,
}
