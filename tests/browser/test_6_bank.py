"""Journey 6, the bank: the treasurer sends its statement and explains each line, a second officer looks after it."""

from __future__ import annotations

from playwright.sync_api import FilePayload

from marketplace.bankbook.attesting_rules import months_before
from marketplace.bankbook.models import AttestationCalendar
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.browser.conftest import NewVisitor
from tests.cast import Club, club
from tests.factories.bank import a_file
from tests.house import House


def the_reference(here: House, order_id: int) -> str:
    with here.inside():
        return db.session.get_one(Order, order_id).reference


def had_money_last_month(here: House, group: Club) -> None:
    with here.inside(), unit_of_work():
        calendar = db.session.get_one(AttestationCalendar, group.id)
        calendar.first_month = months_before(clock.now(), "Europe/Vienna")[0]


def file_of(content: bytes) -> FilePayload:
    return FilePayload(name="statement.csv", mimeType="text/csv", buffer=content)


def test_the_bank_is_held_against_the_books(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    claimed, held = group.sold(State.PAYMENT_CLAIMED), group.sold(State.HELD)
    agnes, phone = visitor(), visitor(on_phone=True)
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury"))
    agnes.presses("The bank’s statement")
    agnes.reads("There is no statement yet.")
    agnes.forces("See what is in it")
    agnes.finds_error("table", "Choose the file of the bank.")
    lines = (
        (-3, f"Marta Lind, SEPA, {the_reference(here, held)}", 142_00),
        (-2, f"Marta Lind {the_reference(here, claimed)}", 142_00),
        (-1, "Account fee", -3_50),
        (-1, "Somebody in the club", 20_00),
    )
    with here.inside():
        content = a_file(*lines, balance=0)
    agnes.attaches("File of the bank", file_of(content))
    agnes.presses("See what is in it")
    agnes.reads("4 new lines", "EUR 300.50", "Which column is which", "Account fee")
    agnes.presses("Keep")
    agnes.reads("The statement is kept.", "Lines to explain", "Confirm the payment of order")
    agnes.presses("Confirm the payment of order")
    agnes.presses("Confirm that it came in")
    agnes.opens(group.path("/treasury/bank"))
    agnes.presses("Account fee")
    agnes.ticks("The bank’s charges")
    agnes.presses("It is none of Earnest’s payments")
    agnes.presses("Somebody in the club")
    agnes.forces("It is none of Earnest’s payments")
    agnes.ticks("Not ours")
    agnes.fills({"Note": "Dues of this year."})
    agnes.presses("It is none of Earnest’s payments")
    agnes.reads("The bank and the books agree", "Every line is explained.")
    agnes.presses("See all lines")
    agnes.reads("matched", "The bank’s charges", "Not ours")

    phone.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    phone.opens(group.path("/treasury/bank"))
    phone.attaches("File of the bank", file_of(b"Tag;Wer;Wieviel\n03.11.2026;Marta Lind;142,00\n"))
    phone.presses("See what is in it")
    phone.reads("The columns of this file have no names that we know.")
    phone.chooses("Day", "Tag")
    phone.chooses("Amount", "Wieviel")
    phone.ticks("Wer")
    phone.presses("Read it like this")
    phone.reads("One new line", "Marta Lind")
    phone.opens(group.path("/treasury/bank/lines"))


def test_a_second_officer_attests_the_months_balance(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    group.sold(State.HELD)
    had_money_last_month(here, group)
    viktor, marta = visitor(on_phone=True), visitor()
    viktor.signs_in(group.moderator.email, phone=group.moderator.phone)
    viktor.opens(group.path("/treasury"))
    viktor.presses("The bank’s balance at the month’s end")
    viktor.reads("What the books had", "EUR 0.00")
    viktor.fills({"What the bank had": "12.50"})
    viktor.forces("Attest it")
    viktor.reads("EUR 12.50 more than the books")
    viktor.fills({"If it is not what the books say": "Dues that came in November."})
    viktor.presses("Attest it")
    viktor.reads("It is attested.", "attested by Viktor Sedlak")
    marta.signs_in(group.marta.email)
    marta.opens(group.path("/books"))
    marta.reads("What the bank had", "EUR 12.50 more in the bank", "Dues that came in November.")
