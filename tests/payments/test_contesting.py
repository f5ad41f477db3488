"""Banks that ask money back are answered: once, in time, and whatever gets lost between Stripe and us."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kernel import clock, storage
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken, TooLate
from marketplace.payments import contesting, stripe_client
from marketplace.payments.contest_models import ContestRow
from marketplace.payments.contest_rules import Evidence, State, Verb
from marketplace.payments.events import ContestRefused, ContestSent
from marketplace.payments.gateway import Contest, Outcome, Refused
from marketplace.payments.stripe_contesting import StripeAdvocate
from marketplace.playmoney import disputes
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.weather import Fault
from tests.factories.accounts import a_person
from tests.factories.claims import contests_are_due, send
from tests.factories.stripe import a_paid_order, hear

EVIDENCE = Evidence(product="Clock", carrier="Post", tracking="CX 1", account="He confirmed receipt.")


def opened(here: StandIn, *, is_inquiry: bool = False) -> str:
    """The bank asks the money of order 7 back; what Stripe calls that."""
    charge_id = a_paid_order(here).charge_id
    with here.till.lock:
        claim = str(disputes.open_(here.till, str(charge_id), is_inquiry=is_inquiry)["id"])
    hear(here)
    return claim


def intended(claim: str, verb: Verb = Verb.CONTEST, evidence: Evidence | None = EVIDENCE, **files: str) -> ContestRow:
    evidence = evidence if verb is Verb.CONTEST else None
    return contesting.intend(claim=claim, group_id=1, by=a_person().id, verb=verb, evidence=evidence, **files)


def row(contest_id: int) -> ContestRow:
    db.session.rollback()
    return contesting.contest(contest_id)


def test_what_an_officer_sends_is_at_the_bank(here: StandIn, heard: list[object]) -> None:
    storage.put("contests/parcel.pdf", b"%PDF-1.4 parcel")
    storage.put("contests/pictures.pdf", b"%PDF-1.4 pictures")
    claim = opened(here)
    contest = intended(claim, parcel_key="contests/parcel.pdf", pictures_key="contests/pictures.pdf")
    send()
    dispute = here.till.find("dispute", claim)
    assert (dispute["status"], dispute["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert dispute["evidence"]["shipping_tracking_number"] == "CX 1"
    assert "customer_email_address" not in dispute["evidence"], "what is empty is not sent"
    pictures = here.till.find("file", dispute["evidence"]["uncategorized_file"])
    assert (pictures["purpose"], pictures["filename"]) == ("dispute_evidence", "pictures.pdf")
    assert row(contest.id).state == State.SENT
    (sent,) = [fact for fact in heard if isinstance(fact, ContestSent)]
    assert (sent.claim, sent.is_given_up, sent.by) == (claim, False, row(contest.id).by_id)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.BROKEN_AFTER, Fault.BROKEN, Fault.TOO_MANY, Fault.DOWN])
def test_whatever_happens_to_the_call_it_is_answered_once(here: StandIn, fault: Fault, verb: Verb) -> None:
    claim = opened(here)
    contest = intended(claim, verb)
    here.weather.order(fault, "POST /v1/disputes/")
    send()
    assert row(contest.id).state == State.INTENDED, "the outcome is not known"
    contests_are_due(clock.now())
    send()
    assert row(contest.id).state == State.SENT
    updates = [event for event in here.till.all("event") if event["type"] == "charge.dispute.updated"]
    assert here.till.find("dispute", claim)["status"] == ("under_review" if verb is Verb.CONTEST else "lost")
    assert len(updates) == (1 if verb is Verb.CONTEST else 0)


class Forgetful(StripeAdvocate):
    """Its client's first try was heard, and it tells only of the second, which is refused for that."""

    def contest(self, contest: Contest) -> Outcome:
        super().contest(contest)
        return Refused("This was answered already.")

    def give_up(self, contest: Contest) -> Outcome:
        super().give_up(contest)
        return Refused("This was answered already.")


@pytest.mark.parametrize("verb", Verb)
def test_what_was_heard_at_the_first_try_is_not_called_refused(here: StandIn, heard: list[object], verb: Verb) -> None:
    claim = opened(here)
    contest = intended(claim, verb)
    contesting.send_due_contests(advocate=Forgetful(stripe_client.needed()))
    assert row(contest.id).state == State.SENT
    assert [type(fact) for fact in heard if isinstance(fact, ContestSent | ContestRefused)] == [ContestSent]


def test_a_file_whose_answer_was_lost_is_the_same_file(here: StandIn) -> None:
    storage.put("contests/pictures.pdf", b"%PDF-1.4 pictures")
    contest = intended(opened(here), pictures_key="contests/pictures.pdf")
    here.weather.order(Fault.LOST, "POST /v1/files")
    send()
    contests_are_due(clock.now())
    send()
    assert row(contest.id).state == State.SENT
    assert len(here.till.all("file")) == 1


def test_a_worker_that_comes_back_too_late_writes_nothing(here: StandIn, heard: list[object]) -> None:
    contest = intended(opened(here))
    taken = contesting._take_on()
    assert taken is not None
    contests_are_due(clock.now())
    send()
    contesting._write_down(taken[0], taken[1], contesting.Refused("Late."))
    assert row(contest.id).state == State.SENT
    assert not [fact for fact in heard if isinstance(fact, ContestRefused)]


def test_a_claim_is_answered_once_at_each_of_its_stages(here: StandIn) -> None:
    claim = opened(here, is_inquiry=True)
    intended(claim)
    send()
    with pytest.raises(RuleBroken, match="answered already"):
        intended(claim, Verb.GIVE_UP)
    with here.till.lock:
        dispute = here.till.find("dispute", claim)
        dispute |= {"status": "needs_response"}
        dispute["evidence_details"] |= {"submission_count": 0}
        here.till.emit("charge.dispute.updated", dispute)
    hear(here)
    again = intended(claim)
    send()
    assert row(again.id).state == State.SENT


@pytest.mark.parametrize("verb", Verb)
def test_what_was_meant_for_an_inquiry_is_not_sent_to_the_claim_that_it_became(
    here: StandIn, heard: list[object], verb: Verb
) -> None:
    """Who left an inquiry alone has not left the money to the bank, and evidence is taken once."""
    claim = opened(here, is_inquiry=True)
    contest = intended(claim, verb)
    with here.till.lock:
        disputes.escalate(here.till, claim, amount=100_00)
    hear(here)
    send()
    assert row(contest.id).state == State.REFUSED
    assert here.till.find("dispute", claim)["status"] == "needs_response"
    (refused,) = [fact for fact in heard if isinstance(fact, ContestRefused)]
    assert "answer anew" in refused.reason
    again = intended(claim, verb)
    send()
    assert row(again.id).state == State.SENT


def test_what_is_refused_can_be_sent_again_and_says_why(here: StandIn, heard: list[object]) -> None:
    claim = opened(here)
    storage.put("contests/bad.pdf", b"no pdf at all")
    contest = intended(claim, pictures_key="contests/bad.pdf")
    send()
    assert row(contest.id).state == State.REFUSED
    (refused,) = [fact for fact in heard if isinstance(fact, ContestRefused)]
    assert "file type" in refused.reason
    again = intended(claim)
    send()
    assert row(again.id).state == State.SENT


def test_a_claim_that_was_decided_meanwhile_is_refused(here: StandIn) -> None:
    claim = opened(here)
    contest = intended(claim)
    with here.till.lock:
        disputes.decide(here.till, claim, "lost")
    send()
    assert row(contest.id).state == State.REFUSED
    hear(here)
    with pytest.raises(RuleBroken, match="has decided"):
        intended(claim)


def test_shortly_before_the_bank_stops_hearing_nothing_is_taken_in(here: StandIn) -> None:
    claim = opened(here)
    with clock.at(clock.now() + timedelta(days=9) - timedelta(minutes=5)), pytest.raises(TooLate):
        intended(claim)


def test_too_long_a_text_and_an_unknown_claim_are_refused(here: StandIn) -> None:
    claim = opened(here)
    with pytest.raises(RuleBroken, match="characters"):
        intended(claim, evidence=Evidence(account="x" * 20_001))
    with pytest.raises(NotFound):
        intended("du_unknown")


def test_the_texts_do_not_lie_readable_in_the_database(here: StandIn) -> None:
    intended(opened(here))
    stored = db.session.connection().exec_driver_sql("SELECT evidence FROM contests").scalar_one()
    assert "confirmed receipt" not in stored


def test_without_a_key_nothing_is_sent(app: Flask) -> None:
    assert contesting.send_due_contests() == 0
