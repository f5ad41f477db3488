"""Other ways to sell: at once, by sealed bids, and to the next in line when the buyer does not pay."""

from __future__ import annotations

from marketplace.auctions.rules import Format
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import club
from tests.house import House


def bids(visitor: Visitor, label: str, amount: str) -> None:
    visitor.fills({label: amount})
    visitor.presses("Check bid")
    visitor.presses("Place bid, up to")


def test_who_pays_the_price_has_it_at_once(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    lot = group.path(f"/lots/{group.offers(buy_now_minor=250_00)}")
    marta, ferenc = visitor(on_phone=True), visitor()
    for each, somebody in ((marta, group.marta), (ferenc, group.ferenc)):
        each.signs_in(somebody.email)
        each.opens(lot)
        each.presses("Buy it at once for EUR 250.00")
        each.reads("You pay", "EUR 259.80", "Buying is binding, and ends the auction.")
    marta.presses("Buy it for EUR 250.00")
    marta.reads("It is yours.", "You bought this lot.", "Go to the order")
    ferenc.presses("Buy it for EUR 250.00", status=422)
    ferenc.reads("Bidding on this lot ended")
    ferenc.opens(lot)
    ferenc.reads("Sold to bidder")


def test_sealed_bids_are_nobodys_to_see_until_the_end(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    lot = group.path(f"/lots/{group.offers(ends_in=2, format=Format.SEALED_SECOND)}")
    marta, ferenc, jonas = visitor(), visitor(on_phone=True), visitor()
    for each, somebody in ((marta, group.marta), (ferenc, group.ferenc), (jonas, group.jonas)):
        each.signs_in(somebody.email)
        each.opens(lot)
    bids(marta, "Your sealed bid", "300")
    marta.reads("Your sealed bid of EUR 300.00 is in. Nobody sees it until the end.")
    bids(ferenc, "Your sealed bid", "180")
    for each in (ferenc, jonas):
        each.opens(lot)
        each.reads("Opening price", "Bids are sealed")
        each.does_not_read("300.00")
    here.move(hours=3)
    marta.opens(lot)
    marta.reads_soon("You won this lot.")
    jonas.opens(lot)
    jonas.reads("Sold for", "EUR 180.00")


def test_what_is_not_paid_goes_to_the_next_in_line(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers(ends_in=2)
    group.bids(group.ferenc, number, 180_00)
    group.bids(group.marta, number, 900_00)
    here.move(hours=3)
    ferenc = visitor(on_phone=True)
    ferenc.signs_in(group.ferenc.email)
    ferenc.opens(group.path(f"/lots/{number}"))
    ferenc.reads_soon("Sold to bidder")
    here.move(days=4)
    ferenc.reads_soon("The buyer has not paid, and you were next.")
    here.mail_to(group.ferenc.email, "Second chance")
    ferenc.presses("Look at the offer")
    ferenc.reads("nobody has bid you up", "EUR 109.80")
    ferenc.presses("Take it for EUR 100.00")
    ferenc.reads("It is yours.", "You won this lot.", "Go to the order")
