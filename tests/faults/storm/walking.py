"""What people and banks do to an order so that it comes to its end: a deed for each state in which somebody acts.

Whoever acts opens the page as it is now and presses what it offers. So a deed that was done, and of which nobody heard,
is not done again; and one of which nothing came is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from marketplace.escrow.order_rules import State
from marketplace.playmoney import checkout, disputes
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing
from tests.faults.storm.plan import BANKS, RESTS, End
from tests.faults.storm.stage import Deal, Stage
from tests.faults.storm.visiting import Answered, NoPage, Visitor


@dataclass
class Walk:
    """One order on its way, and who has its page open."""

    stage: Stage
    deal: Deal
    answers: list[Answered]
    has_begun: bool = False
    """He was led to Stripe, and left."""
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def at_order(self, party: str) -> Visitor:
        """His view of it, as it is now. Raises NoPage."""
        if party not in self._visitors:
            self._visitors[party] = Visitor(self.stage.here, self.deal.cookies[party], self.answers)
        visitor = self._visitors[party]
        visitor.opens(f"/orders/{self.deal.id}")
        return visitor

    def claim(self) -> Thing | None:
        """What the bank asked of its payment."""
        till = self.stage.stripe.till
        with till.lock:
            charges = till.all("charge", transfer_group=f"order:{self.deal.id}")
            return next((found for each in charges for found in till.all("dispute", charge=each["id"])), None)

    def charge_id(self) -> str:
        """Raises NoPage where there is none yet."""
        with self.stage.stripe.till.lock:
            charges = self.stage.stripe.till.all("charge", transfer_group=f"order:{self.deal.id}")
        if not charges:
            raise NoPage("it is not paid")
        return str(charges[0]["id"])


Do = Callable[[Walk], None]


def is_done(end: End, state: State, walk: Walk) -> bool:
    """Whether nobody has anything more to do: the rest is the clock's, or it is over."""
    if end in BANKS:
        return state is State.CLOSED and (walk.claim() or {"status": ""})["status"] in ("won", "lost")
    if end is End.NEVER_PAID and state is State.AWAITING_PAYMENT:
        return walk.has_begun
    return state is RESTS.get(end) or state in (State.CLOSED, State.UNPAID, State.CANCELLED)


def take_a_step(end: End, state: State, walk: Walk) -> bool:
    """Do what is next, if anybody has to. Whether somebody tried. Raises NoPage."""
    deed = _deed(end, state)
    if deed is not None:
        deed(walk)
    return deed is not None


# ---- people ----


def _pays(walk: Walk) -> None:
    buyer = walk.at_order("buyer")
    if not buyer.offers("Pay by card"):
        return
    buyer.presses("Pay by card", delivery=buyer.first_choice("Pay by card", "delivery"))
    buyer.goes_to_stripe()
    if walk.deal.part.card == checkout.DECLINED:
        buyer.presses("Pay ", card=checkout.DECLINED)
        buyer.presses("Pay ", card=checkout.FINE)
    else:
        buyer.presses("Pay ", card=walk.deal.part.card)


def _begins_to_pay(walk: Walk) -> None:
    """He is led to Stripe, and leaves it at that; every second one does not even go there."""
    buyer = walk.at_order("buyer")
    if walk.deal.part.number % 2:
        buyer.presses("Pay by card", delivery=buyer.first_choice("Pay by card", "delivery"))
    walk.has_begun = True


def _calls_off(walk: Walk) -> None:
    buyer = walk.at_order("buyer")
    if buyer.offers("Propose to cancel"):
        buyer.presses("Propose to cancel")
    seller = walk.at_order("seller")
    seller.presses("Agree to cancel")


def _ships(walk: Walk) -> None:
    walk.at_order("seller").presses("I have shipped it", carrier="Post", tracking=f"CX {walk.deal.id} AT")


def _cancels(walk: Walk) -> None:
    walk.at_order("seller").presses("Cancel and refund")


def _says_arrived(walk: Walk) -> None:
    walk.at_order("buyer").presses("It arrived")


def _confirms(walk: Walk) -> None:
    walk.at_order("buyer").presses("Confirm receipt and release")


def _disputes(walk: Walk) -> None:
    buyer = walk.at_order("buyer")
    if not buyer.offers("Confirm receipt"):
        return
    buyer.opens(f"/orders/{walk.deal.id}/dispute")
    wants = {"outcome": "refund"}
    if walk.deal.part.end is End.PARTED:
        wants = {"outcome": "split", "part": f"{walk.deal.part.back / 100:.2f}"}
    words = "The lid is a later replacement."
    buyer.presses("Open the dispute", reason="not_as_described", words=words, **wants)


def _gives_in(walk: Walk) -> None:
    seller = walk.at_order("seller")
    seller.opens(f"/orders/{walk.deal.id}/dispute")
    seller.presses("Give")


# ---- the bank ----


def _bank_asks(walk: Walk) -> None:
    """It asks once; an order that was asked about goes on."""
    if walk.claim() is not None:
        raise NoPage("it has asked already")
    till = walk.stage.stripe.till
    with till.lock, suppress(Refusal):
        disputes.open_(till, walk.charge_id())


def _bank_asks_and_decides(walk: Walk) -> None:
    """Both at once, so that news of the end may be heard before that of the beginning."""
    _bank_asks(walk)
    _bank_decides(walk)


def _bank_decides(walk: Walk) -> None:
    claim = walk.claim()
    if claim is not None and claim["status"] == "needs_response":
        disputes.decide(walk.stage.stripe.till, claim["id"], BANKS[walk.deal.part.end])


def _bank_asks_or_arrived(walk: Walk) -> None:
    if walk.claim() is None:
        _bank_asks(walk)
    else:
        _says_arrived(walk)


def _bank_asks_late(walk: Walk) -> None:
    if walk.claim() is None:
        _bank_asks(walk)


S = State
_TO_INSPECTION: Mapping[State, Do] = {S.AWAITING_PAYMENT: _pays, S.HELD: _ships, S.SHIPPED: _says_arrived}
_TO_CONFIRMATION = {**_TO_INSPECTION, S.INSPECTING: _confirms}
_TO_DISPUTE = {**_TO_INSPECTION, S.INSPECTING: _disputes}
_LATE_CLAIM = {**_TO_CONFIRMATION, S.CLOSED: _bank_asks_late, S.CHARGEBACK: _bank_decides}

_DEEDS: Mapping[End, Mapping[State, Do]] = {
    End.CONFIRMED: _TO_CONFIRMATION,
    End.NEVER_ARRIVED: {S.AWAITING_PAYMENT: _pays, S.HELD: _ships},
    End.NEVER_CONFIRMED: _TO_INSPECTION,
    End.NEVER_SHIPPED: {S.AWAITING_PAYMENT: _pays},
    End.NEVER_PAID: {S.AWAITING_PAYMENT: _begins_to_pay},
    End.CALLED_OFF: {S.AWAITING_PAYMENT: _calls_off},
    End.CANCELLED: {S.AWAITING_PAYMENT: _pays, S.HELD: _cancels},
    End.REFUNDED: {**_TO_DISPUTE, S.DISPUTED: _gives_in},
    End.PARTED: {**_TO_DISPUTE, S.DISPUTED: _gives_in},
    End.LEFT_UNANSWERED: _TO_DISPUTE,
    End.BANK_LOST: {**_TO_INSPECTION, S.SHIPPED: _bank_asks_and_decides, S.CHARGEBACK: _bank_decides},
    End.BANK_WON: {**_TO_CONFIRMATION, S.SHIPPED: _bank_asks_or_arrived, S.CHARGEBACK: _bank_decides},
    End.BANK_LATE_LOST: _LATE_CLAIM,
    End.BANK_LATE_WON: _LATE_CLAIM,
}


def _deed(end: End, state: State) -> Do | None:
    return _DEEDS[end].get(state)
