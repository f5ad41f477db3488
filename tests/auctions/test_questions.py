"""Questions under a lot, on both databases: who asks, answers and hides, until when; and that what was said stays."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from marketplace.auctions import questions, service
from marketplace.auctions.question_models import Said
from marketplace.auctions.question_rules import LAW, MOST_OPEN, Part, Party, Reason, State, judge, state_of
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate
from marketplace.notifications.models import Notice
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.groups import a_member
from tests.notifications.letters import letters_to

SECOND = timedelta(seconds=1)


# ---- the law ----


def test_every_state_is_reached_and_all_else_refused():
    assert {clause.then for clause in LAW} | {State.NONE, State.HIDDEN} == set(State)
    for given, say, by, is_open in product(State, Part, Party, (True, False)):
        clause = next((c for c in LAW if (c.given, c.say, c.by) == (given, say, by)), None)
        if clause is not None and is_open:
            assert judge(given, say, by=by, is_open=is_open) is clause.then
        else:
            with pytest.raises(RuleBroken):
                judge(given, say, by=by, is_open=is_open)


def test_a_question_is_where_its_words_say():
    said = [Part.QUESTION, Part.ANSWER, Part.ADDITION]
    states = [State.NONE, State.OPEN, State.ANSWERED, State.COMPLETE]
    assert [state_of(said[:count]) for count in range(4)] == states
    assert state_of(said[:1], hidden=[Part.QUESTION]) is State.HIDDEN
    assert state_of(said[:2], hidden=[Part.QUESTION, Part.ANSWER]) is State.ANSWERED


# ---- asking and answering ----


@pytest.fixture
def lot(app):
    return a_lot()


@pytest.fixture
def anna(lot):
    return a_member(group_of(lot))


@pytest.fixture
def moderator(lot):
    return a_member(group_of(lot), Role.MODERATOR)


def group_of(lot):
    return db.session.get_one(Group, lot.group_id)


_keys = iter(range(1, 1000))


def ask(lot, person, words="Is the lid old?", key=""):
    return questions.ask(
        lot_id=lot.id, by=person.id, text=words, client_key=key or f"key-of-question-{next(_keys)}"
    )  # fmt: skip


def answer(lot, number, words="It is.", part=Part.ANSWER, by=None):
    key = f"key-of-answer-{next(_keys)}"
    questions.answer(lot_id=lot.id, number=number, by=by or lot.seller_id, text=words, part=part, client_key=key)


def hide(lot, number, person, part=Part.QUESTION, reason=Reason.RUDE):
    questions.hide(lot_id=lot.id, number=number, by=person.id, part=part, reason=reason)


def told(person_id):
    wanted = select(Notice.kind).where(Notice.person_id == person_id, Notice.ref.like("lot:%")).order_by(Notice.id)
    return list(db.session.scalars(wanted))


def test_a_question_is_answered_once_and_added_to_once_and_both_are_told(lot, anna):
    number = ask(lot, anna)
    with pytest.raises(Stale, match="no answer yet"):
        answer(lot, number, part=Part.ADDITION)
    answer(lot, number)
    with pytest.raises(Stale, match="add to it once"):
        answer(lot, number)
    answer(lot, number, "But for its knob.", Part.ADDITION)
    with pytest.raises(Stale, match="stands as it is"):
        answer(lot, number, part=Part.ADDITION)
    [thread] = questions.evidence_of(lot.id)
    assert [(part, words.text, words.author_id) for part, words in thread.words.items()] == [
        (Part.QUESTION, "Is the lid old?", anna.id),
        (Part.ANSWER, "It is.", lot.seller_id),
        (Part.ADDITION, "But for its knob.", lot.seller_id),
    ]
    assert told(lot.seller_id) == ["question_asked"]
    assert told(anna.id) == ["question_answered"] * 2
    assert "Is the lid old?" in letters_to(db.session.get_one(type(anna), lot.seller_id))[0].body
    wanted = select(AuditLine.what).where(AuditLine.subject == f"lot:{lot.id}").order_by(AuditLine.id)
    lines = db.session.scalars(wanted).all()
    assert [line for line in lines if line.startswith("write")] == ["write question", "write answer", "write addition"]


def test_the_seller_asks_nothing_members_answer_nothing_and_strangers_see_nothing(lot, anna):
    number, stranger = ask(lot, anna), a_person()
    with pytest.raises(NotAllowed, match="your own lot"):
        ask(lot, db.session.get_one(type(anna), lot.seller_id))
    with pytest.raises(NotAllowed, match="Only the seller"):
        answer(lot, number, by=anna.id)
    with pytest.raises(NotFound):
        ask(lot, stranger)
    with pytest.raises(NotFound):
        answer(lot, number, by=stranger.id)
    with pytest.raises(NotFound):
        answer(lot, number + 1)


def test_five_questions_wait_and_no_more_of_one_member(lot, anna, moderator):
    numbers = [ask(lot, anna) for _each in range(MOST_OPEN)]
    assert numbers == [1, 2, 3, 4, 5]
    with pytest.raises(RuleBroken, match="asked 5 questions"):
        ask(lot, anna)
    ask(lot, a_member(group_of(lot)))
    answer(lot, 1)
    ask(lot, anna)
    hide(lot, 2, moderator)
    ask(lot, anna)
    with pytest.raises(RuleBroken, match="asked 5 questions"):
        ask(lot, anna)


def test_before_the_start_and_until_the_last_second(app):
    lot = a_lot(starts_at=clock.now() + timedelta(hours=1))
    anna = a_member(group_of(lot))
    number = ask(lot, anna)
    with clock.at(lot.ends_at - SECOND):
        other = ask(lot, anna)
        answer(lot, number)
    with clock.at(lot.ends_at):
        for deed in (lambda: ask(lot, anna), lambda: answer(lot, other)):
            with pytest.raises(TooLate, match="after the end"):
                deed()
    assert len(questions.evidence_of(lot.id)) == 2


def test_a_lot_that_was_withdrawn_takes_no_questions(lot, anna):
    service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    with pytest.raises(TooLate):
        ask(lot, anna)


def test_the_same_click_twice_asks_and_answers_once(app, lot, anna):
    lot_id, anna_id, seller_id = lot.id, anna.id, lot.seller_id

    def click():
        questions.ask(lot_id=lot_id, by=anna_id, text="Is the lid old?", client_key="key-of-one-click")

    at_once(app, click, click)

    def reply():
        questions.answer(lot_id=lot_id, number=1, by=seller_id, text="It is.", client_key="key-of-one-answer")

    at_once(app, reply, reply)
    assert list(db.session.scalars(select(Said.part).order_by(Said.id))) == [Part.QUESTION, Part.ANSWER]
    assert told(seller_id) == ["question_asked"]


def test_two_who_ask_at_once_have_a_number_each(app, lot, anna):
    lot_id, ids = lot.id, [anna.id, a_member(group_of(lot)).id]

    def asks(person_id):
        return lambda: questions.ask(lot_id=lot_id, by=person_id, text="How old?", client_key="key-of-two")

    at_once(app, *map(asks, ids))
    assert [thread.number for thread in questions.evidence_of(lot_id)] == [1, 2]


# ---- what stays ----


def test_a_moderator_hides_words_with_a_reason_and_they_stay_as_evidence(lot, anna, moderator):
    number = ask(lot, anna, "Call me on 0660 123")
    for outsider, refusal in ((a_person(), NotFound), (anna, NotAllowed)):
        with pytest.raises(refusal):
            hide(lot, number, outsider)
    with pytest.raises(NotFound):
        hide(lot, number, moderator, Part.ANSWER)
    hide(lot, number, moderator, reason=Reason.CONTACT)
    with pytest.raises(Stale):
        hide(lot, number, moderator)
    with pytest.raises(Stale, match="nothing to answer"):
        answer(lot, number)
    [thread] = questions.evidence_of(lot.id)
    assert (thread.question.text, thread.question.hidden_for) == ("Call me on 0660 123", Reason.CONTACT)
    assert told(anna.id) == ["words_hidden"]
    assert "deal past the group" in letters_to(anna)[0].body


def test_a_moderator_hides_nothing_that_he_asked_or_is_asked(app):
    lot = a_lot()
    moderator = a_member(group_of(lot), Role.MODERATOR)
    number = ask(lot, moderator)
    answer(lot, number)
    for part in (Part.QUESTION, Part.ANSWER):
        with pytest.raises(NotAllowed, match="part of this"):
            hide(lot, number, moderator, part)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lot_talk SET text = 'It is new.'", "DELETE FROM lot_talk", "DELETE FROM lot_talk_hidings",
        "UPDATE lot_talk_hidings SET reason = 'private'",
    ],
)  # fmt: skip
def test_the_database_itself_changes_nothing_that_was_said(lot, anna, moderator, statement):
    hide(lot, ask(lot, anna), moderator)
    with pytest.raises(DBAPIError, match="stays as it was said"), unit_of_work():
        db.session.execute(text(statement))
    assert questions.evidence_of(lot.id)[0].question.text == "Is the lid old?"


@pytest.mark.one_database
def test_older_questions_come_page_by_page_with_one_query_each(lot, anna):
    for number in range(1, 6):
        ask(lot, anna)
        answer(lot, number)
        answer(lot, number, part=Part.ADDITION)
    first, before = questions.latest(lot.id, limit=2)
    second, before_that = questions.latest(lot.id, before=before, limit=2)
    third, end = questions.latest(lot.id, before=before_that, limit=2)
    assert [[thread.number for thread in page] for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert all(thread.state is State.COMPLETE for thread in (*first, *second, *third))
    assert end is None
