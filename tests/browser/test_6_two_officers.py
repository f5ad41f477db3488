"""Journey 6, where one officer's word is not enough: the owner lowers the limit, and from then on it takes two."""

from __future__ import annotations

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor, pictures
from tests.cast import club, drawn
from tests.house import House


def enters(agnes: Visitor, order: int, reference: str) -> None:
    agnes.opens(f"/orders/{order}/payment")
    agnes.reads("EUR 142.00 would pass your limit of EUR 100.00 in seven days")
    agnes.fills({"Reference of the bank": reference})
    agnes.attaches("Picture of the slip", *pictures([drawn("card", "#d8cfb4")]))
    agnes.presses("Confirm that it came in")
    agnes.reads("Nothing is confirmed yet", "Waits for a second officer")


def test_what_passes_the_limit_is_approved_by_a_second_officer(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.PAYMENT_CLAIMED)
    hedwig, agnes, marta = visitor(on_phone=True), visitor(), visitor(on_phone=True)
    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/settings/terms"))
    hedwig.fills({"What one officer confirms alone": "100"})
    hedwig.presses("Change the terms of coming lots")
    hedwig.reads("EUR 100.00")

    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(f"/orders/{order}/payment")
    agnes.fills({"Reference of the bank": "2026-1117-04"})
    agnes.presses("Confirm that it came in", status=422)
    agnes.finds_error("proof", "Add its picture.")
    enters(agnes, order, "2026-1117-40")
    agnes.presses("Look at it")
    agnes.reads("Another officer has to approve it", "Hedwig Amsel")
    agnes.presses("Withdraw it")
    enters(agnes, order, "2026-1117-04")
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{order}")
    marta.reads("Your payment is found", "a second one looks at the bank’s slip")

    hedwig.opens("/")
    hedwig.presses("Look at the slip, and decide")
    hedwig.reads("Did EUR 142.00 come in from Marta Lind?", "2026-1117-04")
    hedwig.presses("Approve that EUR 142.00 came in")
    hedwig.reads("Approved. It is confirmed")
    hedwig.opens(f"/orders/{order}")
    hedwig.reads("EUR 142.00 is held", "Entered by Agnes Thaler, approved by Hedwig Amsel")
    marta.opens(f"/orders/{order}")
    marta.reads("Your money is held")
    here.mail_to(group.owner.email, "To approve")
