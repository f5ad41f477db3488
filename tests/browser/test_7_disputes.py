"""Journey 7: something is wrong, both sides say so, somebody rules who is party to neither, and the money moves."""

from __future__ import annotations

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor, pictures
from tests.cast import Club, club, drawn
from tests.house import House


def opens_dispute(marta: Visitor, order: int, *, wants: str, part: str = "") -> str:
    """The dispute's page."""
    marta.opens(f"/orders/{order}")
    marta.presses("Something is wrong: keep it held")
    marta.ticks("It is not as described")
    marta.ticks(wants)
    marta.fills({"What you found": "The lid is a **later replacement**: another white, another gilding."})
    marta.presses("Open the dispute and keep EUR 142.00 held", status=422 if wants.startswith("A part") else 200)
    if part:
        marta.finds_error("part", "Enter how much the buyer gets")
        marta.fills({"Back to you": part})
        marta.attaches("Photograph 1", *pictures([drawn("teapot", "#5b7cc0", 2)]))
        marta.fills({"What photograph 1 shows": "The lid, beside the pot"})
        marta.presses("Open the dispute and keep EUR 142.00 held")
    return marta.page.url.removeprefix(marta.house.url)


def test_a_moderator_rules_and_both_sides_are_paid(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.INSPECTING)
    marta, jonas, viktor, agnes = visitor(), visitor(on_phone=True), visitor(), visitor()
    marta.signs_in(group.marta.email)
    dispute = opens_dispute(marta, order, wants="A part of the money back", part="60")
    marta.reads("The buyer says", "The lid, beside the pot")
    contests(jonas, group)
    here.move(days=3, hours=1)
    rules(viktor, group, dispute)
    for each in (marta, jonas):
        each.opens(dispute)
        each.reads("B1 shows two whites.", "Appeal: let somebody else rule")
    here.mail_to(group.marta.email, "ruling")
    here.move(days=5, hours=1)
    marta.reads_soon("It is settled")
    pays_both(agnes, group, order)
    marta.opens(f"/orders/{order}")
    marta.reads("This order has ended", "Everything is paid out, and nothing is held.")


def contests(jonas: Visitor, group: Club) -> None:
    group.here.mail_to(group.jonas.email, "Something is wrong")
    jonas.signs_in(group.jonas.email)
    jonas.opens("/")
    jonas.presses("Read and answer")
    jonas.ticks("Contest it")
    jonas.presses("Send this answer", status=422)
    jonas.finds_error("words", "Say why you contest it")
    jonas.ticks("Contest it")
    jonas.fills({"What you say to it": "It is the lid that it was sold with, in 1923 already."})
    jonas.presses("Send this answer")
    jonas.reads("nothing, and contests it")


def rules(viktor: Visitor, group: Club, dispute: str) -> None:
    """In two steps."""
    viktor.signs_in(group.moderator.email, phone=group.moderator.phone)
    viktor.opens(dispute)
    viktor.reads_soon("Your ruling")
    viktor.opens("/")
    viktor.reads("Rule on the dispute about Porcelain teapot")
    viktor.opens(group.path("/disputes"))
    viktor.presses("Read and rule")
    viktor.ticks("Split it")
    why = "B1 shows two whites. The pot itself is as promised."
    viktor.fills({"Back to Marta Lind": "42", "Why, for both to read": why})
    viktor.presses("Read the ruling before it is final")
    viktor.reads("Do you rule", "EUR 42.00", "EUR 95.36", "EUR 4.64")
    viktor.presses("Rule: EUR 42.00 back to Marta Lind")
    viktor.reads("Viktor Sedlak finds:")


def pays_both(agnes: Visitor, group: Club, order: int) -> None:
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(group.path("/treasury"))
    agnes.reads_soon("Refund EUR 42.00 to Marta Lind")
    agnes.reads("to Jonas Weidl")
    for payee in ("buyer", "seller"):
        agnes.opens(f"/orders/{order}/payouts/{payee}")
        agnes.fills({"Reference of the bank": f"2026-1130-{payee}"})
        agnes.presses("went out")
    agnes.reads("Nobody waits to be paid.")


def test_an_offer_is_taken_and_the_goods_go_back_first(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.INSPECTING)
    marta, jonas = visitor(on_phone=True), visitor()
    marta.signs_in(group.marta.email)
    dispute = opens_dispute(marta, order, wants="All of the money back")
    jonas.signs_in(group.jonas.email)
    jonas.opens(dispute)
    jonas.ticks("Offer to take it back")
    jonas.fills({"What you say to it": "Send it back, then."})
    jonas.presses("Send this answer")
    marta.opens("/")
    marta.presses("Read the offer")
    marta.presses("Take it: return it first")
    marta.reads("It is settled")
    marta.opens(f"/orders/{order}")
    marta.fills({"Carrier": "Post", "Number of the parcel": "RR 1 AT"})
    marta.presses("I have sent it back")
    jonas.opens(f"/orders/{order}")
    jonas.presses("It is back")
    jonas.presses("It is what I sent: refund EUR 142.00")
    marta.opens(f"/orders/{order}")
    marta.reads_soon("EUR 142.00 is yours")


def test_silence_of_the_seller_gives_the_buyer_what_he_asked_for(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    order = group.sold(State.INSPECTING)
    marta, jonas = visitor(), visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    dispute = opens_dispute(marta, order, wants="All of the money back")
    jonas.signs_in(group.jonas.email)
    jonas.opens(dispute)
    jonas.reads("If you say nothing by", "refund EUR 142.00 to Marta Lind")
    here.move(days=2, hours=1)
    jonas.reads_soon("Talking for 2 days brought no agreement")
    here.move(days=3, hours=1)
    jonas.reads_soon("It is settled")
    marta.opens(f"/orders/{order}")
    marta.reads_soon("EUR 142.00 is yours")
