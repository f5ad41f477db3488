"""The law of escrow: who may do what to an order, when, where the money goes, and how long each state may last.

Read LAW from top to bottom; `judging_rules.py` applies it, `money_rules.py` says which accounts money moves between.
Nothing here touches a database, a clock or the network.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from marketplace.escrow.clause_rules import Clause, Flow, Mark, Stay, When
from marketplace.escrow.gateway_rules import GATEWAY_LAW
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups.term_rules import Terms


def _days(count: Callable[[Terms], int]) -> Stay:
    return lambda terms: timedelta(days=count(terms))


# How long each state lasts before the clock acts. States that are not here end an order, or keep no clock of their own.
STAYS: dict[State, Stay] = {
    State.AWAITING_PAYMENT: _days(lambda terms: terms.days_to_pay),
    State.PAYMENT_CLAIMED: _days(lambda terms: terms.days_to_confirm_payment),
    State.TOPPING_UP: _days(lambda terms: terms.days_to_top_up),
    State.HELD: _days(lambda terms: terms.days_until_unshipped_refund),
    State.SHIPPED: _days(lambda terms: terms.days_in_transit),
    State.INSPECTING: _days(lambda terms: terms.days_to_inspect),
    State.RETURN_DUE: _days(lambda terms: terms.days_to_post_return),
    State.RETURN_SHIPPED: _days(lambda terms: terms.days_of_return_transit),
    State.RETURN_RECEIVED: _days(lambda terms: terms.days_to_inspect_return),
    State.RETURN_CONTESTED: _days(lambda terms: terms.days_to_review_return),
    State.RELEASED: _days(lambda terms: 0),
    State.REFUNDED: _days(lambda terms: 0),
    State.SPLIT: _days(lambda terms: 0),
    State.PAYING_OUT: _days(lambda terms: terms.days_to_pay_out),
}

# Clauses that give another time than the state's own.
after_not_found: Stay = lambda terms: timedelta(hours=terms.hours_after_not_found)  # noqa: E731 - a line of a table
for_second_officer = _days(lambda terms: terms.days_for_second_officer)
extension = _days(lambda terms: terms.days_of_extension)
payout_again = _days(lambda terms: terms.days_to_pay_out)

# How long the seller has to say where it goes back to: of the seven days to post it by default, the buyer keeps five.
# Where a group gives fewer, the buyer keeps at least half of them.
MOST_DAYS_TO_NAME_RETURN_ADDRESS = 2


def time_to_name_return_address(terms: Terms) -> timedelta:
    return min(timedelta(days=MOST_DAYS_TO_NAME_RETURN_ADDRESS), STAYS[State.RETURN_DUE](terms) / 2)


S, A, P, W, F, M = State, Action, Party, When, Flow, Mark

# fmt: off
OF_PEOPLE = (
    #      given               action                by           when                 money                   then
    Clause(S.AWAITING_PAYMENT, A.SAY_SENT,           P.BUYER,     W.BY_HAND_IN_TIME,   F.NOTHING,              S.PAYMENT_CLAIMED),
    Clause(S.AWAITING_PAYMENT, A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_FULL,           F.HOLD,                 S.HELD),
    Clause(S.AWAITING_PAYMENT, A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_PART,           F.HOLD,                 S.TOPPING_UP),
    Clause(S.AWAITING_PAYMENT, A.PROPOSE_PAYMENT,    P.TREASURER, W.ANY_TIME,           F.NOTHING,              S.PAYMENT_CLAIMED),
    Clause(S.AWAITING_PAYMENT, A.PROPOSE_CANCEL,     P.BUYER,     W.NOT_PROPOSED,      F.NOTHING,              S.AWAITING_PAYMENT, M.PROPOSED),
    Clause(S.AWAITING_PAYMENT, A.PROPOSE_CANCEL,     P.SELLER,    W.NOT_PROPOSED,      F.NOTHING,              S.AWAITING_PAYMENT, M.PROPOSED),
    Clause(S.AWAITING_PAYMENT, A.AGREE_CANCEL,       P.BUYER,     W.OTHER_PROPOSED,    F.NOTHING,              S.CANCELLED),
    Clause(S.AWAITING_PAYMENT, A.AGREE_CANCEL,       P.SELLER,    W.OTHER_PROPOSED,    F.NOTHING,              S.CANCELLED),
    # Joining a parcel never prolongs: the deadline of each order stays its own.
    Clause(S.AWAITING_PAYMENT, A.JOIN_PARCEL,        P.BUYER,     W.NOT_YET_SENT,      F.NOTHING,              S.AWAITING_PAYMENT, M.JOINED),
    Clause(S.AWAITING_PAYMENT, A.LEAVE_PARCEL,       P.BUYER,     W.IN_UNSENT_PARCEL,  F.NOTHING,              S.AWAITING_PAYMENT, M.LEFT),
    Clause(S.AWAITING_PAYMENT, A.SHARE_ANEW,         P.CLOCK,     W.IN_PARCEL,         F.NOTHING,              S.AWAITING_PAYMENT),
    Clause(S.AWAITING_PAYMENT, A.FALL_SHORT,         P.TREASURER, W.IN_PARCEL,         F.NOTHING,              S.TOPPING_UP),
    Clause(S.AWAITING_PAYMENT, A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.NOTHING,              S.UNPAID, strike=P.BUYER),

    Clause(S.PAYMENT_CLAIMED,  A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_FULL,           F.HOLD,                 S.HELD),
    Clause(S.PAYMENT_CLAIMED,  A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_PART,           F.HOLD,                 S.TOPPING_UP),
    Clause(S.PAYMENT_CLAIMED,  A.FALL_SHORT,         P.TREASURER, W.IN_PARCEL,         F.NOTHING,              S.TOPPING_UP),
    Clause(S.PAYMENT_CLAIMED,  A.NOT_FOUND,          P.TREASURER, W.FIRST_TIME,        F.NOTHING,              S.AWAITING_PAYMENT, M.NOT_FOUND, after_not_found),
    Clause(S.PAYMENT_CLAIMED,  A.LAPSE,              P.CLOCK,     W.FIRST_LAPSE,       F.NOTHING,              S.PAYMENT_CLAIMED, M.SECOND_OFFICER, for_second_officer),
    Clause(S.PAYMENT_CLAIMED,  A.LAPSE,              P.CLOCK,     W.SECOND_LAPSE,      F.NOTHING,              S.CANCELLED),

    Clause(S.TOPPING_UP,       A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_FULL,           F.HOLD,                 S.HELD),
    Clause(S.TOPPING_UP,       A.CONFIRM_PAYMENT,    P.TREASURER, W.IN_PART,           F.HOLD,                 S.TOPPING_UP),
    Clause(S.TOPPING_UP,       A.LAPSE,              P.CLOCK,     W.OVERDUE_HOLDING,   F.REFUND,               S.REFUNDED),
    Clause(S.TOPPING_UP,       A.LAPSE,              P.CLOCK,     W.OVERDUE_EMPTY,     F.NOTHING,              S.CANCELLED),

    Clause(S.HELD,             A.SHIP,               P.SELLER,    W.IN_TIME,           F.NOTHING,              S.SHIPPED),
    Clause(S.HELD,             A.CANCEL,             P.SELLER,    W.ANY_TIME,          F.REFUND,               S.REFUNDED, strike=P.SELLER, at_fault=P.SELLER),
    Clause(S.HELD,             A.CANCEL,             P.BUYER,     W.SHIPPING_LATE,     F.REFUND,               S.REFUNDED, at_fault=P.SELLER),
    Clause(S.HELD,             A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.REFUND,               S.REFUNDED),

    Clause(S.SHIPPED,          A.SAY_ARRIVED,        P.BUYER,     W.ANY_TIME,          F.NOTHING,              S.INSPECTING),
    Clause(S.SHIPPED,          A.USE_CODE,           P.SELLER,    W.PICK_UP,           F.NOTHING,              S.INSPECTING, M.CODE_USED),
    Clause(S.SHIPPED,          A.CONFIRM_RECEIPT,    P.BUYER,     W.ANY_TIME,          F.RELEASE,              S.RELEASED),
    Clause(S.SHIPPED,          A.NOT_RECEIVED,       P.BUYER,     W.ANY_TIME,          F.NOTHING,              S.DISPUTED),
    Clause(S.SHIPPED,          A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.NOTHING,              S.INSPECTING),

    Clause(S.INSPECTING,       A.CONFIRM_RECEIPT,    P.BUYER,     W.ANY_TIME,          F.RELEASE,              S.RELEASED),
    Clause(S.INSPECTING,       A.EXTEND,             P.BUYER,     W.NOT_EXTENDED,      F.NOTHING,              S.INSPECTING, M.EXTENDED, extension),
    Clause(S.INSPECTING,       A.DISPUTE,            P.BUYER,     W.IN_TIME,           F.NOTHING,              S.DISPUTED),
    Clause(S.INSPECTING,       A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.RELEASE,              S.RELEASED),

    Clause(S.DISPUTED,         A.RELEASE,            P.RULING,    W.ANY_TIME,          F.RELEASE,              S.RELEASED),
    Clause(S.DISPUTED,         A.REFUND,             P.RULING,    W.ANY_TIME,          F.REFUND,               S.REFUNDED),
    Clause(S.DISPUTED,         A.DIVIDE,             P.RULING,    W.SPLITS,            F.SPLIT,                S.SPLIT),
    Clause(S.DISPUTED,         A.RETURN_FIRST,       P.RULING,    W.ANY_TIME,          F.NOTHING,              S.RETURN_DUE),

    Clause(S.RETURN_DUE,       A.NAME_RETURN_ADDRESS, P.SELLER,   W.NO_ADDRESS_YET,    F.NOTHING,              S.RETURN_DUE, M.RETURN_ADDRESS),
    Clause(S.RETURN_DUE,       A.SHIP_RETURN,        P.BUYER,     W.TO_AN_ADDRESS,     F.NOTHING,              S.RETURN_SHIPPED),
    Clause(S.RETURN_DUE,       A.LAPSE,              P.CLOCK,     W.OVERDUE_TO_AN_ADDRESS, F.RELEASE,          S.RELEASED),
    Clause(S.RETURN_DUE,       A.LAPSE,              P.CLOCK,     W.OVERDUE_TO_NOBODY, F.REFUND,               S.REFUNDED),
    Clause(S.RETURN_SHIPPED,   A.SAY_RETURN_ARRIVED, P.SELLER,    W.ANY_TIME,          F.NOTHING,              S.RETURN_RECEIVED),
    Clause(S.RETURN_SHIPPED,   A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.NOTHING,              S.RETURN_RECEIVED),
    Clause(S.RETURN_RECEIVED,  A.ACCEPT_RETURN,      P.SELLER,    W.ANY_TIME,          F.REFUND,               S.REFUNDED),
    Clause(S.RETURN_RECEIVED,  A.CONTEST_RETURN,     P.SELLER,    W.IN_TIME,           F.NOTHING,              S.RETURN_CONTESTED),
    Clause(S.RETURN_RECEIVED,  A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.REFUND,               S.REFUNDED),
    Clause(S.RETURN_CONTESTED, A.RELEASE,            P.RULING,    W.ANY_TIME,          F.RELEASE,              S.RELEASED),
    Clause(S.RETURN_CONTESTED, A.REFUND,             P.RULING,    W.ANY_TIME,          F.REFUND,               S.REFUNDED),
    Clause(S.RETURN_CONTESTED, A.DIVIDE,             P.RULING,    W.SPLITS,            F.SPLIT,                S.SPLIT),
    Clause(S.RETURN_CONTESTED, A.LAPSE,              P.CLOCK,     W.OVERDUE,           F.REFUND,               S.REFUNDED),

    Clause(S.RELEASED,         A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING,     F.NOTHING,              S.PAYING_OUT),
    Clause(S.RELEASED,         A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING_NOTHING, F.NOTHING,          S.CLOSED),
    Clause(S.REFUNDED,         A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING,     F.NOTHING,              S.PAYING_OUT),
    Clause(S.REFUNDED,         A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING_NOTHING, F.NOTHING,          S.CLOSED),
    Clause(S.SPLIT,            A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING,     F.NOTHING,              S.PAYING_OUT),
    Clause(S.SPLIT,            A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING_NOTHING, F.NOTHING,          S.CLOSED),
    Clause(S.PAYING_OUT,       A.CONFIRM_PAYOUT,     P.TREASURER, W.LAST_PAYOUT,       F.PAY_OUT,              S.CLOSED),
    Clause(S.PAYING_OUT,       A.CONFIRM_PAYOUT,     P.TREASURER, W.OTHER_PAYOUT_OPEN, F.PAY_OUT,              S.PAYING_OUT),
    Clause(S.PAYING_OUT,       A.PAYOUT_FAILED,      P.TREASURER, W.ANY_TIME,          F.NOTHING,              S.PAYING_OUT),
    Clause(S.PAYING_OUT,       A.PAYOUT_MISSING,     P.BUYER,     W.WAS_PAID,          F.TAKE_PAYOUT_BACK,     S.PAYING_OUT),
    Clause(S.PAYING_OUT,       A.PAYOUT_MISSING,     P.SELLER,    W.WAS_PAID,          F.TAKE_PAYOUT_BACK,     S.PAYING_OUT),
    Clause(S.PAYING_OUT,       A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING,     F.NOTHING,              S.PAYING_OUT, M.SECOND_OFFICER, payout_again),
    Clause(S.PAYING_OUT,       A.LAPSE,              P.CLOCK,     W.OVERDUE_OWING_NOTHING, F.NOTHING,          S.CLOSED),
    Clause(S.CLOSED,           A.PAYOUT_MISSING,     P.BUYER,     W.WAS_PAID,          F.TAKE_PAYOUT_BACK,     S.PAYING_OUT),
    Clause(S.CLOSED,           A.PAYOUT_MISSING,     P.SELLER,    W.WAS_PAID,          F.TAKE_PAYOUT_BACK,     S.PAYING_OUT),

    Clause(S.UNPAID,           A.CONFIRM_PAYMENT,    P.TREASURER, W.NOT_MORE,          F.GIVE_LATE_MONEY_BACK, S.REFUNDED),
    Clause(S.CANCELLED,        A.CONFIRM_PAYMENT,    P.TREASURER, W.NOT_MORE,          F.GIVE_LATE_MONEY_BACK, S.REFUNDED),
    # The rest of it, or a second transfer. One payout to the buyer at a time, each for exactly what came: what is
    # refunded waits for its own payout first.
    Clause(S.PAYING_OUT,       A.CONFIRM_PAYMENT,    P.TREASURER, W.NO_REFUND_OPEN,    F.GIVE_LATE_MONEY_BACK, S.PAYING_OUT),
    Clause(S.CLOSED,           A.CONFIRM_PAYMENT,    P.TREASURER, W.NO_REFUND_OPEN,    F.GIVE_LATE_MONEY_BACK, S.PAYING_OUT),
)
# fmt: on

LAW = OF_PEOPLE + GATEWAY_LAW

# States in which the order's money is still to come, all of it or the rest.
AWAITED = {S.AWAITING_PAYMENT, S.PAYMENT_CLAIMED, S.TOPPING_UP}
# States in which an officer has to say that money came or went, where officers look after it.
WAITING_FOR_OFFICERS = {S.PAYMENT_CLAIMED, S.PAYING_OUT}
# States in which nothing more happens by itself.
ENDED = {S.CLOSED, S.UNPAID, S.CANCELLED}
