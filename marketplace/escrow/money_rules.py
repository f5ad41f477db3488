"""Which accounts money moves between when the law of escrow says so. Pure: a flow is a list of balanced moves."""

from __future__ import annotations

from collections.abc import Callable

from marketplace.escrow.order_rules import Deed, Order, Party
from marketplace.escrow.rules import Flow
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, escrow, fees, gateway, payable
from marketplace.payments.rules import Kind


def _nothing(order: Order, deed: Deed) -> list[Move]:
    return []


def _hold(order: Order, deed: Deed) -> list[Move]:
    """What came in goes to the order's own account."""
    return _moves((gateway(order.group_id), escrow(order.id), _amount(deed)))


def _give_late_money_back(order: Order, deed: Deed) -> list[Move]:
    """Money for an order that is over was never held: it is the buyer's at once."""
    return _moves((gateway(order.group_id), _buyer(order), _amount(deed)))


def _release(order: Order, deed: Deed) -> list[Move]:
    return _to_seller(order, order.held)


def _refund(order: Order, deed: Deed) -> list[Move]:
    return _moves((escrow(order.id), _buyer(order), order.held))


def _split(order: Order, deed: Deed) -> list[Move]:
    """The buyer's part as ruled; the rest to the seller, the group's fee on it pro rata."""
    back = _amount(deed)
    return [*_moves((escrow(order.id), _buyer(order), back)), *_to_seller(order, order.held - back)]


def _pay_out(order: Order, deed: Deed) -> list[Move]:
    return _moves((_payee(order, deed), gateway(order.group_id), owed(order, deed.payee)))


def _take_payout_back(order: Order, deed: Deed) -> list[Move]:
    """A payout did not arrive: that one, not what was paid out before it, is owed again."""
    return _moves((gateway(order.group_id), _payee(order, deed), _amount(deed)))


FLOWS: dict[Flow, Callable[[Order, Deed], list[Move]]] = {
    Flow.NOTHING: _nothing,
    Flow.HOLD: _hold,
    Flow.GIVE_LATE_MONEY_BACK: _give_late_money_back,
    Flow.RELEASE: _release,
    Flow.REFUND: _refund,
    Flow.SPLIT: _split,
    Flow.PAY_OUT: _pay_out,
    Flow.TAKE_PAYOUT_BACK: _take_payout_back,
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
WHOSE_SLIP = {Kind.COLLECT: Party.BUYER, Kind.REFUND: Party.BUYER, Kind.PAYOUT: Party.SELLER}


def sees_slip(party: Party, kind: Kind) -> bool:
    """Whether one who is `party` to an order sees the slip and its reference: he whose money it was, and officers."""
    return party in (Party.TREASURER, WHOSE_SLIP.get(kind))


def _to_seller(order: Order, part: Money) -> list[Move]:
    fee = fee_on(order, part)
    return _moves((escrow(order.id), _seller(order), part - fee), (escrow(order.id), fees(order.group_id), fee))


def _moves(*flows: tuple[str, str, Money]) -> list[Move]:
    """A move each, less those of no money."""
    return [Move(debit=debit, credit=credit, amount=amount) for debit, credit, amount in flows if amount]


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
