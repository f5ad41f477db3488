"""How the law of escrow is applied: what a deed does to an order, and what is open to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.escrow.condition_rules import BY_AMOUNT, CONDITIONS
from marketplace.escrow.money_rules import FLOWS, paid
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.escrow.rules import HOLDING, LAW, STAYS, Clause, Flow, Mark
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, escrow

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
    possible = [clause for clause in LAW if clause.given is order.state and clause.action is deed.action]
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
        if clause.given is order.state and clause.by is by and _may_be(order, clause, now):
            found[clause.action] = None
    return list(found)


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
    if order.state in HOLDING:
        return order.total
    return order.held if order.state is State.TOPPING_UP else order.nothing()


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
    changes: dict[str, object] = {**_marks(clause, deed), **_sums(order, clause.flow, deed, moves, now)}
    if clause.then is not order.state:
        changes = {"proposed_by": None, "is_second_officer_due": False, **changes, "state": clause.then, "since": now}
    after = replace(order, **changes, deadline=_deadline(order, clause, now))  # type: ignore[arg-type]
    return Verdict(after, moves, clause.strike)


def _marks(clause: Clause, deed: Deed) -> dict[str, object]:
    if clause.mark is Mark.NONE:
        return {}
    if clause.mark is Mark.LEFT:
        return {Mark.JOINED.value: False}
    return {clause.mark.value: deed.by if clause.mark is Mark.PROPOSED else True}


def _sums(order: Order, flow: Flow, deed: Deed, moves: list[Move], now: datetime) -> dict[str, object]:
    """The order's own sums after the moves: what it holds, what it owes and has paid to each side."""
    own = escrow(order.id)
    held = order.held
    for move in moves:
        held = held + move.amount if move.credit == own else held - move.amount if move.debit == own else held
    sums: dict[str, object] = {"held": held}
    match flow:
        case Flow.RELEASE:
            sums["owed_seller"] = moves[0].amount
        case Flow.REFUND | Flow.GIVE_LATE_MONEY_BACK:
            sums["owed_buyer"] = order.owed_buyer + moves[0].amount
        case Flow.SPLIT:
            sums |= {"owed_buyer": moves[0].amount, "owed_seller": moves[1].amount}
        case Flow.PAY_OUT:
            sums |= {
                f"owed_{deed.payee}": order.nothing(),
                f"paid_{deed.payee}": paid(order, deed.payee) + moves[0].amount,
                f"paid_{deed.payee}_at": now,
            }
        case Flow.TAKE_PAYOUT_BACK:
            sums |= {
                f"owed_{deed.payee}": moves[0].amount,
                f"paid_{deed.payee}": paid(order, deed.payee) - moves[0].amount,
                f"paid_{deed.payee}_at": None,
            }
    return sums


def _deadline(order: Order, clause: Clause, now: datetime) -> datetime | None:
    if clause.then is order.state:
        return order.deadline + clause.lasts(order.terms) if clause.lasts and order.deadline else order.deadline
    stay = clause.lasts or STAYS.get(clause.then)
    return now + stay(order.terms) if stay else None


def _may_be(order: Order, clause: Clause, now: datetime) -> bool:
    """Whether some deed under this clause would be allowed now: where an amount decides, one may be entered."""
    if clause.when in BY_AMOUNT:
        return True
    payees = (Party.BUYER, Party.SELLER) if clause.flow is Flow.PAY_OUT else (clause.by,)
    least = Money(1, order.hammer.currency)
    return any(
        CONDITIONS[clause.when].holds(order, Deed(clause.action, clause.by, least, payee), now) for payee in payees
    )


def _lapses(order: Order, clause: Clause) -> bool:
    return order.deadline is not None and CONDITIONS[clause.when].holds(
        order, Deed(Action.LAPSE, Party.CLOCK), order.deadline
    )
