"""Journey 6, a deposit: an owner asks for it, a member puts it up, does not pay, and another has his back."""

from __future__ import annotations

from datetime import timedelta

from marketplace.catalog.models import Item
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import Club, Somebody, club
from tests.factories.auctions import a_lot
from tests.house import House


def a_dear_lot(here: House, group: Club) -> int:
    """A watch of Jonas’s under the terms that the group has now; its number."""
    item_id = group.has_watch()
    with here.inside():
        terms = db.session.get_one(Group, group.id).terms
        ends_at = clock.now() + timedelta(hours=48)
        return a_lot(db.session.get_one(Item, item_id), opening=100_00, ends_at=ends_at, terms=terms).number


def puts_up(who: Visitor, agnes: Visitor, group: Club, person: Somebody, reference: str) -> None:
    who.opens(group.path("/deposit"))
    who.reads("EUR 80.00", "Where to send it")
    who.presses("I have sent the money")
    who.reads("The treasurer looks for what you sent")
    agnes.opens(group.path("/treasury/deposits"))
    agnes.presses(f"Look for a deposit of {person.name}")
    agnes.fills({"Reference of the bank": reference})
    agnes.presses("Confirm that it came in")
    agnes.reads("It is confirmed, and the member is told.")


def test_a_deposit_from_the_terms_to_its_end(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    hedwig, agnes, marta, ferenc = visitor(), visitor(), visitor(on_phone=True), visitor(on_phone=True)
    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/settings/terms"))
    hedwig.fills({"Lots from this price on ask for a deposit": "100", "The deposit": "80"})
    hedwig.presses("Change the terms of coming lots")
    hedwig.reads("Lots from this price on ask for a deposit", "EUR 100.00", "EUR 80.00")

    number = a_dear_lot(here, group)
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    marta.signs_in(group.marta.email)
    marta.opens(group.path(f"/lots/{number}"))
    marta.reads("This needs a deposit of EUR 80.00")
    marta.presses("To my deposit")
    puts_up(marta, agnes, group, group.marta, "D-1")
    ferenc.signs_in(group.ferenc.email)
    puts_up(ferenc, agnes, group, group.ferenc, "D-2")

    marta.opens(group.path(f"/lots/{number}"))
    marta.fills({"Your maximum": "130"})
    marta.presses("Check bid")
    marta.presses("Place bid")
    marta.opens(group.path("/deposit"))
    marta.presses("Ask for it back")
    marta.reads("It waits until nothing is open", "a bid, an offer or a second chance of yours")
    ferenc.opens(group.path("/deposit"))
    ferenc.presses("Ask for it back")
    ferenc.opens(group.path("/deposit"))

    here.move(days=2, hours=1)
    here.mail_to(group.marta.email, "You won")
    here.mail_to(group.ferenc.email, "Your deposit goes back")
    ferenc.opens(group.path("/deposit"))
    ferenc.reads("Your deposit, back", "The treasurer pays it out until")

    here.move(days=3, hours=1)
    here.mail_to(group.marta.email, "of your deposit forfeited")
    marta.opens(group.path("/deposit"))
    marta.reads("Forfeited", "− EUR 80.00")
    jonas = visitor(on_phone=True)
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path("/deposit"))
    jonas.reads("Your part of a buyer’s deposit", "EUR 40.00")

    agnes = visitor()
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury/deposits"))
    agnes.presses("Pay EUR 40.00 to Jonas Weidl")
    agnes.fills({"Reference of the bank": "D-3"})
    agnes.presses("Confirm that EUR 40.00 went out")
    jonas.opens(group.path("/deposit"))
    jonas.reads("Paid out", "D-3")
    marta.opens(group.path("/books"))
    marta.reads("The two sides agree to the cent.", "Guarantee fund", "Deposit forfeited")
    agnes.opens(group.path("/treasury"))
    agnes.opens(group.path("/terms"))
