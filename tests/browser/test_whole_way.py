"""The main way, in one story: from a published item to two people who have rated each other.

At a desk, and on a phone in the dark without any script.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor, pictures
from tests.cast import Club, club, drawn
from tests.house import House


@pytest.mark.parametrize("on_phone", [False, True], ids=["desk", "phone"])
def test_a_watch_finds_its_buyer_and_the_money_its_seller(visitor: NewVisitor, here: House, on_phone: bool) -> None:
    group = club(here)
    jonas, marta, ferenc, agnes = (visitor(on_phone=on_phone) for _who in range(4))
    jonas.signs_in(group.jonas.email)
    marta.signs_in(group.marta.email)
    ferenc.signs_in(group.ferenc.email)
    lot = put_up(jonas, group)
    bid_against_each_other(marta, ferenc, lot)
    here.move(days=8)
    order = pay(marta, lot)
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    confirm_payment(agnes, group)
    send_and_receive(jonas, marta, order)
    pay_out(agnes, jonas, group, order)
    rate_each_other(jonas, marta, group, order)
    done = here.flask("ledger", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def put_up(jonas: Visitor, group: Club) -> str:
    """The lot's page."""
    jonas.opens(group.path(f"/items/{group.has_watch()}"))
    jonas.presses("Put it up for auction")
    jonas.fills({"Opening price": "100", "Reserve": "200"})
    jonas.presses("Put it up for auction", within="main form")
    jonas.reads("Members see it in the catalogue.")
    return jonas.page.url.removeprefix(jonas.house.url)


def bid(visitor: Visitor, amount: str) -> None:
    visitor.fills({"Your maximum": amount})
    visitor.presses("Check bid")
    visitor.presses("Place bid, up to")


def bid_against_each_other(marta: Visitor, ferenc: Visitor, lot: str) -> None:
    marta.opens(lot)
    bid(marta, "300")
    ferenc.opens(lot)
    bid(ferenc, "410")
    ferenc.reads("You lead at EUR 305.00.", "Reserve met")
    marta.opens("/")
    marta.reads("You have been outbid on lot")
    marta.presses("Bid EUR 310.00 or more")
    marta.reads("You have been outbid.")
    bid(marta, "420")
    marta.reads("You lead at EUR 415.00.")


def pay(marta: Visitor, lot: str) -> str:
    """The order's page."""
    marta.opens(lot)
    marta.reads_soon("You won this lot.")
    marta.opens("/")
    marta.reads("One thing waits for you", "EUR 424.80")
    marta.opens(lot)
    marta.presses("Go to the order")
    marta.reads("Pay, and the group holds it for you", "IBAN AT61 1904 3002 3457 3201")
    marta.ticks("Marta Lind")
    marta.presses("I have sent the money")
    marta.reads("The treasurer looks for your payment")
    return marta.page.url.removeprefix(marta.house.url)


def confirm_payment(agnes: Visitor, group: Club) -> None:
    agnes.opens("/")
    agnes.reads("1 payment to confirm")
    agnes.presses("To the treasury")
    agnes.presses("Confirm what came in")
    agnes.fills({"Reference of the bank": "2026-1117-04"})
    agnes.attaches("Picture of the slip", *pictures([drawn("card", "#d8cfb4")]))
    agnes.presses("Confirm that it came in")
    agnes.reads("It is confirmed, and both sides are told.", "Nobody says that a payment is on its way.")


def send_and_receive(jonas: Visitor, marta: Visitor, order: str) -> None:
    jonas.opens("/")
    jonas.reads("One thing waits for you")
    jonas.opens(order)
    jonas.reads("Ship it", "Lindengasse 7", "EUR 424.80")
    jonas.fills({"Carrier": "Post", "Number of the parcel": "CX 4471 9920 3 AT"})
    jonas.presses("I have shipped it")
    jonas.fills({"Write to Marta Lind": "It is packed in two boxes. **Open the inner one first.**"})
    jonas.presses("Send the message")
    marta.opens(order)
    marta.reads("Has it arrived?", "CX 4471 9920 3 AT", "Open the inner one first.")
    marta.presses("It arrived: begin the inspection")
    marta.reads("Is it what was promised?", "14 ct gold, hallmarked")
    marta.presses("Take 3 more days, once")
    marta.presses("Confirm receipt and release EUR 424.80")
    marta.reads("The money is released.")


def pay_out(agnes: Visitor, jonas: Visitor, group: Club, order: str) -> None:
    agnes.opens(group.path("/treasury"))
    agnes.reads_soon("See where to send it")
    agnes.presses("See where to send it")
    # 415.00 and 9.80 for shipping, less five per cent of the hammer price.
    agnes.reads("Pay EUR 404.05 to Jonas Weidl", "AT61 1904 3002 3457 3201")
    agnes.fills({"Reference of the bank": "2026-1121-01"})
    agnes.presses("Confirm that EUR 404.05 went out")
    agnes.reads("It is confirmed, and the payee is told.", "Nobody waits to be paid.")
    jonas.opens(order)
    jonas.reads("This order has ended", "Everything is paid out, and nothing is held.")


def rate_each_other(jonas: Visitor, marta: Visitor, group: Club, order: str) -> None:
    marta.opens("/")
    marta.presses("Give feedback")
    for question in marta.page.locator("fieldset.pick").all():
        question.get_by_role("radio").first.check()
    marta.fills({"In your words, if you like": "As described, and beautifully packed."})
    marta.presses("Put this on record")
    jonas.opens(f"{order}/feedback")
    jonas.does_not_read("As described, and beautifully packed.")
    for question in jonas.page.locator("fieldset.pick").all():
        question.get_by_role("radio").first.check()
    jonas.presses("Put this on record")
    jonas.reads("As described, and beautifully packed.")
    jonas.opens(group.path(f"/members/{group.jonas.id}"))
    jonas.reads("Closed deals", "As described, and beautifully packed.", "100 % of 1")
