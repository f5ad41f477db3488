"""Groups are founded, changed and closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from marketplace.groups import founding, joining, queries
from marketplace.groups.entry_rules import Answer, JoinPolicy
from marketplace.groups.events import ApplicationDecided, GroupClosed, GroupFounded, RulesChanged, TermsChanged
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.service import fix_currency
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock, events
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member


def owner_of(group: Group) -> int:
    return queries.officers(group.id)[0].person_id


def found(by: int, **changes: Any) -> Group:
    asked: dict[str, Any] = {
        "client_key": "key-of-the-form", "name": "Gauge 0 Sundays", "collects": "Trains", "currency": "JPY",
        "time_zone": "Asia/Tokyo", "rules_text": "No steam indoors.", "instructions": "Post office 123-4",
        "terms": Terms(),
    }  # fmt: skip
    return founding.found_group(by=by, **(asked | changes))


def changed(group: Group, **changes: Any) -> Group:
    kept = ("name", "collects", "currency", "time_zone", "is_listed", "is_catalogue_public", "most_members")
    now: dict[str, Any] = {name: getattr(group, name) for name in kept}
    now |= {"join_policy": JoinPolicy(group.join_policy), "questions": tuple(group.questions)}
    return founding.change_group(by=owner_of(group), group_id=group.id, **(now | changes))


def test_the_founder_is_first_owner_and_first_member(app: Flask, heard: list[object]) -> None:
    founder = a_person()
    group = found(founder.id)
    assert group.slug == "gauge-0-sundays"
    assert group.member_count == 1
    membership = queries.membership(group.id, founder.id)
    assert membership is not None
    assert membership.role == Role.OWNER
    assert membership.agreed_version == 1
    assert queries.rules_text(group.id, 1) == "No steam indoors."
    assert heard == [GroupFounded(group.id, founder.id), TermsChanged(group.id, Terms(), founder.id)]


def test_the_first_payment_instructions_are_in_force_at_once_and_not_readable_in_the_database(app: Flask) -> None:
    group = found(a_person().id)
    assert queries.instructions_of(group.id, clock.now()) == "Post office 123-4"
    stored = db.session.scalar(text("SELECT words FROM payment_instructions"))
    assert stored
    assert "Post office" not in stored


def test_founding_twice_with_one_form_founds_one_group(app: Flask) -> None:
    founder = a_person()
    assert found(founder.id).id == found(founder.id).id
    assert found(founder.id, client_key="another-form").slug == "gauge-0-sundays-2"


def test_a_double_click_founds_one_group(app: Flask) -> None:
    founder = a_person().id
    assert at_once(app, *[lambda: found(founder)] * 2) == []
    assert db.session.scalar(select(func.count()).select_from(Group)) == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Café & Crème", "cafe-creme"), ("古董收藏", "group"), ("  ---  ", "group"), ("x" * 80, "x" * 50), ("New", "new")],
)
def test_the_address_is_made_of_the_name(app: Flask, name: str, slug: str) -> None:
    assert found(a_person().id, name=name).slug == slug


def test_terms_out_of_range_are_refused_at_the_field(app: Flask) -> None:
    with pytest.raises(RuleBroken) as refusal:
        found(a_person().id, terms=Terms(fee_basis_points=5001))
    assert refusal.value.field == "fee_basis_points"
    assert db.session.scalar(select(func.count()).select_from(Group)) == 0


def test_whoever_hears_of_new_terms_may_refuse_them_and_nothing_is_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fact: object) -> None:
        raise RuleBroken("Money would be held for too long.", field="days_in_transit")

    group = a_group(terms=Terms())
    monkeypatch.setattr(events, "_handlers", {TermsChanged: (refuse,)})
    with pytest.raises(RuleBroken) as refusal:
        founding.change_terms(by=owner_of(group), group_id=group.id, terms=Terms(days_in_transit=45))
    assert refusal.value.field == "days_in_transit"
    assert queries.group(group.id).terms == Terms()
    with pytest.raises(RuleBroken):
        found(a_person().id)


def test_changed_terms_are_announced_and_the_same_ones_are_not(app: Flask, heard: list[object]) -> None:
    group = a_group()
    owner, cheaper = owner_of(group), Terms(fee_basis_points=100)
    heard.clear()
    founding.change_terms(by=owner, group_id=group.id, terms=cheaper)
    founding.change_terms(by=owner, group_id=group.id, terms=cheaper)
    assert heard == [TermsChanged(group.id, cheaper, owner)]
    assert queries.group(group.id).terms == cheaper


def test_a_group_keeps_its_address_when_its_name_changes(app: Flask) -> None:
    group = a_group()
    changed(group, name="Vienna Antiques", most_members=20, questions=("Why?",), join_policy=JoinPolicy.OPEN)
    again = queries.group_by_slug("lindengasse-antiques")
    assert (again.name, again.most_members, again.questions) == ("Vienna Antiques", 20, ["Why?"])


def test_the_currency_changes_until_there_is_a_lot(app: Flask) -> None:
    group = a_group()
    assert changed(group, currency="CHF").currency == "CHF"
    fix_currency(group.id)
    fix_currency(group.id)
    with pytest.raises(RuleBroken) as refusal:
        changed(queries.group(group.id), currency="EUR")
    assert refusal.value.field == "currency"
    assert changed(queries.group(group.id), name="Still possible").currency == "CHF"


def test_the_cap_is_not_set_below_those_who_are_there(app: Flask) -> None:
    group = a_group()
    a_member(group)
    a_member(group)
    with pytest.raises(RuleBroken) as refusal:
        changed(queries.group(group.id), most_members=2)
    assert refusal.value.field == "most_members"


def test_new_rules_ask_members_to_agree_again_but_not_him_who_wrote_them(app: Flask, heard: list[object]) -> None:
    group = a_group()
    owner, member = owner_of(group), a_member(group)
    heard.clear()
    assert founding.change_rules(by=owner, group_id=group.id, text="Be kind.", based_on=1) == 2
    memberships = {found.person_id: found.agreed_version for found in queries.members(group.id)}
    assert memberships == {owner: 2, member.id: 1}
    assert [version.number for version in queries.rules_versions(group.id)] == [2, 1]
    assert heard == [RulesChanged(group.id, 2, owner)]


def test_the_same_rules_again_are_no_new_version(app: Flask) -> None:
    group = a_group()
    text_now = queries.rules_text(group.id, 1)
    assert founding.change_rules(by=owner_of(group), group_id=group.id, text=text_now, based_on=1) == 1


def test_two_owners_who_write_rules_at_once_do_not_overwrite_each_other(app: Flask) -> None:
    group = a_group()
    ids = [owner_of(group), a_member(group, Role.OWNER).id]
    write = [lambda by=by: founding.change_rules(by=by, group_id=group.id, text=f"By {by}.", based_on=1) for by in ids]
    failures = at_once(app, *write)
    assert [type(failure) for failure in failures] == [Stale]
    assert len(queries.rules_versions(group.id)) == 2


@pytest.mark.parametrize("role", [Role.TREASURER, Role.MODERATOR, Role.MEMBER])
def test_only_owners_change_and_close_a_group(app: Flask, role: Role) -> None:
    group = a_group()
    other = a_member(group, role).id
    for deed in (
        lambda: founding.change_terms(by=other, group_id=group.id, terms=Terms(days_to_pay=5)),
        lambda: founding.change_rules(by=other, group_id=group.id, text="Mine.", based_on=1),
        lambda: founding.close_group(by=other, group_id=group.id),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_to_a_stranger_a_group_that_he_changes_does_not_exist(app: Flask) -> None:
    group = a_group()
    with pytest.raises(NotFound):
        founding.close_group(by=a_person().id, group_id=group.id)
    with pytest.raises(NotFound):
        founding.close_group(by=owner_of(group), group_id=group.id + 1)


def test_a_closed_group_refuses_those_who_wait_and_cannot_be_changed(app: Flask, heard: list[object]) -> None:
    group = a_group()
    owner, applicant = owner_of(group), a_person()
    application = joining.ask_to_join(by=applicant.id, group_id=group.id, answers=[], agreed_version=1)
    heard.clear()
    founding.close_group(by=owner, group_id=group.id)
    assert queries.application(application.id).state == Answer.REFUSED
    reason = "The group was closed."
    decided = ApplicationDecided(group.id, application.id, applicant.id, is_accepted=False, reason=reason, by=owner)
    assert heard == [decided, GroupClosed(group.id, owner)]
    closed = queries.group(group.id)
    for deed in (lambda: changed(closed, name="Open"), lambda: founding.close_group(by=owner, group_id=group.id)):
        with pytest.raises(RuleBroken, match="closed"):
            deed()


def test_every_change_leaves_a_line(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    founding.change_terms(by=owner, group_id=group.id, terms=replace(Terms(), days_to_pay=5))
    founding.close_group(by=owner, group_id=group.id)
    lines = db.session.scalars(select(AuditLine).where(AuditLine.group_id == group.id).order_by(AuditLine.id))
    assert [(line.what, line.actor_id) for line in lines] == [
        ("found group", owner), ("change terms", owner), ("close group", owner)
    ]  # fmt: skip


def test_groups_that_want_it_are_found_by_name_and_by_what_they_collect(app: Flask) -> None:
    trains = found(a_person().id)
    a_group(name="Hidden", is_listed=False)
    closed = a_group(name="Past")
    founding.close_group(by=owner_of(closed), group_id=closed.id)
    antiques = a_group(name="Antiques of Vienna", collects="100% clocks")
    assert [group.id for group in queries.listed_groups("")] == [antiques.id, trains.id]
    assert [group.id for group in queries.listed_groups("vienna CLOCKS")] == [antiques.id]
    assert [group.id for group in queries.listed_groups("0%")] == [antiques.id]
    assert queries.listed_groups("_") == []
    assert [group.id for group in queries.listed_groups("100%")] == [antiques.id]
    assert [group.id for group in queries.listed_groups("", after=antiques.id)] == [trains.id]
    assert [group.id for group in queries.listed_groups("", limit=1)] == [antiques.id]


@pytest.mark.parametrize("words", ["öl", "ÖL", "O\u0308L", "uhren straße", "UHREN STRASSE", "ЧАСЫ"])
def test_a_group_is_found_by_letters_of_either_case_beyond_ascii(app: Flask, words: str) -> None:
    found = a_group(name="Öl und Uhren", collects="Straßenuhren, часы")
    a_group(name="Gauge 0 Sundays")
    assert [group.id for group in queries.listed_groups(words)] == [found.id]
    changed(found, name="Silber", collects="Löffel")
    assert queries.listed_groups(words) == []
    assert [group.id for group in queries.listed_groups("LÖFFEL silber")] == [found.id]
