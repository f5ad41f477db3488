"""A sale, from the form that opens it to the totals: put together by many, followed on one page."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from marketplace.groups.queries import group
from marketplace.kernel import clock
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import Club, club
from tests.house import House

# The page asks every two seconds while lots end.
SOON = 6000
TITLE = "Things that tick"


def in_hours(here: House, circle: Club, hours: int) -> str:
    """What somebody types into a field for a moment, in the group's time."""
    with here.inside():
        moment = clock.now().astimezone(ZoneInfo(group(circle.id).time_zone)) + timedelta(hours=hours)
    return f"{moment:%Y-%m-%dT%H:%M}"


def opens_a_sale(viktor: Visitor, here: House, circle: Club) -> None:
    viktor.opens(circle.path("/sales"))
    viktor.reads("There has been no sale here yet.")
    viktor.presses("Open a sale")
    viktor.fills(
        {
            "Title": TITLE,
            "A few words": "Clocks and **watches**.",
            "Bidding starts": in_hours(here, circle, 24),
            "The first lot ends": in_hours(here, circle, 48),
            "Seconds between two ends": "3",
        }
    )
    viktor.forces("Open the sale for lots")
    viktor.finds_error("gap_seconds", "Enter a whole number from 5 to 600.")
    viktor.fills({"Seconds between two ends": "60"})
    viktor.presses("Open the sale for lots")
    viktor.reads("The sale is open for lots.", "0 lots so far", "1 minute apart")


def puts_a_watch_in(jonas: Visitor, circle: Club, opening: str) -> None:
    jonas.opens(circle.path(f"/items/{circle.has_watch()}/auction"))
    jonas.fills({"Opening price": opening})
    jonas.page.get_by_label("Sale", exact=False).select_option(index=1)
    jonas.presses("Put it up for auction")
    jonas.reads("of the sale", TITLE)


def test_a_sale_is_gathered_followed_and_closed(visitor: NewVisitor, here: House) -> None:
    circle = club(here)
    viktor, jonas, marta, ferenc = visitor(), visitor(), visitor(), visitor(on_phone=True)
    viktor.signs_in(circle.moderator.email, phone=circle.moderator.phone)
    opens_a_sale(viktor, here, circle)
    jonas.signs_in(circle.jonas.email)
    for opening in ("100", "40", "70"):
        puts_a_watch_in(jonas, circle, opening)
    arranges(viktor, circle)
    here.move(hours=25)
    for each, somebody in ((marta, circle.marta), (ferenc, circle.ferenc)):
        each.signs_in(somebody.email)
        each.opens(circle.path("/sales/1"))
    marta.reads_soon("Next to close")
    here.move(hours=22, minutes=57)
    follows(marta, ferenc, circle)
    here.move(minutes=10)
    marta.opens(circle.path("/sales/1"))
    marta.reads_soon("How it went")
    marta.reads("All hammer prices together")
    ferenc.opens(circle.path("/sales"))
    ferenc.reads(TITLE, "1 of them sold")


def arranges(viktor: Visitor, circle: Club) -> None:
    """The last lot goes first, and another goes altogether."""
    viktor.opens(circle.path("/sales/1/arrange"))
    viktor.page.get_by_label("Place of lot 3").fill("1")
    viktor.presses("Move", within="#lot-3")
    expect(viktor.page.locator("ol.kept > li").first).to_contain_text("Lot 3")
    viktor.presses("Take it out", within="#lot-2")
    viktor.fills({"Your reason": "One watch of a kind is enough."})
    viktor.presses("Take it out", within="main form")
    viktor.reads("Lot 2 is taken out.")


def follows(marta: Visitor, ferenc: Visitor, circle: Club) -> None:
    """Marta looks on; Ferenc bids in another window, and her page says so by itself."""
    marta.opens(circle.path("/sales/1"))
    marta.reads("Closing now")
    marta.page.evaluate("window.stayed = true")
    ferenc.opens(circle.path("/lots/1"))
    ferenc.presses("the one before")
    ferenc.fills({"Your maximum": "120"})
    ferenc.presses("Check bid")
    ferenc.page.get_by_role("button", name="Place bid, up to").click()
    expect(ferenc.page.locator("main")).to_contain_text("You lead at")
    expect(marta.page.locator("#sale-lot-3")).to_contain_text("1 bid", timeout=SOON)
    expect(marta.page.locator("#sale-now")).to_contain_text("leads", timeout=SOON)
    assert marta.page.evaluate("window.stayed")
    marta.exam.take()
