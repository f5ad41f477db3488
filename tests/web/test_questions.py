"""The pages of questions: what whoever reads them sees, and that nobody is named."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.auctions import closing, questions
from marketplace.auctions.models import Alias
from marketplace.auctions.question_models import Hiding, Said
from marketplace.auctions.question_rules import Part, Reason
from marketplace.auctions.rules import Format
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.notifications.models import Notice
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.disputes import a_dispute
from tests.factories.escrow import an_order
from tests.factories.groups import a_member

pytestmark = pytest.mark.one_database


@pytest.fixture
def lot(app):
    return a_lot()


@pytest.fixture
def anna(lot):
    return a_member(group_of(lot), person=a_person("Anna Asker"))


def group_of(lot):
    return db.session.get_one(Group, lot.group_id)


def seller_of(lot):
    return db.session.get_one(Person, lot.seller_id)


def page_of(lot):
    return f"/g/{group_of(lot).slug}/lots/{lot.number}"


def asked(lot, person, text="Is the lid old?"):
    return questions.ask(lot_id=lot.id, by=person.id, text=text, client_key=f"key-of-{text[:20]}-{person.id}")


def kinds_told(person_id):
    return list(db.session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


def words(answer):
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(text.split())


def test_a_member_asks_the_seller_answers_and_everybody_reads_it(lot, anna, client_of):
    asker, seller, other = client_of(anna), client_of(seller_of(lot)), client_of(a_member(group_of(lot)))
    assert "Nobody has asked anything yet." in words(asker.get(page_of(lot)))
    sent = asker.post(f"{page_of(lot)}/questions/ask", data={"text": "Is the lid old?", "client_key": "key-of-the-ask"})
    assert sent.headers["Location"] == f"{page_of(lot)}#questions-h"
    assert "You asked" in words(asker.get(page_of(lot)))
    assert "Ask the seller" not in words(seller.get(page_of(lot)))
    way = f"{page_of(lot)}/questions/1/answer"
    assert f'href="{way}"' in seller.get(page_of(lot)).text
    assert "Is the lid old?" in words(seller.get(way))
    seller.post(way, data={"text": "It is.", "part": "answer", "client_key": "key-of-the-answer"})
    page = words(other.get(page_of(lot)))
    assert re.search(r"A member asked .* Is the lid old\? The seller answered .* It is\.", page)


def test_a_question_too_short_or_too_long_comes_back_with_what_was_typed(lot, anna, client_of):
    for text, sentence in (("?", "too short"), ("x" * 1001, "too long")):
        answer = client_of(anna).post(f"{page_of(lot)}/questions/ask", data={"text": text, "client_key": "key-of-ask"})
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert text in answer.text


@pytest.mark.parametrize("format", [Format.OPEN, next(each for each in Format if each is not Format.OPEN)])
def test_nobody_learns_who_asked_neither_by_name_nor_by_alias(app, client_of, format):
    lot = a_lot(format=format)
    anna = a_member(group_of(lot), person=a_person("Anna Asker"))
    a_bid(lot, anna, 900)
    a_bid(lot, None, 5000)
    asked(lot, anna)
    alias = db.session.query(Alias.name).filter_by(lot_id=lot.id, person_id=anna.id).scalar()
    for reader in (seller_of(lot), a_member(group_of(lot)), a_member(group_of(lot), Role.MODERATOR)):
        for path in (page_of(lot), f"{page_of(lot)}/questions"):
            page = client_of(reader).get(path).text
            assert "Anna Asker" not in page
            section = re.search(r'<ol class="said".*?</ol>', page, re.DOTALL)
            assert section is not None
            assert alias not in section[0]
            assert "A member asked" in section[0]
    assert "Anna" not in client_of(seller_of(lot)).get("/notices").text


def test_hidden_words_are_read_by_who_moderates_and_wrote_them_alone(lot, anna, client_of):
    number = asked(lot, anna, "Call 0660 123")
    moderator = a_member(group_of(lot), Role.MODERATOR)
    answer = client_of(moderator).post(
        f"{page_of(lot)}/questions/{number}/hide", data={"part": "question", "reason": "contact"}
    )
    assert answer.status_code == 302
    for reader, reads in ((anna, True), (moderator, True), (seller_of(lot), False), (a_member(group_of(lot)), False)):
        page = words(client_of(reader).get(page_of(lot)))
        assert "Hidden by a moderator: a way to deal past the group." in page
        assert ("Call 0660 123" in page) is reads


def report_way(lot, said):
    return f"/g/{group_of(lot).slug}/report?subject=words:{said.id}"


def said_about(lot, number=1, part=Part.QUESTION):
    return questions.thread_of(lot.id, number).words[part]


def test_a_member_reports_an_answer_once_and_a_moderator_hides_it_and_closes_the_report(lot, anna, client_of):
    number = asked(lot, anna)
    questions.answer(
        lot_id=lot.id, number=number, by=lot.seller_id, text="Pay me past\nthe group.", client_key="key-of-it"
    )
    answer = said_about(lot, part=Part.ANSWER)
    moderator = a_member(group_of(lot), Role.MODERATOR)
    member, keeper = client_of(a_member(group_of(lot))), client_of(moderator)
    assert report_way(lot, answer) in member.get(page_of(lot)).text
    form = words(member.get(report_way(lot, answer)))
    assert "Report what was said" in form
    assert re.search(r"Pay me past the group\. Written by the seller on", form)
    for reason in ("A way past the group.", "Look!"):
        sent = member.post(f"/g/{group_of(lot).slug}/report", data={"subject": f"words:{answer.id}", "reason": reason})
        assert sent.status_code == 302
    [made] = groups.open_reports(group_of(lot).id)
    assert (made.about_id, made.message, made.written_at) == (lot.seller_id, answer.text, answer.said_at)
    assert kinds_told(moderator.id) == ["report_new"]
    assert "1 report by a member" in words(keeper.get("/"))
    page = keeper.get(f"/g/{group_of(lot).slug}/reports/{made.id}").text
    assert f'href="{page_of(lot)}/questions?before=2#question-1"' in page
    way = f"{page_of(lot)}/questions/1/hide"
    assert f'href="{way}"' in page
    keeper.post(way, data={"part": "answer", "reason": "contact"})
    page = keeper.get(f"/g/{group_of(lot).slug}/reports/{made.id}").text
    assert way not in page
    keeper.post(f"/g/{group_of(lot).slug}/reports/{made.id}", data={"note": "Hidden, thank you."})
    assert "Nothing waits for you" in words(keeper.get("/"))
    assert kinds_told(made.reported_by) == ["report_closed"]
    assert report_way(lot, answer) not in member.get(page_of(lot)).text, "it is hidden"
    assert member.get(report_way(lot, answer)).status_code == 404


def test_a_report_on_a_question_tells_nobody_who_asked_and_is_kept_from_him(lot, client_of):
    asker = a_member(group_of(lot), Role.MODERATOR, person=a_person("Anna Asker"))
    asked(lot, asker, "Are you a crook?")
    seller, owner = client_of(seller_of(lot)), a_member(group_of(lot), Role.OWNER)
    way = report_way(lot, said_about(lot))
    assert way not in client_of(asker).get(page_of(lot)).text
    assert way in seller.get(page_of(lot)).text
    assert "Anna Asker" not in seller.get(way).text
    sent = {"subject": f"words:{said_about(lot).id}", "reason": "Rude."}
    assert seller.post(f"/g/{group_of(lot).slug}/report", data=sent).status_code == 302
    [made] = groups.open_reports(group_of(lot).id)
    path = f"/g/{group_of(lot).slug}/reports/{made.id}"
    for page in (path, f"/g/{group_of(lot).slug}/reports", "/notices"):
        assert "Anna Asker" not in client_of(owner).get(page).text
    assert re.search(r"Are you a crook\? Written by a member on", words(client_of(owner).get(path)))
    assert client_of(asker).get(path).status_code == 404
    assert kinds_told(asker.id) == []


def test_after_the_end_they_are_read_and_nothing_is_asked(lot, anna, client_of):
    asked(lot, anna)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    page = words(client_of(a_member(group_of(lot))).get(page_of(lot)))
    assert "Is the lid old?" in page
    assert "Ask the seller" not in page
    assert client_of(anna).get(f"{page_of(lot)}/questions/ask").status_code == 409


def test_earlier_questions_stand_on_the_next_page(lot, anna, client_of):
    for number in range(1, questions.PAGE + 3):
        asked(lot, anna, f"Question number {number}?")
        questions.answer(lot_id=lot.id, number=number, by=lot.seller_id, text="Yes.", client_key=f"key-of-{number:05}")
    client = client_of(anna)
    first = client.get(page_of(lot)).text
    assert "Question number 22?" in first
    assert "Question number 2?" not in first
    way = re.search(r'href="([^"]+before=3)"', first)
    assert way is not None
    second = client.get(way[1]).text
    assert "Question number 2?" in second
    assert "Question number 3?" not in second
    assert client.get(f"{page_of(lot)}/questions?before=nonsense").status_code == 200


def test_what_is_asked_is_text(lot, anna, client_of):
    asked(lot, anna, "<script>alert(1)</script>")
    assert "<script>alert" not in client_of(anna).get(page_of(lot)).text


def test_a_dispute_shows_what_was_asked_before_the_sale(app, client_of):
    order = an_order(OrderState.INSPECTING)
    asker, moderator = a_member(group_of(order)), a_member(group_of(order), Role.MODERATOR)
    said = {"lot_id": order.lot_id, "said_at": clock.now(), "client_key": "key-of-what-was-said"}
    with unit_of_work():
        rude = Said(number=2, part=Part.QUESTION, author_id=asker.id, text="You old fox?", **said)
        db.session.add_all(
            [
                Said(number=1, part=Part.QUESTION, author_id=order.buyer_id, text="Is the lid old?", **said),
                Said(number=1, part=Part.ANSWER, author_id=order.seller_id, text="As old as the pot.", **said),
                rude,
            ]
        )
        db.session.flush()
        db.session.add(Hiding(said_id=rude.id, reason=Reason.RUDE, hidden_by_id=moderator.id, hidden_at=clock.now()))
    path = f"/disputes/{a_dispute(order).id}"
    for reader, reads in ((order.buyer_id, False), (order.seller_id, False), (moderator.id, True)):
        page = words(client_of(db.session.get_one(Person, reader)).get(path))
        assert re.search(r"The buyer asked .* Is the lid old\? The seller answered .* As old as the pot\.", page)
        assert "A member asked" in page
        assert ("You old fox?" in page) is reads
