"""Journey 9: what waits for each of them, the treasury, the books as page and as file, and the operator's page."""

from __future__ import annotations

import csv
import io

from marketplace.escrow.order_rules import State
from marketplace.ledger import reserves, verify
from tests.browser.conftest import NewVisitor
from tests.cast import club, somebody
from tests.factories.stripe import a_discrepancy
from tests.house import House


def test_everybody_finds_what_waits_for_him(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    orders = {state: group.sold(state) for state in (
        State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED, State.HELD, State.SHIPPED, State.INSPECTING, State.PAYING_OUT
    )}  # fmt: skip
    group.offers(ends_in=5)
    marta, jonas, agnes, stranger = visitor(), visitor(on_phone=True), visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens("/")
    marta.reads("3 things wait for you, Marta Lind", "Ending soon", "Lot 7")
    assert marta.page.locator("nav .count").inner_text() == "3"
    jonas.signs_in(group.jonas.email)
    jonas.opens("/")
    jonas.reads("One thing waits for you, Jonas Weidl")
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens("/")
    agnes.presses("To the treasury")
    agnes.reads("Look for EUR 142.00 from Marta Lind", "Pay EUR 135.40 to Jonas Weidl", "Not yet said to be sent")
    stranger.opens("/")
    stranger.reads("Auctions among people you can trust")
    stranger.opens("/groups")
    stranger.opens(f"/orders/{orders[State.HELD]}")
    stranger.reads("Sign in to see this page.")


def test_members_read_the_books_and_take_them_home(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.CLOSED)
    group.sold(State.HELD)
    ferenc = visitor()
    ferenc.signs_in(group.ferenc.email)
    ferenc.opens(group.path("/books"))
    ferenc.reads("What we hold covers what we owe", "The two sides agree to the cent.", "EUR 148.60")
    ferenc.opens(group.path(f"/books?r={order}"))
    with ferenc.page.expect_download() as coming:
        ferenc.page.get_by_role("button", name="Download the books (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(coming.value.path().read_text("utf-8-sig"))))
    assert {"order", "debit", "credit", "amount", "seal"} <= set(rows[0])
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@"]
    marta = visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens(group.path("/books"))
    marta.presses("Find my own money in this sum")
    marta.reads("Your own money in this sum", "EUR 142.00")
    with here.inside():
        reserves.take_due_roots()  # unless the worker was faster
    marta.presses("Prove that it is in it")
    marta.reads("Held equals owed", "All of it is in the sealed sum", "EUR 142.00", "Day by day")
    with marta.page.expect_download() as coming:
        marta.page.get_by_role("button", name="Download my proof").click()
    assert verify.main([str(coming.value.path())]) == 0
    seller = visitor(on_phone=True)
    seller.signs_in(group.jonas.email)
    seller.opens(group.path("/books"))
    seller.presses("My statement of the month")
    seller.reads("Statement of", "In sum", "Buyers paid for what became yours", "Paid out to you")
    stranger = visitor()
    stranger.opens(group.path("/books"))
    stranger.reads("Sign in to see this page.")


def test_an_operator_sees_how_the_installation_fares(visitor: NewVisitor, here: House) -> None:
    with here.inside():
        operator = somebody("Hedwig Amsel", is_operator=True)
        a_discrepancy()
    hedwig = visitor()
    hedwig.signs_in(operator.email)
    hedwig.presses("The installation")
    hedwig.reads_soon("Database, migrations and worker are in order.")
    hedwig.reads("Workers", "duties", "1 thing does not add up", "and nobody here asked for it.")
