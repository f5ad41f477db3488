"""Journey 5: two windows on one lot. What one does the other sees within a second, by itself."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import Somebody, club
from tests.house import House

# On an idle machine it takes half a second (`python -m benchmarks.live`); here four browsers share two cores.
SOON = 3000


def bids(visitor: Visitor, amount: str) -> None:
    visitor.fills({"Your maximum": amount})
    visitor.presses("Check bid")
    visitor.presses("Place bid, up to")


def test_two_windows_see_each_others_bids_at_once(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers(ends_in=2)
    lot = group.path(f"/lots/{number}")
    marta, ferenc = visitor(), visitor()
    marta.signs_in(group.marta.email)
    ferenc.signs_in(group.ferenc.email)
    marta.opens(lot)
    bids(marta, "150")
    ferenc.opens(lot)
    ferenc.fills({"Your maximum": "16"})  # he is still typing
    marta.page.wait_for_function("document.getElementById('live-line').hidden")
    sees_the_price_move(marta, ferenc, lot, group.treasurer, visitor)
    expect(ferenc.page.locator("#maximum")).to_have_value("16")
    goes_offline(ferenc)
    the_end_moves(marta, ferenc, here, lot)


def sees_the_price_move(marta: Visitor, ferenc: Visitor, lot: str, treasurer: Somebody, visitor: NewVisitor) -> None:
    """Somebody else outbids Marta: her page says so, and Ferenc's shows the price, though he is typing."""
    third_one = visitor()
    third_one.signs_in(treasurer.email, phone=treasurer.phone)
    third_one.opens(lot)
    third_one.fills({"Your maximum": "200"})
    third_one.presses("Check bid")
    third_one.page.get_by_role("button", name="Place bid, up to").click()
    expect(third_one.page.locator("main")).to_contain_text("You lead at")
    expect(marta.page.locator("#live-banners")).to_contain_text("You have been outbid.", timeout=SOON)
    expect(ferenc.page.locator("#live-price .price")).not_to_contain_text("100.00", timeout=SOON)


def goes_offline(ferenc: Visitor) -> None:
    """He is told that what he sees is old, and no longer once he is back."""
    ferenc.page.context.set_offline(True)
    expect(ferenc.page.locator("#live-line")).to_contain_text("You are offline.", timeout=15000)
    ferenc.page.context.set_offline(False)
    expect(ferenc.page.locator("#live-line")).to_be_hidden(timeout=15000)


def the_end_moves(marta: Visitor, ferenc: Visitor, here: House, lot: str) -> None:
    """A bid in the last two minutes resets the time left, on every open page."""
    here.move(hours=1, minutes=59)
    ferenc.opens(lot)
    marta.opens(lot)
    marta.fills({"Your maximum": "300"})
    marta.presses("Check bid")
    marta.page.get_by_role("button", name="Place bid, up to").click()
    expect(ferenc.page.locator("#live-price")).to_contain_text("It was to end at", timeout=SOON)
    left = ferenc.page.locator("#live-price time.left").inner_text()
    assert left.startswith(("1 min", "2 min")), left


def test_a_page_that_the_browser_has_kept_follows_the_clock_all_the_same(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    lot = group.path(f"/lots/{group.offers(ends_in=24 * 5 + 0.9)}")
    marta = visitor()
    marta.signs_in(group.marta.email)
    here.move(minutes=1)  # its lines are a few seconds old by then: the browser may keep it
    for _visit in range(2):  # the first one begins what the session keeps
        marta.opens(lot)
    said = marta.page.evaluate("Number(words.now)")
    here.move(minutes=20)
    marta.opens(lot)
    assert marta.page.evaluate("Number(words.now)") == said, "it was sent again"
    marta.page.wait_for_function("said => serverNow() - said > 19 * 60000", arg=said)
