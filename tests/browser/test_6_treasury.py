"""Journey 6, the treasury: what was not paid out comes to light, and another looks after the money from then on."""

from __future__ import annotations

from datetime import timedelta

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.cast import club
from tests.house import House

DAYS = timedelta(days=6)


def test_a_late_payout_and_the_treasury_that_passes_on(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order_id = group.sold(State.PAYING_OUT)
    here.move(days=DAYS.days)
    jonas, marta, hedwig, agnes = visitor(on_phone=True), visitor(on_phone=True), visitor(), visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens("/")
    jonas.reads("is not paid to you yet", "Ask what keeps it")
    jonas.opens(f"/orders/{order_id}")
    jonas.reads("is not paid to you yet.", "Agnes Thaler", "Hedwig Amsel")
    marta.signs_in(group.marta.email)
    marta.opens(group.path())
    marta.reads("1 payout is late")
    marta.opens(group.path("/books"))
    marta.reads("1 payout is late")

    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury"))
    agnes.reads("All members see that a payout is late.")
    agnes.presses("Hand the treasury over")
    agnes.presses("Ask to step down")
    agnes.reads("The owners are asked to name who follows you.")

    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/treasury/handover"))
    hedwig.chooses("Who takes it over", "Viktor Sedlak")
    hedwig.presses("Name the successor")
    hedwig.reads("Both are told.", "From Agnes Thaler to Viktor Sedlak")

    agnes.opens(group.path("/treasury/handover"))
    agnes.fills({"What the group’s account holds": "130.00", "Where it is to be seen": "statement 11"})
    agnes.presses("Say so, and ask Viktor Sedlak", status=422)
    agnes.finds_error("note", "why it differs")
    agnes.fills({"If it is not what the books say: why": "The bank took a fee of EUR 12."})
    agnes.presses("Say so, and ask Viktor Sedlak")
    agnes.reads("less than the books say.", "The bank took a fee of EUR 12.")

    viktor = visitor(on_phone=True)
    viktor.signs_in(group.moderator.email, phone=group.moderator.phone)
    viktor.opens("/")
    viktor.presses("Look and confirm")
    viktor.presses("I have")
    viktor.reads("You look after the money now.")
    marta.opens(group.path("/books"))
    marta.reads("The treasury passed from Agnes Thaler to Viktor Sedlak")
