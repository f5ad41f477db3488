"""How the law of escrow is applied: what a deed does to an order, and what is open to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.escrow.clause_rules import Clause, Flow, Mark
from marketplace.escrow.condition_rules import BY_AMOUNT, CONDITIONS
from marketplace.escrow.gateway_rules import HOLDING
from marketplace.escrow.money_rules import FLOWS, fee_moves
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.escrow.rules import AWAITED, LAW, STAYS
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, escrow, fees, payable, processor_fee, receivable

# The longest a processor may hold is 90 days (Stripe, most countries); ten are kept for what goes wrong.
LONGEST_HOLD = timedelta(days=80)


class Verdict(NamedTuple):
    """What a deed does: the order after it, the money it moves, and who gets a strike for it."""

    order: Order
    moves: list[Move]
    strike: Party | None


def judge(order: Order, deed: Deed, *, now: datetime) -> Verdict:
    """Say what `deed` does to `order`, or raise the rule that it breaks.

    Raises NotAllowed if the action is not for this party, TooEarly or TooLate if the time is wrong, RuleBroken if the
    order's state or the deed's amount does not allow it.
    """
    here = [clause for clause in LAW if clause.given is order.state and clause.action is deed.action]
    possible = [clause for clause in here if _concerns(order, clause)]
    if not possible:
        raise RuleBroken("This order has moved on, and that is no longer possible. Look at where it stands now.")
    mine = [clause for clause in possible if clause.by is deed.by]
    if not mine:
        raise NotAllowed("This is for the other side to do, not for you.")
    for clause in mine:
        if CONDITIONS[clause.when].holds(order, deed, now):
            return _verdict(order, clause, deed, now)
    raise CONDITIONS[mine[-1].when].refusal(order)


def open_to(order: Order, *, by: Party, now: datetime) -> list[Action]:
    """The actions that `by` may take now, in the order of the law: the buttons of the order's page."""
    found: dict[Action, None] = {}
    for clause in LAW:
        is_his = clause.given is order.state and clause.by is by and _concerns(order, clause)
        if is_his and _may_be(order, clause, now):
            found[clause.action] = None
    return list(found)


def _concerns(order: Order, clause: Clause) -> bool:
    """A payment processor has nothing to say about orders that it does not carry the money of."""
    return clause.by is not Party.GATEWAY or order.is_by_gateway


def lapse_of(order: Order) -> Clause | None:
    """What the clock does at the deadline if nobody acts; none where no clock runs."""
    return next(
        (
            clause
            for clause in LAW
            if clause.given is order.state and clause.action is Action.LAPSE and _lapses(order, clause)
        ),
        None,
    )


def expected_hold(order: Order) -> Money:
    """What must lie in the order's own account, by its state: the total, what came so far, or nothing."""
    state = order.was or order.state
    if state in HOLDING:
        return order.total
    return order.held if state is State.TOPPING_UP else order.nothing()


def longest_hold(terms: Terms) -> timedelta:
    """The longest that money can be held under these terms: the worst path from *held* through the law's deadlines."""
    dispute = timedelta(
        days=terms.days_to_talk
        + terms.days_to_answer
        + terms.days_to_negotiate
        + terms.days_to_rule
        + terms.days_to_appeal
    )

    def longest_from(state: State) -> timedelta:
        stay = dispute if state is State.DISPUTED else STAYS[state](terms)
        if state is State.INSPECTING:
            stay += timedelta(days=terms.days_of_extension)
        onward = {clause.then for clause in LAW if clause.given is state} & HOLDING - {state}
        return stay + max((longest_from(then) for then in onward), default=timedelta())

    return longest_from(State.HELD)


def check_terms(terms: Terms) -> None:
    """Refuse terms under which money could be held longer than any processor allows."""
    longest = longest_hold(terms)
    if longest > LONGEST_HOLD:
        raise RuleBroken(
            "With these days, money could be held for %(days)s days. Shorten some: together %(most)s are the most.",
            days=longest.days,
            most=LONGEST_HOLD.days,
        )


def _verdict(order: Order, clause: Clause, deed: Deed, now: datetime) -> Verdict:
    moves = FLOWS[clause.flow](order, deed)
    after = _after(order, clause, deed, moves, now)
    if after.state not in _UNSETTLED and after.processor_fee:
        more = fee_moves(after)
        moves, after = [*moves, *more], replace(after, processor_fee=after.nothing())
    return Verdict(after, moves, clause.strike)


# While money is to come, is held or is asked back, it is open who bears what a processor kept of it.
_UNSETTLED = {*AWAITED, *HOLDING, State.CHARGEBACK}


def _after(order: Order, clause: Clause, deed: Deed, moves: list[Move], now: datetime) -> Order:
    changes: dict[str, object] = {**_marks(order, clause, deed), **_sums(order, clause.flow, deed, moves, now)}
    if clause.mark is Mark.RESUMED and order.was in {State.TOPPING_UP, *HOLDING}:
        stood = now - order.since
        until = order.was_until + stood if order.was_until else None
        since = (order.was_since or order.since) + stood
        return replace(order, **changes, state=order.was, since=since, deadline=until)  # type: ignore[arg-type]  # by name
    then = _then(order, clause)
    if then is not order.state:
        begun = {"proposed_by": None, "is_second_officer_due": False, "otherwise_payee": None}
        changes = {**begun, **changes, "state": then, "since": now}
    return replace(order, **changes, deadline=_deadline(order, clause, then, now))  # type: ignore[arg-type]  # by name


def _then(order: Order, clause: Clause) -> State:
    """The next state. What was over stays over if a bank gives the money back and nothing is owed."""
    is_over = clause.mark is Mark.RESUMED and not order.owed_buyer and not order.owed_seller
    return State.CLOSED if is_over else clause.then


def _marks(order: Order, clause: Clause, deed: Deed) -> dict[str, object]:
    fault = {"at_fault": clause.at_fault} if clause.at_fault else {}
    match clause.mark:
        case Mark.NONE:
            return dict(fault)
        case Mark.LEFT:
            return {Mark.JOINED.value: False}
        case Mark.OTHERWISE:
            return {f"{deed.payee}_otherwise": True, Mark.PROPOSED_OTHERWISE.value: None}
        case Mark.PROPOSED_OTHERWISE:
            return {clause.mark.value: deed.payee}
        case Mark.FROZEN:
            return {"was": order.state, "was_since": order.since, "was_until": order.deadline}
        case Mark.RESUMED:
            return {"was": None, "was_since": None, "was_until": None}
    return {clause.mark.value: deed.by if clause.mark is Mark.PROPOSED else True}


def _sums(order: Order, flow: Flow, deed: Deed, moves: list[Move], now: datetime) -> dict[str, object]:
    """The order's own sums after the moves: what it holds, what it owes and has paid to each side."""
    buyer, seller = payable(order.group_id, order.buyer_id), payable(order.group_id, order.seller_id)
    nothing = order.nothing()
    sums: dict[str, object] = {
        "held": order.held + _net(order, moves, escrow(order.id)),
        "owed_buyer": order.owed_buyer + _net(order, moves, buyer),
        "owed_seller": order.owed_seller + _net(order, moves, seller),
    }
    if order.is_by_gateway:
        borne = _between(order, moves, escrow(order.id), processor_fee(order.id))
        fee = (order.processor_fee or nothing) - _net(order, moves, processor_fee(order.id))
        sums |= {
            "processor_fee": fee,
            "borne": (order.borne or nothing) + borne,
            "earned": (order.earned or nothing) + _net(order, moves, fees(order.group_id)),
        }
    off = _between(order, moves, seller, receivable(order.group_id, order.seller_id))
    if off:
        sums["set_off"] = (order.set_off or nothing) + off
    match flow:
        case Flow.PAY_OUT | Flow.PAY_BEYOND:
            was_paid = order.paid_buyer if deed.payee is Party.BUYER else order.paid_seller
            amount = sum((move.amount for move in moves), nothing)
            sums |= {f"paid_{deed.payee}": was_paid + amount, f"paid_{deed.payee}_at": now}
        case Flow.TAKE_PAYOUT_BACK:
            was_paid = order.paid_buyer if deed.payee is Party.BUYER else order.paid_seller
            sums |= {f"paid_{deed.payee}": was_paid - moves[0].amount, f"paid_{deed.payee}_at": None}
        case Flow.LOSE:
            sums |= {"was": None, "was_since": None, "was_until": None}
            had_it = order.paid_seller + order.owed_seller  # what was taken back from him is owed to him until now
            sums["at_fault"] = order.at_fault or (Party.BUYER if order.paid_buyer and not had_it else Party.SELLER)
    return sums


def _net(order: Order, moves: list[Move], account: str) -> Money:
    """What the moves credit the account, less what they debit it."""
    net = order.nothing()
    for move in moves:
        net = net + move.amount if move.credit == account else net - move.amount if move.debit == account else net
    return net


def _between(order: Order, moves: list[Move], debit: str, credit: str) -> Money:
    return sum((m.amount for m in moves if (m.debit, m.credit) == (debit, credit)), order.nothing())


def _deadline(order: Order, clause: Clause, then: State, now: datetime) -> datetime | None:
    if then is order.state:
        return order.deadline + clause.lasts(order.terms) if clause.lasts and order.deadline else order.deadline
    stay = clause.lasts or STAYS.get(then)
    return now + stay(order.terms) if stay else None


def _may_be(order: Order, clause: Clause, now: datetime) -> bool:
    """Whether some deed under this clause would be allowed now: where an amount decides, one may be entered."""
    if clause.when in BY_AMOUNT:
        return clause.by is not Party.TREASURER or not order.is_by_gateway
    is_for_either = clause.flow is Flow.PAY_OUT or clause.by in (Party.GATEWAY, Party.TREASURER)
    payees = (Party.BUYER, Party.SELLER) if is_for_either else (clause.by,)
    least = Money(1, order.hammer.currency)
    return any(
        CONDITIONS[clause.when].holds(order, Deed(clause.action, clause.by, least, payee), now) for payee in payees
    )


def _lapses(order: Order, clause: Clause) -> bool:
    return order.deadline is not None and CONDITIONS[clause.when].holds(
        order, Deed(Action.LAPSE, Party.CLOCK), order.deadline
    )
