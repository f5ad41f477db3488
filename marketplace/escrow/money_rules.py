"""Which accounts money moves between when the law of escrow says so. Pure: a flow is a list of balanced moves."""

from __future__ import annotations

from collections.abc import Callable

from marketplace.escrow.clause_rules import Flow
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.kernel.money import Money
from marketplace.ledger.rules import (
    Move,
    escrow,
    fees,
    gateway,
    guarantee_fund,
    losses,
    payable,
    processor_fee,
    receivable,
)
from marketplace.payments.rules import Kind


def _nothing(order: Order, deed: Deed) -> list[Move]:
    return []


def _hold(order: Order, deed: Deed) -> list[Move]:
    """What came in goes to the order's own account."""
    return _moves((_gate(order, deed), escrow(order.id), _amount(deed)))


def _hold_and_give_back(order: Order, deed: Deed) -> list[Move]:
    """The sum had become another one meanwhile: what is too much is the buyer's at once."""
    gate, most = _gate(order, deed), order.missing
    return _moves((gate, escrow(order.id), most), (gate, _buyer(order), _amount(deed) - most))


def _give_late_money_back(order: Order, deed: Deed) -> list[Move]:
    """Money for an order that is over was never held: it is the buyer's at once."""
    return _moves((_gate(order, deed), _buyer(order), _amount(deed)))


def _release(order: Order, deed: Deed) -> list[Move]:
    return _to_seller(order, order.held)


def _refund(order: Order, deed: Deed) -> list[Move]:
    return _moves((escrow(order.id), _buyer(order), order.held))


def _split(order: Order, deed: Deed) -> list[Move]:
    """The buyer's part as ruled; the rest to the seller, the group's fee on it pro rata."""
    back = _amount(deed)
    return [*_moves((escrow(order.id), _buyer(order), back)), *_to_seller(order, order.held - back)]


def _pay_out(order: Order, deed: Deed) -> list[Move]:
    """A processor pays what it was asked for; an officer all that is owed to that side."""
    amount = deed.amount if deed.by is Party.GATEWAY and deed.amount else owed(order, deed.payee)
    return _moves((_payee(order, deed), _gate(order, deed), amount))


def _pay_beyond(order: Order, deed: Deed) -> list[Move]:
    """A processor has paid more than is owed: he who has it owes the rest."""
    due = min(_amount(deed), owed(order, deed.payee))
    person_id = order.buyer_id if deed.payee is Party.BUYER else order.seller_id
    gate, debt = _gate(order, deed), receivable(order.group_id, person_id)
    return _moves((_payee(order, deed), gate, due), (debt, gate, _amount(deed) - due))


def _take_payout_back(order: Order, deed: Deed) -> list[Move]:
    """A payout did not arrive: that one, not what was paid out before it, is owed again.

    What was taken back from a seller pays first what he owes, as for another claim that was lost meanwhile; so does
    what comes back to a buyer whom the bank has paid, too.
    """
    amount = _amount(deed)
    back = _moves((_gate(order, deed), _payee(order, deed), amount))
    if deed.action is Action.PAYOUT_BOUNCED and deed.payee is Party.BUYER:
        off = min(order.buyer_owes or order.nothing(), amount)
        return [*back, *_moves((_buyer(order), receivable(order.group_id, order.buyer_id), off))]
    return [*back, *_set_off(order, amount)] if deed.action is Action.REVERSE_PAYOUT else back


def _note_fee(order: Order, deed: Deed) -> list[Move]:
    return _moves((processor_fee(order.id), _gate(order, deed), _amount(deed)))


def _lose(order: Order, deed: Deed) -> list[Move]:
    """The bank keeps its money: what is held first, then what is owed for it, the group's fee, and what those owe who
    have it already. What the bank leaves of held money is the seller's; of a part payment, the buyer's."""
    gate, rest = _gate(order, deed), _amount(deed)
    moves: list[Move] = []
    for account, there in _to_lose(order, rest):
        part = min(rest, there)
        moves += _moves((account, gate, part))
        rest = rest - part
    left = order.held - min(order.held, _amount(deed))
    to = _moves((escrow(order.id), _buyer(order), left)) if order.was is State.TOPPING_UP else _to_seller(order, left)
    return [*moves, *_borne_by_others(order, rest, gate), *to]


def _lose_on_top(order: Order, deed: Deed) -> list[Move]:
    """The bank has given back what was the buyer's own."""
    return _moves((_buyer(order), _gate(order, deed), _amount(deed)))


def _to_lose(order: Order, taken: Money) -> list[tuple[str, Money]]:
    """From where a lost chargeback is taken, in this order, and how much there is."""
    nothing = order.nothing()
    to_buyer = order.paid_buyer + order.owed_buyer
    twice = max(nothing, taken + to_buyer - _came(order)) if order.paid_buyer else nothing
    found = [(escrow(order.id), order.held), (_buyer(order), order.owed_buyer), (_seller(order), order.owed_seller)]
    if not order.held:
        found += [(receivable(order.group_id, order.buyer_id), min(twice, order.paid_buyer))]
        earned = order.earned or nothing
        there = earned if order.fees_there is None else max(nothing, min(earned, order.fees_there))
        # Fees that were paid to the group, or lie in its fund, cannot be taken once more: the group has lost them.
        found += [(fees(order.group_id), there), (losses(order.group_id), earned - there)]
    return found


def _came(order: Order) -> Money:
    """What the buyer has paid: the total, or more where he paid twice. Once nothing is held, it is with those to whom
    it went."""
    kept = [order.earned, order.borne, order.set_off]
    gone = order.paid_buyer + order.owed_buyer + order.paid_seller + order.owed_seller
    return max(order.total, sum((each for each in kept if each), gone))


def _borne_by_others(order: Order, rest: Money, gate: str) -> list[Move]:
    """Whoever was paid owes it; where the seller is gone, the guarantee fund bears it as far as it goes."""
    if order.is_seller_member:
        return _moves((receivable(order.group_id, order.seller_id), gate, rest))
    from_fund = min(rest, order.fund or order.nothing())
    return _moves(
        (guarantee_fund(order.group_id), gate, from_fund), (losses(order.group_id), gate, rest - from_fund)
    )  # fmt: skip


def fee_moves(order: Order) -> list[Move]:
    """What becomes of a processor's fee that no proceeds have paid: the party at fault owes it, else the seller who was
    paid; else the guarantee fund bears it as far as it goes, and the group the rest."""
    fee = order.processor_fee or order.nothing()
    owes = order.at_fault or (Party.SELLER if order.owed_seller or order.paid_seller else None)
    if owes:
        person_id = order.buyer_id if owes is Party.BUYER else order.seller_id
        return _moves((receivable(order.group_id, person_id), processor_fee(order.id), fee))
    from_fund = min(fee, order.fund or order.nothing())
    return _moves(
        (guarantee_fund(order.group_id), processor_fee(order.id), from_fund),
        (losses(order.group_id), processor_fee(order.id), fee - from_fund),
    )  # fmt: skip


FLOWS: dict[Flow, Callable[[Order, Deed], list[Move]]] = {
    Flow.NOTHING: _nothing,
    Flow.HOLD: _hold,
    Flow.GIVE_LATE_MONEY_BACK: _give_late_money_back,
    Flow.RELEASE: _release,
    Flow.REFUND: _refund,
    Flow.SPLIT: _split,
    Flow.PAY_OUT: _pay_out,
    Flow.PAY_BEYOND: _pay_beyond,
    Flow.TAKE_PAYOUT_BACK: _take_payout_back,
    Flow.HOLD_AND_GIVE_BACK: _hold_and_give_back,
    Flow.NOTE_FEE: _note_fee,
    Flow.LOSE: _lose,
    Flow.LOSE_ON_TOP: _lose_on_top,
}


def fee_on(order: Order, part: Money) -> Money:
    """The group's fee when only `part` of the total goes to the seller: pro rata, rounded down."""
    if not order.total:
        return order.nothing()
    return Money(order.fee.minor * part.minor // order.total.minor, part.currency)


def owed(order: Order, payee: Party | None) -> Money:
    """What is still to be paid out to the buyer or the seller of this order."""
    return {Party.BUYER: order.owed_buyer, Party.SELLER: order.owed_seller}.get(payee or Party.CLOCK, order.nothing())


def paid(order: Order, payee: Party | None) -> Money:
    """What was paid out to the buyer or the seller of this order, as the treasurer confirmed."""
    return {Party.BUYER: order.paid_buyer, Party.SELLER: order.paid_seller}.get(payee or Party.CLOCK, order.nothing())


# Whose bank's slip it is, by the kind of movement. It shows his account: the other side has no business with it.
WHOSE_SLIP = {
    Kind.COLLECT: Party.BUYER,
    Kind.REFUND: Party.BUYER,
    Kind.PAYOUT: Party.SELLER,
    Kind.REVERSAL: Party.SELLER,
}


def sees_slip(party: Party, kind: Kind) -> bool:
    """Whether one who is `party` to an order sees the slip and its reference: he whose money it was, and officers."""
    return party in (Party.TREASURER, WHOSE_SLIP.get(kind))


def _to_seller(order: Order, part: Money) -> list[Move]:
    """The seller's part: less the group's fee, and what a processor kept, as far as it goes; what he owes the group is
    taken out of the rest."""
    own, fee = escrow(order.id), fee_on(order, part)
    borne = min(order.processor_fee or order.nothing(), part - fee)
    his = part - fee - borne
    gross = _moves(
        (own, _seller(order), his), (own, fees(order.group_id), fee), (own, processor_fee(order.id), borne)
    )  # fmt: skip
    return [*gross, *_set_off(order, his)]


def _set_off(order: Order, his: Money) -> list[Move]:
    off = min(order.seller_owes or order.nothing(), his)
    return _moves((_seller(order), receivable(order.group_id, order.seller_id), off))


def _moves(*flows: tuple[str, str, Money]) -> list[Move]:
    """A move each, less those of no money."""
    return [Move(debit=debit, credit=credit, amount=amount) for debit, credit, amount in flows if amount]


def _gate(order: Order, deed: Deed) -> str:
    """Where the money really is: what a processor says moved at the processor, what people say in the group's bank."""
    return gateway(order.group_id, order.terms.gateway if deed.by is Party.GATEWAY else "")


def _amount(deed: Deed) -> Money:
    if deed.amount is None:
        raise ValueError(f"{deed.action} needs an amount")
    return deed.amount


def _buyer(order: Order) -> str:
    return payable(order.group_id, order.buyer_id)


def _seller(order: Order) -> str:
    return payable(order.group_id, order.seller_id)


def _payee(order: Order, deed: Deed) -> str:
    return _buyer(order) if deed.payee is Party.BUYER else _seller(order)
