"""Both sides of a dispute hear what the other did, and whoever has to act hears until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask

from marketplace.disputes import events
from marketplace.disputes.dispute_rules import Outcome, Reason, Remedy, State
from marketplace.escrow.models import Order
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.notifications import about_disputes
from tests.factories.escrow import an_order
from tests.factories.groups import a_member
from tests.notifications.letters import kinds_told, letters_to

HELD = Money(142_00, "EUR")
REFUND, SPLIT = Remedy(Outcome.REFUND), Remedy(Outcome.SPLIT, Money(50_00, "EUR"))


class Case(NamedTuple):
    order: Order
    buyer_id: int
    seller_id: int

    def about(self, **more: Any) -> dict[str, Any]:
        """The fields that every fact about this dispute has, and more."""
        return {
            "dispute_id": 5, "order_id": self.order.id, "group_id": self.order.group_id, "title": "Teapot",
            "buyer_id": self.buyer_id, "seller_id": self.seller_id, "held": HELD, "number": 1, **more,
        }  # fmt: skip


@pytest.fixture
def case(app: Flask) -> Case:
    order = an_order()
    return Case(order, order.buyer_id, order.seller_id)


def test_the_seller_hears_what_is_wrong_what_is_asked_and_what_silence_means(case: Case) -> None:
    until = clock.now() + timedelta(days=5)
    opened = events.DisputeOpened(
        **case.about(), reason=Reason.NOT_AUTHENTIC, asked=SPLIT, deadline=until, answer_by=until
    )
    about_disputes.opened(opened)
    [letter] = letters_to(case.seller_id)
    assert letter.subject == "Something is wrong: Teapot"
    assert "Marta Lind says about Teapot: it is not authentic." in letter.body
    assert "The part is EUR\u00a050.00." in letter.body
    assert "EUR\u00a0142.00 stays held" in letter.body
    assert "what Marta Lind asks for is done." in letter.body


def test_the_seller_is_asked_to_answer_and_reminded(case: Case) -> None:
    due = case.about(asked=REFUND, until=clock.now() + timedelta(days=3))
    for hours in (None, 48, 48, 12):
        about_disputes.answer_due(events.AnswerDue(**due, hours=hours))
    assert kinds_told(case.seller_id) == ["dispute_answer_due", "deadline_two_days", "deadline_twelve_hours"]
    assert "If you do nothing: What the buyer asks for is done." in letters_to(case.seller_id)[-1].body


@pytest.mark.parametrize("until", [None, timedelta(days=1)])
def test_each_deed_of_one_side_is_told_to_the_other(case: Case, until: timedelta | None) -> None:
    moment = clock.now() + until if until else None
    mine = {"by_id": case.seller_id, "to_id": case.buyer_id}
    about_disputes.offer_made(
        events.OfferMade(**case.about(number=2), **mine, remedy=SPLIT, amount=Money(50_00, "EUR"), until=moment)
    )
    about_disputes.contested(events.DisputeContested(**case.about(number=3), **mine, until=moment))
    about_disputes.answered(events.DisputeAnswered(**case.about(number=4), **mine))
    about_disputes.ruler_proposed(
        events.RulerProposed(**case.about(number=5), **mine, proposed_id=case.seller_id, until=moment)
    )
    assert kinds_told(case.buyer_id)[1:] == [
        "dispute_offer",
        "dispute_contested",
        "dispute_answered",
        "dispute_ruler_proposed",
    ]
    offer = letters_to(case.buyer_id)[1]
    assert "The buyer would get EUR\u00a050.00." in offer.body
    assert kinds_told(case.seller_id) == []


@pytest.mark.parametrize("state", [State.UNDER_REVIEW, State.APPEALED, State.RETURN_REVIEWED])
def test_everybody_who_may_rule_is_asked_and_reminded(case: Case, state: State) -> None:
    group = db.session.get_one(Group, case.order.group_id)
    moderators = [a_member(group, Role.MODERATOR) for _ in range(2)]
    ids = tuple(moderator.id for moderator in moderators)
    due = case.about(ruler_ids=ids, until=clock.now() + timedelta(days=5), state=state)
    for hours in (None, 48, 12):
        about_disputes.ruling_due(events.RulingDue(**due, hours=hours))
    for moderator in moderators:
        assert kinds_told(moderator) == ["dispute_ruling_due", "deadline_two_days", "deadline_twelve_hours"]
        assert "between Marta Lind and Hedwig Amsel" in letters_to(moderator)[0].body


@pytest.mark.parametrize("remedy", [Remedy(Outcome.RELEASE), REFUND, SPLIT, Remedy(Outcome.RETURN_FIRST)])
@pytest.mark.parametrize("is_final", [True, False])
def test_a_ruling_is_told_to_both_with_its_reasons(case: Case, remedy: Remedy, is_final: bool) -> None:
    at = None if is_final else clock.now() + timedelta(days=3)
    about_disputes.ruled(
        events.DisputeRuled(
            **case.about(), ruler_id=1, remedy=remedy, reasons="The crown is not the one shown.", appeal_until=at,
            moves_at=at,
        )
    )  # fmt: skip
    for person_id in (case.buyer_id, case.seller_id):
        letter = letters_to(person_id)[-1]
        assert "The reasons given: The crown is not the one shown." in letter.body
        assert ("It is final." in letter.body) == is_final


def test_both_hear_when_nobody_is_free_to_rule_and_the_other_side_when_one_appeals(case: Case) -> None:
    until = clock.now() + timedelta(days=2)
    about_disputes.ruler_needed(events.RulerNeeded(**case.about(), until=until))
    about_disputes.appealed(
        events.DisputeAppealed(**case.about(number=2), by_id=case.buyer_id, to_id=case.seller_id, until=until)
    )
    assert "Agree with Hedwig Amsel on a member" in letters_to(case.buyer_id)[-1].body
    assert kinds_told(case.seller_id) == ["dispute_ruler_needed", "dispute_appealed"]
    assert "the first ruling stands" in letters_to(case.seller_id)[-1].body
