"""Journey 8: both say how it went, neither before the other can see it, and it adds up to a standing."""

from __future__ import annotations

from marketplace.escrow.order_rules import State
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import club
from tests.house import House


def grades(visitor: Visitor, order: int, answers: list[str], words: str) -> None:
    visitor.opens(f"/orders/{order}/feedback")
    for question, answer in zip(visitor.page.locator("fieldset.pick").all(), answers, strict=True):
        question.get_by_label(answer).check()
    visitor.fills({"In your words, if you like": words})
    visitor.presses("Put this on record")
    visitor.reads("What you said is on record.")


def test_what_one_says_is_seen_when_both_have_spoken_or_time_is_over(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    first, second = group.sold(State.CLOSED), group.sold(State.CLOSED)
    marta, jonas, ferenc = visitor(on_phone=True), visitor(), visitor()
    marta.signs_in(group.marta.email)
    jonas.signs_in(group.jonas.email)
    grades(marta, first, ["Good", "Fair", "Good"], "Came late, and is a joy.")
    jonas.opens(f"/orders/{first}/feedback")
    jonas.does_not_read("Came late, and is a joy.")
    grades(jonas, first, ["Good", "Good", "Good"], "Paid on the first day.")
    jonas.reads("Came late, and is a joy.")
    grades(marta, second, ["Poor", "Good", "Good"], "The lid was glued.")

    ferenc.signs_in(group.ferenc.email)
    ferenc.opens(group.path(f"/members/{group.jonas.id}"))
    ferenc.reads("Came late, and is a joy.", "Closed deals")
    ferenc.does_not_read("The lid was glued.")
    here.move(days=15)
    assert here.flask("worker", "--once").returncode == 0
    ferenc.opens(group.path(f"/members/{group.jonas.id}"))
    ferenc.reads("The lid was glued.", "50 % of 2")
    ferenc.opens(f"/people/{group.marta.id}")
    ferenc.reads("Paid on the first day.", "Positive, as buyer")
