"""Journey 3, for many: a table and a ZIP of photographs become drafts, once it is clear what becomes of each row."""

from __future__ import annotations

import zipfile
from io import BytesIO

from playwright.sync_api import FilePayload

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import club, drawn
from tests.house import House

TABLE = """sep=;
Titel;Kind;Condition;Description;Versand;Sent to;Promise: Movement;Photos;Shelf
Pocket watch from Le Locle;Watches and clocks;good;It runs.;9,80;Austria;original (likely);Watch.JPG;1
Porcelain teapot;porcelain;used;With blue flowers.;1.250;Austria;;teapot.jpg;2
Oak case;;;;;;;;3
"""


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("estate/watch.jpg", drawn("watch"))
        archive.writestr("estate/garden.jpg", drawn("teapot"))
    return file.getvalue()


def sends(visitor: Visitor, table: bytes) -> None:
    visitor.attaches("The table", FilePayload(name="items.csv", mimeType="text/csv", buffer=table))
    visitor.attaches(
        "The photographs, if you have them",
        FilePayload(name="photos.zip", mimeType="application/zip", buffer=zipped()),
    )
    visitor.presses("See what becomes of each row")


def test_a_table_becomes_drafts(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    jonas = visitor()
    jonas.signs_in(group.jonas.email)
    jonas.opens(group.path("/items"))
    jonas.presses("Import many from a table")
    jonas.reads("Every column may be missing", "Watches and clocks")
    jonas.forces("See what becomes of each row")
    jonas.finds_error("table", "Choose the file with the table.")
    sends(jonas, TABLE.encode())
    jonas.reads(
        "Nothing is made yet.", "Versand: “1.250” could be 1.25 or 1250.", "“teapot.jpg” is not in the ZIP.",
        "Say whether it can be picked up", "Shelf", "garden.jpg", "No row names it.",
    )  # fmt: skip
    jonas.presses("Import the 2 good ones")
    jonas.reads("2 rows have become drafts.", "One row was not imported", "Oak case")
    publishes(jonas)
    phone = visitor(on_phone=True)
    phone.signs_in(group.jonas.email)
    phone.opens(group.path("/items/import"))
    sends(phone, b"Titel;Kind\nPorcelain teapot;porcelain\n")
    phone.reads("Every row is good", "Photographs")
    phone.presses("Throw away what I sent")
    phone.reads("thrown away", "The table")
    sends(phone, b"Titel;Kind\nPorcelain teapot;porcelain\n")
    phone.presses("Import the one row")
    phone.reads("One row has become a draft.", "Porcelain teapot")


def publishes(jonas: Visitor) -> None:
    """What the table left open is asked first; leaving the box is an answer, too."""
    jonas.presses("Pocket watch from Le Locle", within="main h2")
    jonas.reads("not said yet", "One thing is missing before you can publish it")
    jonas.presses("Change the words")
    jonas.reads("leaves open how the buyer gets it")
    jonas.presses("Save the draft")
    jonas.reads("not possible")
    jonas.presses("Publish it to Lindengasse Antiques")
    jonas.reads("Published.")
