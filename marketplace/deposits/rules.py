"""The law of a deposit: who may do what to it, when, and where its money goes.

Read LAW from top to bottom; `judge` applies it. D is the deposit's own account, P a person's payable. What is owed out
of it, to its member or to a seller, is a payout by itself: payout_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import LARGEST_MINOR, Money
from marketplace.ledger.rules import Move, deposit as account_of, gateway, guarantee_fund, moved, payable


class State(StrEnum):
    """Where a deposit is."""

    EMPTY = "empty"
    CLAIMED = "claimed"
    """The member says that money is on its way. What came before stands meanwhile."""
    STANDING = "standing"
    RETURN_ASKED = "return_asked"
    """It goes back as soon as nothing is open any more, and lets nobody bid until then."""


class Party(StrEnum):
    """In which capacity somebody acts."""

    MEMBER = "member"
    """Whose deposit it is."""
    TREASURER = "treasurer"
    """Whoever may confirm the group's money, and not his own; any officer, once the treasurer is late."""
    ORDER = "order"
    """An order of the member's that has ended unpaid."""
    CLOCK = "clock"


class Action(StrEnum):
    """What can be done to a deposit."""

    SAY_SENT = "say_sent"
    CONFIRM = "confirm"
    NOT_FOUND = "not_found"
    ASK_RETURN = "ask_return"
    KEEP = "keep"
    GIVE_BACK = "give_back"
    FORFEIT = "forfeit"
    LAPSE = "lapse"


class When(StrEnum):
    """On which condition a clause holds."""

    ANY_TIME = "any time"
    WITH_MONEY = "when there is money in it"
    WITHOUT_MONEY = "when there is no money in it"
    SOMETHING_LEFT = "when the order came to less than there is"
    NOTHING_LEFT = "when the order came to as much as there is, or more"
    FIRST_LAPSE = "after the deadline, the first time"
    SECOND_LAPSE_WITH_MONEY = "after the deadline, the second time, when there is money in it"
    SECOND_LAPSE_WITHOUT = "after the deadline, the second time, when there is none"


class Flow(StrEnum):
    """Where money goes."""

    NOTHING = "nothing"
    PUT_UP = "gateway to D"
    GIVE_BACK = "D to P(member)"
    FORFEIT = "D to P(seller), at most half, and the guarantee fund"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    when: When
    flow: Flow
    then: State
    for_second_officer: bool = False


S, A, P, W, F = State, Action, Party, When, Flow

# fmt: off
LAW = (
    #      given           action        by           when                       money        then
    Clause(S.EMPTY,        A.SAY_SENT,   P.MEMBER,    W.ANY_TIME,                F.NOTHING,   S.CLAIMED),
    Clause(S.EMPTY,        A.CONFIRM,    P.TREASURER, W.ANY_TIME,                F.PUT_UP,    S.STANDING),  # it came unannounced, or late

    Clause(S.CLAIMED,      A.CONFIRM,    P.TREASURER, W.ANY_TIME,                F.PUT_UP,    S.STANDING),
    Clause(S.CLAIMED,      A.NOT_FOUND,  P.TREASURER, W.WITH_MONEY,              F.NOTHING,   S.STANDING),
    Clause(S.CLAIMED,      A.NOT_FOUND,  P.TREASURER, W.WITHOUT_MONEY,           F.NOTHING,   S.EMPTY),
    Clause(S.CLAIMED,      A.LAPSE,      P.CLOCK,     W.FIRST_LAPSE,             F.NOTHING,   S.CLAIMED,   for_second_officer=True),
    Clause(S.CLAIMED,      A.LAPSE,      P.CLOCK,     W.SECOND_LAPSE_WITH_MONEY, F.NOTHING,   S.STANDING),
    Clause(S.CLAIMED,      A.LAPSE,      P.CLOCK,     W.SECOND_LAPSE_WITHOUT,    F.NOTHING,   S.EMPTY),
    Clause(S.CLAIMED,      A.FORFEIT,    P.ORDER,     W.WITH_MONEY,              F.FORFEIT,   S.CLAIMED),

    Clause(S.STANDING,     A.SAY_SENT,   P.MEMBER,    W.ANY_TIME,                F.NOTHING,   S.CLAIMED),
    Clause(S.STANDING,     A.CONFIRM,    P.TREASURER, W.ANY_TIME,                F.PUT_UP,    S.STANDING),
    Clause(S.STANDING,     A.ASK_RETURN, P.MEMBER,    W.ANY_TIME,                F.NOTHING,   S.RETURN_ASKED),
    Clause(S.STANDING,     A.GIVE_BACK,  P.CLOCK,     W.ANY_TIME,                F.GIVE_BACK, S.EMPTY),  # he has gone, or the group has closed
    Clause(S.STANDING,     A.FORFEIT,    P.ORDER,     W.SOMETHING_LEFT,          F.FORFEIT,   S.STANDING),
    Clause(S.STANDING,     A.FORFEIT,    P.ORDER,     W.NOTHING_LEFT,            F.FORFEIT,   S.EMPTY),

    Clause(S.RETURN_ASKED, A.KEEP,       P.MEMBER,    W.ANY_TIME,                F.NOTHING,   S.STANDING),
    Clause(S.RETURN_ASKED, A.CONFIRM,    P.TREASURER, W.ANY_TIME,                F.PUT_UP,    S.RETURN_ASKED),
    Clause(S.RETURN_ASKED, A.GIVE_BACK,  P.CLOCK,     W.ANY_TIME,                F.GIVE_BACK, S.EMPTY),
    Clause(S.RETURN_ASKED, A.FORFEIT,    P.ORDER,     W.SOMETHING_LEFT,          F.FORFEIT,   S.RETURN_ASKED),
    Clause(S.RETURN_ASKED, A.FORFEIT,    P.ORDER,     W.NOTHING_LEFT,            F.FORFEIT,   S.EMPTY),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Deposit:
    """What the law needs to know of a deposit."""

    id: int
    group_id: int
    person_id: int
    state: State
    held: Money
    """What lies in its own account: D."""
    since: datetime
    deadline: datetime | None
    """When the clock acts on what the member says he sent."""
    is_second_officer_due: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as somebody takes it. `amount`: what came in, or what the order that was not paid came to; that
    order's seller is `seller_id`."""

    action: Action
    by: Party
    amount: Money | None = None
    seller_id: int | None = None


class Verdict(NamedTuple):
    """What a deed does: the deposit after it, and the money that it moves."""

    deposit: Deposit
    moves: list[Move]


def forfeited(held: Money, order_total: Money) -> Money:
    """What an unpaid order costs: never more than it came to."""
    return min(held, order_total)


def halves(amount: Money) -> tuple[Money, Money]:
    """The seller's part of what is forfeited and the guarantee fund's. More than half for the seller, and two who
    trade with one another would lose nothing by it."""
    to_seller = Money(amount.minor // 2, amount.currency)
    return to_seller, amount - to_seller


def judge(deposit: Deposit, deed: Deed, *, terms: Terms, now: datetime) -> Verdict:
    """Say what `deed` does to `deposit`, or raise the rule that it breaks."""
    possible = [clause for clause in LAW if clause.given is deposit.state and clause.action is deed.action]
    if not possible:
        raise RuleBroken("The deposit has moved on, and that is no longer possible. Look at where it stands now.")
    mine = [clause for clause in possible if clause.by is deed.by]
    if not mine:
        raise NotAllowed("This is not yours to do. The member whose deposit it is and the treasurer each have a part.")
    for clause in mine:
        if _HOLDS[clause.when](deposit, deed, now):
            return _verdict(deposit, clause, deed, terms, now)
    raise RuleBroken("That is not possible as the deposit stands now. Load the page again.")


def may(deposit: Deposit, action: Action, by: Party) -> bool:
    """Whether `by` has a button for it."""
    return any((clause.given, clause.action, clause.by) == (deposit.state, action, by) for clause in LAW)


_HOLDS: dict[When, Callable[[Deposit, Deed, datetime], bool]] = {
    W.ANY_TIME: lambda deposit, deed, now: True,
    W.WITH_MONEY: lambda deposit, deed, now: bool(deposit.held),
    W.WITHOUT_MONEY: lambda deposit, deed, now: not deposit.held,
    W.SOMETHING_LEFT: lambda deposit, deed, now: _amount(deed) < deposit.held,
    W.NOTHING_LEFT: lambda deposit, deed, now: _amount(deed) >= deposit.held,
    W.FIRST_LAPSE: lambda deposit, deed, now: _is_over(deposit, now) and not deposit.is_second_officer_due,
    W.SECOND_LAPSE_WITH_MONEY: lambda deposit, deed, now: _is_over(deposit, now) and bool(deposit.held),
    W.SECOND_LAPSE_WITHOUT: lambda deposit, deed, now: _is_over(deposit, now) and not deposit.held,
}


def _verdict(deposit: Deposit, clause: Clause, deed: Deed, terms: Terms, now: datetime) -> Verdict:
    moves = _moves(deposit, clause.flow, deed)
    own, held = account_of(deposit.group_id, deposit.person_id), deposit.held
    for move in moves:
        held = held + move.amount if move.credit == own else held - move.amount
    after = replace(deposit, state=clause.then, held=held)
    if clause.for_second_officer:
        more = timedelta(days=terms.days_for_second_officer)
        return Verdict(replace(after, deadline=(deposit.deadline or now) + more, is_second_officer_due=True), moves)
    if clause.then is deposit.state:
        return Verdict(after, moves)
    deadline = now + timedelta(days=terms.days_to_confirm_payment) if clause.then is State.CLAIMED else None
    return Verdict(replace(after, since=now, deadline=deadline, is_second_officer_due=False), moves)


def _moves(deposit: Deposit, flow: Flow, deed: Deed) -> list[Move]:
    group_id, own = deposit.group_id, account_of(deposit.group_id, deposit.person_id)
    match flow:
        case Flow.PUT_UP:
            return [Move(gateway(group_id), own, _checked(deposit, _amount(deed)))]
        case Flow.GIVE_BACK:
            return [Move(own, payable(group_id, deposit.person_id), deposit.held)]
        case Flow.FORFEIT if deed.seller_id is not None:
            to_seller, to_fund = halves(forfeited(deposit.held, _amount(deed)))
            seller, fund = payable(group_id, deed.seller_id), guarantee_fund(group_id)
            return [*moved(own, seller, to_seller), *moved(own, fund, to_fund)]
    return []


def _checked(deposit: Deposit, amount: Money) -> Money:
    if not 0 < amount.minor <= LARGEST_MINOR or amount.currency != deposit.held.currency:
        raise RuleBroken("Enter the amount that came in, above zero.", field="amount")
    return amount


def _amount(deed: Deed) -> Money:
    if deed.amount is None:
        raise ValueError(f"{deed.action} needs an amount")
    return deed.amount


def _is_over(deposit: Deposit, now: datetime) -> bool:
    return deposit.deadline is not None and now >= deposit.deadline
