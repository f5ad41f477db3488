"""Journeys 4 and 5: a lot is put up, two members bid against each other, the clock ends it, and something follows."""

from __future__ import annotations

import re
import subprocess
import sys

from playwright.sync_api import expect
from sqlalchemy import func, select

from marketplace.auctions.models import Bid, Lot
from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import WATCH, Club, club, lot_numbered
from tests.house import ROOT, House


def count(group: Club, table: type[Bid] | type[Order]) -> int:
    """How many there are in this group."""
    mine = select(func.count()).select_from(table).join(Lot).where(Lot.group_id == group.id)
    return group.here.ask(lambda: db.session.scalar(mine) or 0)


def bids(visitor: Visitor, amount: str) -> None:
    visitor.fills({"Your maximum": amount})
    visitor.presses("Check bid")
    visitor.presses("Place bid, up to")


def test_what_nobody_bid_on_is_put_up_again_with_a_reserve(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    passed = group.offers(ends_in=1)
    item_id = here.ask(lambda: lot_numbered(group.id, passed).item_id)
    here.move(hours=2)
    jonas = visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path(f"/lots/{passed}"))
    jonas.reads_soon("Passed: nobody bid.")
    here.mail_to(group.jonas.email, WATCH)
    jonas.opens(group.path(f"/items/{item_id}/auction"))
    jonas.fills({"Opening price": "100", "Reserve": "50"})
    jonas.presses("Put it up for auction", within="main form", status=422)
    jonas.finds_error("reserve", "The reserve is below the opening price.")
    jonas.fills({"Reserve": "200"})
    jonas.presses("Put it up for auction", within="main form")
    jonas.reads("This is lot 2 now.", "Reserve not met", "Withdraw this lot")


def test_two_members_bid_until_the_clock_ends_it(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    lot = group.path(f"/lots/{group.offers(reserve=200_00)}")
    marta, ferenc = visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    ferenc.signs_in(group.ferenc.email)
    marta_begins(marta, group)
    ferenc_outbids(ferenc, lot)
    here.mail_to(group.marta.email, "Outbid on lot 1")
    marta.opens("/")
    marta.reads("You have been outbid on lot 1")
    marta.presses("Bid EUR")
    bids(marta, "300")
    marta.reads("You lead at EUR 212.50.")
    for each, standing in ((marta, "You lead"), (ferenc, "Outbid")):
        each.opens("/bids")
        each.reads(standing)

    here.move(days=3)
    marta.opens(lot)
    marta.reads_soon("You won this lot.")
    ferenc.opens(lot)
    ferenc.reads("Sold to bidder")
    assert count(group, Order) == 1
    here.mail_to(group.jonas.email, "Sold for")
    marta.presses("Go to the order")
    marta.reads("Pay, and the group holds it for you", "EUR 222.30")


def marta_begins(marta: Visitor, group: Club) -> None:
    marta.opens(group.path("/lots"))
    marta.presses(WATCH)
    marta.reads("EUR 100.00", "Reserve not met", "left")
    marta.fills({"Your maximum": "99"})
    marta.presses("Check bid", status=422)
    marta.finds_error("maximum", "EUR 100.00")
    marta.fills({"Your maximum": "150"})
    marta.presses("Check bid")
    marta.reads("Bid up to EUR 150.00?", "You pay at most", "EUR 159.80", "A bid is binding.")
    marta.presses("Place bid, up to EUR 150.00")
    marta.reads("You lead at EUR 100.00.", "You lead")


def ferenc_outbids(ferenc: Visitor, lot: str) -> None:
    """In two tries; the second is many times the price, and he has another thought."""
    ferenc.opens(lot)
    bids(ferenc, "140")
    ferenc.reads("You have been outbid.", "EUR 142.50")
    ferenc.fills({"Your maximum": "5000"})
    ferenc.presses("Check bid")
    ferenc.reads("This is many times the price, which is EUR 142.50.")
    ferenc.presses("Change the amount")
    bids(ferenc, "210.00")
    ferenc.reads("You lead at EUR 200.00.", "Reserve met")


def test_sold_lots_are_found_by_seller_buyer_and_everybody(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers(ends_in=2)
    group.bids(group.marta, number, 150_00)
    here.move(hours=3)
    jonas, marta = visitor(), visitor(on_phone=True)
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path(f"/lots/{number}"))
    jonas.reads_soon("Sold to bidder")
    jonas.presses("Go to the order")
    jonas.reads("Marta Lind pays now")
    jonas.opens("/sales?show=ended")
    jonas.reads(WATCH)
    marta.signs_in(group.marta.email)
    marta.opens("/bids?show=ended")
    marta.reads("Won")
    marta.opens(group.path("/lots?stage=ended"))
    marta.reads(WATCH)


def test_what_passed_is_listed_again_with_one_click(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers(ends_in=2, reserve=500_00)
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(group.path(f"/lots/{number}"))
    bids(marta, "150")
    marta.reads("Reserve not met")
    here.move(hours=3)
    marta.reads_soon("Passed: the reserve was not met.")
    jonas = visitor(on_phone=True)
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path(f"/lots/{number}"))
    jonas.presses("List it again, from EUR 100.00")
    jonas.reads(f"Listed again, as lot {number + 1}")


def test_a_lot_is_watched_and_after_its_end_checked_by_the_program(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers(reserve=200_00)
    marta = visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens(group.path(f"/lots/{number}"))
    marta.presses("Watch this lot")
    marta.reads("We tell you an hour before it ends.")
    for bidder, maximum in ((group.ferenc, 150_00), (group.owner, 400_00), (group.ferenc, 260_00)):
        group.bids(bidder, number, maximum)
    marta.opens("/watching")
    marta.presses(WATCH)
    marta.presses("Check it yourself")
    marta.reads("Keep a copy now")
    here.move(hours=47, minutes=30)
    here.mail_to(group.marta.email, "which you watch, ends")
    here.move(hours=1)
    marta.reads_soon("The auction has ended, so the seals are opened")
    with marta.page.expect_download() as coming:
        marta.page.get_by_role("button", name="Download the record").click()
    words = [sys.executable, "-m", "marketplace.auctions.verify", str(coming.value.path())]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "won at EUR 265.00" in done.stdout
    marta.opens("/watching?show=ended")
    marta.reads("Sold, 3 bids")


def test_a_double_click_is_one_bid(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    path = group.path(f"/lots/{group.offers()}")
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(path)
    marta.fills({"Your maximum": "150"})
    marta.presses("Check bid")
    marta.page.get_by_role("button", name="Place bid").dblclick()
    # The second click cuts the first answer off: what counts is the page that comes in the end.
    expect(marta.page.locator("main")).to_contain_text("You lead at EUR 100.00.", timeout=20_000)
    expect(marta.page).to_have_url(re.compile(re.escape(path) + "$"))
    assert count(group, Bid) == 1


def test_a_bid_is_placed_with_the_keyboard_alone(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers()
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(group.path("/lots"))
    tab_to(marta, WATCH)
    marta.presses_enter()
    tab_to(marta, "Your maximum")
    marta.page.keyboard.type("150")
    tab_to(marta, "Check bid")
    marta.presses_enter()
    tab_to(marta, "Place bid, up to")
    marta.presses_enter()
    marta.reads("You lead at EUR 100.00.")
    assert marta.page.url.endswith(f"/lots/{number}")


def tab_to(visitor: Visitor, name: str) -> None:
    """With the tab key, until the thing of that name has the focus; wherever the focus is, it can be seen."""
    wanted = re.compile(rf"^\s*{re.escape(name)}")
    focus = visitor.page.locator(":focus")
    for _press in range(60):
        visitor.page.keyboard.press("Tab")
        assert focus.evaluate(HAS_VISIBLE_FOCUS), focus.evaluate("element => element.outerHTML")
        named = visitor.page.get_by_role("link", name=wanted).or_(visitor.page.get_by_role("button", name=wanted))
        if focus.and_(named.or_(visitor.page.get_by_label(wanted))).count():
            expect(focus).to_be_in_viewport()
            return
    raise AssertionError(f"the tab key does not lead to {name}")


HAS_VISIBLE_FOCUS = """element => {
    const box = element.getBoundingClientRect();
    const hasRing = one => {
        const style = getComputedStyle(one);
        return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
    };
    return box.width > 0 && box.height > 0 && (hasRing(element) || hasRing(element.closest(".lot") ?? element));
}"""


def test_a_moderator_hides_a_lot_and_a_member_reports_one(visitor: NewVisitor, here: House) -> None:
    group: Club = club(here)
    path = group.path(f"/lots/{group.offers()}")
    ferenc, viktor, jonas = visitor(), visitor(), visitor(on_phone=True)
    ferenc.signs_in(group.ferenc.email)
    ferenc.opens(path)
    ferenc.presses("Report this lot to the officers")
    ferenc.fills({"What is not right": "The photograph is from a museum’s catalogue."})
    ferenc.presses("Report it to the officers")
    viktor.signs_in(group.moderator.email, phone=group.moderator.phone)
    viktor.opens(path)
    viktor.presses("Hide this lot")
    viktor.fills({"Your reason": "The photograph is not of this watch."})
    viktor.presses("Hide this lot", within="main form")
    viktor.reads("A moderator has hidden this lot.")
    ferenc.opens(path, status=404)
    jonas.signs_in(group.jonas.email)
    jonas.opens(path)
    jonas.reads("The photograph is not of this watch.")
    stranger = visitor()
    stranger.opens("/how-bidding-works")
    stranger.reads("An example")
