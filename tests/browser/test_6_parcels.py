"""Two lots of one seller, won on one evening: one parcel, one payment, one number."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import Club, club
from tests.factories.escrow import an_order
from tests.house import House

BOWL, JUG = "Silver sugar bowl, Vienna 1840", "Majolica jug with a pewter lid"


def won(group: Club) -> list[int]:
    """Two more lots of Jonas's that Marta won; the orders' numbers."""
    with group.here.inside():
        how: dict[str, Any] = {
            "group": group._group(), "seller": group._person(group.jonas), "buyer": group._person(group.marta)
        }  # fmt: skip
        return [
            an_order(hammer=80_00, shipping=10_00, further=3_00, title=BOWL, **how).id,
            an_order(hammer=45_00, shipping=8_00, further=2_00, title=JUG, **how).id,
        ]


def confirms(agnes: Visitor, amount: str) -> None:
    agnes.presses("Confirm what came in", within="main")
    agnes.fills({"Amount on the statement": amount, "Reference of the bank": "2026-1117-09"})
    agnes.presses("Confirm that it came in")


def test_two_lots_go_in_one_parcel(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    bowl, jug = won(group)
    marta, agnes, jonas = visitor(on_phone=True), visitor(), visitor()
    marta.signs_in(group.marta.email)
    marta.opens("/orders")
    marta.reads("Pay these 2 lots of Jonas Weidl in one parcel, and save")
    marta.presses("Put them together")
    marta.reads("Pay these 2 lots in one parcel, and save")
    marta.presses("Put them into one parcel")
    marta.reads("They are in one parcel.", "To send, for all of them", "Saved on shipping")
    marta.presses("I have sent EUR")
    marta.reads("The treasurer looks for your payment")

    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury"))
    agnes.reads("Look for EUR 137.00 from Marta Lind")
    confirms(agnes, "137")
    agnes.reads("It is confirmed for every order in it")

    jonas.signs_in(group.jonas.email)
    jonas.opens(f"/orders/{bowl}")
    jonas.presses("What belongs into the parcel")
    jonas.reads("Pack these", BOWL, JUG, "Lindengasse 7")
    jonas.presses("Enter the parcel number")
    jonas.fills({"Carrier": "Post", "Number of the parcel": "CX 4471"})
    jonas.presses("I have shipped it")
    marta.opens(f"/orders/{jug}")
    marta.reads("CX 4471")


def test_one_is_taken_out_again_and_too_little_is_sent_for_the_rest(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    bowl, jug = won(group)
    teapot = group.sold()
    marta, agnes = visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{bowl}")
    marta.presses("Put them into one parcel")
    marta.reads("3 orders in one parcel")
    marta.page.locator("li", has=marta.page.locator(f'a[href="/orders/{teapot}"]')).get_by_role("button").click()
    marta.reads("It is taken out.")
    marta.opens(f"/orders/{jug}")
    marta.presses("To the parcel, and pay once")
    marta.reads("2 orders in one parcel", "More from the same seller")
    marta.presses("I have sent EUR")
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury"))
    confirms(agnes, "90")
    marta.opens(f"/orders/{jug}")
    marta.reads("Of what came in for the parcel nothing was left for this order")
    marta.presses("To the parcel")
    marta.reads("Send the rest", "EUR 47.00")
    agnes.opens(group.path("/treasury"))
    agnes.reads("EUR 47.00")
