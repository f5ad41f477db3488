"""The part of the law of escrow that a payment processor brings: money that comes and goes by itself, the processor's
own fees, and chargebacks, by which the buyer's bank asks money back.

Only orders whose terms name a processor ever come here. A chargeback freezes an order wherever its money is.
"""

from __future__ import annotations

from datetime import timedelta

from marketplace.escrow.clause_rules import Clause, Flow, Mark, When
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups.term_rules import Terms

S, A, P, W, F, M = State, Action, Party, When, Flow, Mark

# States in which the whole total lies in the order's own account.
HOLDING = {
    S.HELD, S.SHIPPED, S.INSPECTING, S.DISPUTED,
    S.RETURN_DUE, S.RETURN_SHIPPED, S.RETURN_RECEIVED, S.RETURN_CONTESTED,
}  # fmt: skip
# States in which it is settled whose the money is, and it is not on its way yet.
JUST_SETTLED = (S.RELEASED, S.REFUNDED, S.SPLIT)
# States in which the order has money, or had it: a bank can ask it back.
WITH_MONEY = (S.TOPPING_UP, *(state for state in State if state in HOLDING), *JUST_SETTLED, S.PAYING_OUT, S.CLOSED)
_AWAITED = (S.AWAITING_PAYMENT, S.PAYMENT_CLAIMED, S.TOPPING_UP)
# States that an order does not leave because a payment of it moves: the last payout of PAYING_OUT closes it.
_STAYS = (*(state for state in State if state in HOLDING), *JUST_SETTLED, S.CHARGEBACK)

# Bank debits and the like take from two to fourteen days: https://docs.stripe.com/payments/payment-methods
DAYS_FOR_A_BANK = 14
# A processor may hold for 90 days; ten are kept to pay otherwise what it could not pay.
DAYS_UNTIL_OTHERWISE = 80

# An order whose buyer may have paid, in a session of which nothing final is known, is not called unpaid for so long:
# processors have been away for hours, and never for days.
DAYS_FOR_NEWS = 3


def for_a_bank(terms: Terms) -> timedelta:
    return timedelta(days=DAYS_FOR_A_BANK)


def after_a_failure(terms: Terms) -> timedelta:
    return timedelta(hours=terms.hours_after_not_found)


def _in_each(
    states: tuple[State, ...], action: Action, when: When, flow: Flow = F.NOTHING, mark: Mark = M.NONE
) -> tuple[Clause, ...]:  # fmt: skip
    """The same line for each state, which stays as it is."""
    return tuple(Clause(state, action, P.GATEWAY, when, flow, state, mark) for state in states)


def _all_to(
    then: State, states: tuple[State, ...], action: Action, when: When, flow: Flow = F.NOTHING, *, mark: Mark = M.NONE
) -> tuple[Clause, ...]:  # fmt: skip
    """The same line for each state, which all lead to `then`."""
    return tuple(Clause(state, action, P.GATEWAY, when, flow, then, mark) for state in states)


# fmt: off
GATEWAY_LAW: tuple[Clause, ...] = (
    # Money that comes by itself.
    Clause(S.AWAITING_PAYMENT, A.SUBMIT_PAYMENT,   P.GATEWAY, W.ANY_TIME,    F.NOTHING, S.PAYMENT_CLAIMED, M.NONE, for_a_bank),
    Clause(S.PAYMENT_CLAIMED,  A.NOT_FOUND,        P.GATEWAY, W.FIRST_TIME,  F.NOTHING, S.AWAITING_PAYMENT, M.NOT_FOUND, after_a_failure),
    Clause(S.PAYMENT_CLAIMED,  A.NOT_FOUND,        P.GATEWAY, W.SECOND_TIME, F.NOTHING, S.UNPAID, strike=P.BUYER),
    *_all_to(S.HELD,       _AWAITED, A.CONFIRM_PAYMENT, W.IN_FULL,  F.HOLD),
    *_all_to(S.TOPPING_UP, _AWAITED, A.CONFIRM_PAYMENT, W.IN_PART,  F.HOLD),
    *_all_to(S.HELD,       _AWAITED, A.CONFIRM_PAYMENT, W.TOO_MUCH, F.HOLD_AND_GIVE_BACK),
    # What comes late, or a second time, is the buyer's, and goes back while the order goes on.
    *_in_each(_STAYS, A.CONFIRM_PAYMENT, W.ANY_AMOUNT, F.GIVE_LATE_MONEY_BACK),
    *_all_to(S.REFUNDED,   (S.UNPAID, S.CANCELLED),    A.CONFIRM_PAYMENT, W.ANY_AMOUNT, F.GIVE_LATE_MONEY_BACK),
    *_all_to(S.PAYING_OUT, (S.PAYING_OUT, S.CLOSED),   A.CONFIRM_PAYMENT, W.ANY_AMOUNT, F.GIVE_LATE_MONEY_BACK),

    # Money that goes by itself: each payment for exactly what it was asked for.
    *_in_each(_STAYS, A.CONFIRM_PAYOUT, W.OWED_SO_MUCH, F.PAY_OUT),
    Clause(S.PAYING_OUT,       A.CONFIRM_PAYOUT,   P.GATEWAY, W.LAST_OF_GATEWAY, F.PAY_OUT, S.CLOSED),
    Clause(S.PAYING_OUT,       A.CONFIRM_PAYOUT,   P.GATEWAY, W.MORE_OF_GATEWAY, F.PAY_OUT, S.PAYING_OUT),
    # What was under way when a bank took the money has gone all the same: whoever has it now owes it.
    *_in_each((*_STAYS, S.PAYING_OUT, S.CLOSED), A.CONFIRM_PAYOUT, W.NOT_OWED_SO_MUCH, F.PAY_BEYOND),
    *_in_each((*_STAYS, S.PAYING_OUT), A.PAYOUT_FAILED, W.OWED_SO_MUCH),
    *_in_each((*_STAYS, S.PAYING_OUT), A.PAYOUT_WAITS,  W.OWED_SO_MUCH),
    *_in_each((*_STAYS, S.PAYING_OUT), A.PAYOUT_BOUNCED, W.PAID_SO_MUCH, F.TAKE_PAYOUT_BACK, M.OTHERWISE),
    Clause(S.CLOSED,           A.PAYOUT_BOUNCED,   P.GATEWAY, W.PAID_SO_MUCH, F.TAKE_PAYOUT_BACK, S.PAYING_OUT, M.OTHERWISE),
    # What it cannot pay, two officers who are no party pay otherwise.
    Clause(S.PAYING_OUT, A.PROPOSE_OTHERWISE, P.TREASURER, W.GATEWAY_CANNOT,     F.NOTHING, S.PAYING_OUT, M.PROPOSED_OTHERWISE),
    Clause(S.PAYING_OUT, A.AGREE_OTHERWISE,   P.TREASURER, W.OTHERWISE_PROPOSED, F.NOTHING, S.PAYING_OUT, M.OTHERWISE),

    # What the processor keeps for itself.
    *_in_each(tuple(State), A.NOTE_FEE, W.ANY_AMOUNT, F.NOTE_FEE),

    # The buyer's bank asks, and decides.
    *_in_each(WITH_MONEY, A.INQUIRE, W.ANY_TIME),
    *_all_to(S.CHARGEBACK, WITH_MONEY, A.OPEN_CHARGEBACK, W.ANY_TIME, mark=M.FROZEN),
    Clause(S.CHARGEBACK, A.WIN_CHARGEBACK,  P.GATEWAY, W.ANY_TIME,    F.NOTHING, S.PAYING_OUT, M.RESUMED),
    # He paid twice, and his bank was faster than the refund of what came on top: it has gone back, and no more.
    Clause(S.CHARGEBACK, A.LOSE_CHARGEBACK, P.GATEWAY, W.TAKES_WHAT_GOES_BACK, F.LOSE_ON_TOP, S.PAYING_OUT, M.RESUMED),
    Clause(S.CHARGEBACK, A.LOSE_CHARGEBACK, P.GATEWAY, W.TAKES_ALL,   F.LOSE,    S.CLOSED),
    Clause(S.CHARGEBACK, A.LOSE_CHARGEBACK, P.GATEWAY, W.LEAVES_SOME, F.LOSE,    S.PAYING_OUT),
    # The seller's part was taken back: it pays what he owes; the rest waits for the bank, and later is his.
    Clause(S.CHARGEBACK, A.REVERSE_PAYOUT,  P.GATEWAY, W.PAID_SO_MUCH, F.TAKE_PAYOUT_BACK, S.CHARGEBACK),
    *_all_to(S.PAYING_OUT, (S.PAYING_OUT, S.CLOSED), A.REVERSE_PAYOUT, W.OWED_AFTER_IT, F.TAKE_PAYOUT_BACK),
    *_all_to(S.CLOSED,     (S.PAYING_OUT, S.CLOSED), A.REVERSE_PAYOUT, W.DEBT_TAKES_IT, F.TAKE_PAYOUT_BACK),
)
# fmt: on
