"""Journey 6, where it leaves the main way: too little money, a code at the door, silence, second thoughts."""

from __future__ import annotations

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import club
from tests.house import House


def confirms(agnes: Visitor, order: int, amount: str, reference: str) -> None:
    agnes.opens(f"/orders/{order}/payment")
    agnes.fills({"Amount on the statement": amount, "Reference of the bank": reference})
    agnes.presses("Confirm that it came in")


def test_money_that_is_not_found_and_money_that_is_too_little(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.PAYMENT_CLAIMED)
    marta, agnes = visitor(on_phone=True), visitor()
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(f"/orders/{order}/payment")
    agnes.presses("I cannot find the payment")
    agnes.reads("The buyer is told that the payment cannot be found.")
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{order}")
    marta.reads("The treasurer could not find your payment.")
    marta.presses("I have sent the money")

    agnes.opens(f"/orders/{order}/payment")
    agnes.fills({"Amount on the statement": "1420", "Reference of the bank": "04"})
    agnes.presses("Confirm that it came in", status=422)
    agnes.finds_error("amount", "EUR 142.00")
    confirms(agnes, order, "100", "2026-1117-04")
    marta.opens(f"/orders/{order}")
    marta.reads("Send the rest", "EUR 42.00")
    confirms(agnes, order, "42", "2026-1118-01")
    marta.opens(f"/orders/{order}")
    marta.reads("Your money is held")
    here.mail_to(group.jonas.email, "Ship")
    agnes.opens(f"/orders/{order}")
    agnes.reads("EUR 142.00 is held")


def test_at_the_door_a_code_proves_that_it_changed_hands(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold()
    marta, agnes, jonas = visitor(on_phone=True), visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{order}")
    marta.reads("or, if you pick it up")
    marta.ticks("I pick it up")
    marta.presses("I have sent the money")
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    confirms(agnes, order, "132", "2026-1117-05")
    jonas.signs_in(group.jonas.email)
    jonas.opens(f"/orders/{order}")
    jonas.reads("Have it ready to be picked up")
    jonas.presses("It is ready to be picked up")
    marta.opens(f"/orders/{order}")
    marta.reads("Your code for the pick-up")
    code = marta.page.locator("p.price data").inner_text()
    jonas.fills({"The buyer’s code": "AAA AAA"})
    jonas.presses("Hand it over", status=422)
    jonas.finds_error("code", "code")
    jonas.fills({"The buyer’s code": code})
    jonas.presses("Hand it over")
    jonas.reads("The code is right.", "It was handed over, proved with the buyer’s code")
    marta.opens(f"/orders/{order}")
    marta.presses("Confirm receipt and release EUR 132.00")
    jonas.opens(f"/orders/{order}")
    jonas.reads_soon("EUR 125.40 is yours")


def test_where_somebody_keeps_silent_the_clock_acts(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    unpaid, not_shipped, inspected = group.sold(), group.sold(State.HELD), group.sold(State.INSPECTING)
    marta, jonas = visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    jonas.signs_in(group.jonas.email)
    marta.opens("/orders")
    marta.reads("To be paid", "Held, to be shipped", "Held, inspected")
    jonas.opens("/orders?side=sold&stage=open")
    here.move(days=5)
    marta.opens(f"/orders/{unpaid}")
    marta.reads_soon("This order ended unpaid")
    marta.reads("A strike is noted against you.")
    marta.opens(f"/orders/{not_shipped}")
    marta.reads("The days to ship are over: you can cancel, or wait.")
    here.move(days=3)
    marta.reads_soon("EUR 142.00 is yours")
    jonas.opens(f"/orders/{inspected}")
    jonas.reads_soon("EUR 135.40 is yours")
    jonas.reads("The inspection was over")


def test_both_agree_to_call_it_off_and_a_seller_cannot_send(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    called_off, not_sent = group.sold(), group.sold(State.HELD)
    marta, jonas = visitor(on_phone=True), visitor()
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{called_off}")
    marta.presses("Propose to cancel")
    jonas.signs_in(group.jonas.email)
    jonas.opens("/notices")
    jonas.presses("Marta Lind proposes to cancel the order")
    jonas.presses("Agree to cancel the order")
    jonas.reads("The order is cancelled. Nobody gets a strike.")
    jonas.opens(f"/orders/{not_sent}")
    jonas.page.get_by_text("You cannot send it?").click()
    jonas.presses("Cancel and refund EUR 142.00")
    marta.opens(f"/orders/{not_sent}")
    marta.reads_soon("EUR 142.00 is yours")


def test_a_payout_that_did_not_arrive_is_owed_again(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.CLOSED)
    jonas, agnes = visitor(), visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens(f"/orders/{order}")
    jonas.presses("My payout did not arrive")
    jonas.reads("It is owed to you again")
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(f"/orders/{order}/payouts/seller")
    agnes.fills({"What the bank says": "The account is closed."})
    agnes.presses("It did not go through", within="main form")
    agnes.reads("It stays owed, and the payee is told.")
    here.mail_to(group.jonas.email, "The account is closed.")
    agnes.opens(f"/orders/{order}/payouts/seller")
    agnes.fills({"Reference of the bank": "2026-1130-02"})
    agnes.presses("Confirm that EUR 135.40 went out")
    jonas.opens(f"/orders/{order}")
    jonas.reads("Everything is paid out, and nothing is held.")
