"""The two pages that the README shows, as they stand in the middle of a deal. EARNEST_PICTURES=1 takes the pictures."""

from __future__ import annotations

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.browser.exam import take_picture
from tests.cast import club
from tests.house import House


def test_a_lot_that_somebody_was_outbid_on(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    group.has_traded(16)
    number = group.offers(reserve=250_00, ends_in=2.25)
    for bidder, maximum in ((group.ferenc, 280_00), (group.marta, 300_00), (group.owner, 320_00), (group.marta, 400_00),
                            (group.ferenc, 460_00)):  # fmt: skip
        group.bids(bidder, number, maximum)
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(group.path(f"/lots/{number}"))
    marta.reads("You have been outbid.", "Reserve met", "16 closed deals")
    take_picture(marta.page, "lot")


def test_an_order_that_is_being_inspected(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    group.has_traded(16)
    order = group.sold(State.INSPECTING)
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(f"/orders/{order}")
    marta.reads("Is it what was promised?", "16 closed deals")
    take_picture(marta.page, "order")
