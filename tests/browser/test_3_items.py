"""Journey 3: an item is described, photographed, seen as others will see it, published; the first bid fixes it."""

from __future__ import annotations

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor, pictures
from tests.cast import WATCH, club, drawn, lot_numbered
from tests.house import House

NO_PICTURE = b"\x89PNG\r\n\x1a\n" + b"not a picture at all" * 20


def captions(visitor: Visitor) -> list[str]:
    return [each.split(" ", 3)[3] for each in visitor.page.locator(".plates figcaption").all_inner_texts()]


def test_an_item_is_drafted_photographed_and_published(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    jonas = visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path("/items"))
    describe(jonas)
    photograph(jonas)
    jonas.presses("See it as members will")
    assert captions(jonas) == ["The back", "Dial: no hairlines under the lens."]
    jonas.reads("things are missing before you can publish it")
    jonas.presses("Change the words")
    jonas.chooses("Kind", "Watches and clocks")
    jonas.chooses("Condition", "Good, few traces of use")
    jonas.fills({"Description": "From my grandfather’s desk in **Steyr**.", "Known faults": "Wear at the rim."})
    jonas.presses("Save the draft")
    jonas.presses("Publish it to Lindengasse Antiques")
    jonas.reads("Published. Put it up for auction when you are ready.", "What the seller promises")

    marta = visitor(on_phone=True)
    marta.signs_in(group.marta.email)
    marta.opens(jonas.page.url.removeprefix(here.url))
    marta.reads("From my grandfather’s desk in", "Wear at the rim.", "hallmarked")
    marta.does_not_read("Change the words")


def describe(jonas: Visitor) -> None:
    jonas.presses("Describe an item")
    jonas.fills({"Title": WATCH, "What shipping costs the buyer": "nine eighty"})
    jonas.presses("Save the draft", status=422)
    jonas.finds_error("shipping", "This is not an amount")
    jonas.fills({"What shipping costs the buyer": "9.80", "Where you send it": "Austria and Germany"})
    promises = [("Case", "14 ct gold, hallmarked", "certain"), ("Movement", "original", "likely")]
    for line, (label, text, sure) in enumerate(promises, start=1):
        jonas.fills({f"Line {line}: what about": label, f"Line {line}: what you say": text})
        jonas.chooses(f"Line {line}: how sure you are", sure)
    jonas.presses("Save and go on to the photographs")
    jonas.reads("The draft is saved.")


def photograph(jonas: Visitor) -> None:
    """Two, in the other order, with words; what is no picture is refused by its name."""
    jonas.forces("Send them")
    sent = [drawn("watch"), drawn("watch", "#8f979d"), NO_PICTURE]
    jonas.attaches("Add photographs", *pictures(sent, ["1.jpg", "2.jpg", "3.jpg"]))
    jonas.presses("Send them", status=422)
    jonas.reads("2 photographs are added. 1 file was not added.", "3.jpg")
    jonas.fills({"What photograph 1 shows": "The dial", "What photograph 2 shows": "The back"})
    jonas.presses("Earlier", within="main ol.queue > li:nth-child(2)")
    jonas.fills({"What photograph 2 shows": "Dial: no hairlines under the lens."})
    jonas.presses("Save the words")


def test_from_the_first_bid_on_only_remarks_are_added(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    number = group.offers()
    group.bids(group.marta, number, 120_00)
    path = group.path(f"/items/{here.ask(lambda: lot_numbered(group.id, number).item_id)}")
    jonas = visitor(on_phone=True)
    jonas.signs_in(group.jonas.email)
    jonas.opens(f"{path}/edit", status=409)
    jonas.opens(path)
    jonas.fills({"Your remark": "The crystal is glass, not celluloid."})
    jonas.presses("Add the remark")
    jonas.reads("The remark is added.")
    marta = visitor()
    marta.signs_in(group.marta.email)
    marta.opens(group.path(f"/lots/{number}"))
    marta.reads("Remarks since the first bid", "The crystal is glass, not celluloid.")
    here.mail_to(group.marta.email, "The crystal is glass, not celluloid.")


def test_photographs_are_dropped_onto_the_page(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    jonas = visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path("/items/new"))
    jonas.fills({"Title": WATCH})
    jonas.presses("Save and go on to the photographs")
    with jonas.page.expect_navigation(wait_until="load"):
        jonas.page.evaluate(
            """async (address) => {
                const content = await (await fetch(address)).blob();
                const files = new DataTransfer();
                files.items.add(new File([content], "icon.png", {type: "image/png"}));
                document.querySelector("form[data-drop]").dispatchEvent(
                    new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
            }""",
            "/static/icon.svg",
        )
    jonas.reads("1 file was not added.", "icon.png")
