"""Items from a table: judged as the form judges, imported all or none, once, by whom they belong to."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.catalog import import_judging, import_keeping, importing, queries, rules, service
from marketplace.catalog.import_judging import Report, Verdict
from marketplace.catalog.import_models import Import, State
from marketplace.catalog.import_rules import Choice
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.rules import WIDTHS, Action, Claim, Details, Incomplete, Sureness
from marketplace.catalog.table_rules import table_of
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock, images, storage
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.groups import a_group, a_member
from tests.web.test_query_counts import statements

FULL = (
    "Title,Kind,Condition,Description,Known faults,Year or period,Dimensions,Weight,Shipping,Sent to,Pickup,"
    "Promise: Maker,Promise: Lid\n"
    'Bow teapot,Porcelain and glass,used,"From **Steyr**.\nTwo lines",A chip.,about 1765,12 cm,850,"9,80",Austria,yes,'
    "Bow (likely),not known\n"
)


@pytest.fixture
def group(app: Flask) -> Group:
    return a_group()


@pytest.fixture
def seller(group: Group) -> Person:
    return a_member(group)


def keep(seller: Person, group: Group, table: str, key: str = "key-of-the-table", **zipped: bytes) -> Import:
    """Names in `zipped` have _ for the dot."""
    file = None
    if zipped:
        file = BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in zipped.items():
                archive.writestr(name.replace("_", "."), content)
    return importing.keep(
        by=seller.id, group_id=group.id, client_key=key, content=table.encode(), zipped=file
    )  # fmt: skip


def make(upload: Import, choice: Choice = Choice.ALL, by: int | None = None) -> None:
    importing.import_rows(
        upload_id=upload.id, by=by or upload.person_id, group_id=upload.group_id, choice=choice
    )  # fmt: skip


def report(seller: Person, group: Group, table: str, **zipped: bytes) -> Report:
    return importing.report_on(keep(seller, group, table, **zipped))


def judged(seller: Person, group: Group, table: str, **zipped: bytes) -> Verdict:
    (verdict,) = report(seller, group, table, **zipped).verdicts
    return verdict


def wrong(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each.field or "", str(each)) for each in verdict.wrong]


def items_of(seller: Person) -> list[Item]:
    db.session.rollback()
    return list(db.session.scalars(select(Item).where(Item.seller_id == seller.id).order_by(Item.id)))


def files(app: Flask) -> set[str]:
    folder = app.config["EARNEST"].data / "files"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# ---- The dry run ----


def test_a_dry_run_makes_nothing(app: Flask, seller: Person, group: Group) -> None:
    verdict = judged(seller, group, FULL)
    assert verdict.is_good
    assert [each.field for each in verdict.questions] == ["photos"]
    assert items_of(seller) == []


def test_a_full_row_says_all_that_the_form_could(app: Flask, seller: Person, group: Group) -> None:
    make(keep(seller, group, FULL))
    (item,) = items_of(seller)
    assert (item.title, item.category, item.condition, item.state) == ("Bow teapot", "porcelain", "used", "draft")
    assert (item.description, item.faults, item.period) == ("From **Steyr**.\nTwo lines", "A chip.", "about 1765")
    assert (item.dimensions, item.weight_grams) == ("12 cm", 850)
    assert (item.shipping_minor, item.shipping_to, item.pickup_possible, item.unsaid) == (980, "Austria", True, [])
    assert item.claims == (Claim("Maker", "Bow", Sureness.LIKELY), Claim("Lid", "", Sureness.UNKNOWN))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("table", "field", "sentence"),
    [
        ("Title\n" + "x" * 121, "title", "This is too long. Use 120 characters or fewer."),
        ("Title\na\0b", "title", "characters that cannot be stored"),
        ("Kind\ncars", "category", "Choose one from the list."),
        ("Condition\nold", "condition", "Choose one from the list."),
        ("Weight\nheavy", "weight_grams", "Enter whole grams, as in 850."),
        ("Shipping\nmuch", "shipping", "This is not an amount."),
        ("Shipping\n-1", "shipping", "not below zero"),
        ("Shipping\n1.250", "shipping", "could be 1.25 or 1250"),
        ("Shipping\n1.2345", "shipping", "EUR has 2 decimals"),
        ("Pickup\nperhaps", "pickup_possible", "Write yes or no"),
        ("Promise: Lid\noriginal", "claims", "Say how sure you are of “Lid”."),
        ("Promise: Lid\n(certain)", "claims", "Say what you promise of “Lid”"),
        ("Promise: " + "x" * 41 + "\na (likely)", "claims", "This is too long. Use 40 characters"),
        (
            ",".join(f"Promise: {number}" for number in range(9)) + "\n" + ",".join(["a (likely)"] * 9),
            "claims",
            "too many",
        ),
        ("Photos\na.jpg", "photos", "“a.jpg” did not come: send the ZIP"),
    ],
)
def test_what_is_wrong_is_said_as_the_form_says_it(
    seller: Person, group: Group, table: str, field: str, sentence: str
) -> None:
    ((at, said),) = wrong(judged(seller, group, table))
    assert at == field
    assert sentence in said


@pytest.mark.one_database
def test_all_that_is_wrong_with_a_row_is_said_at_once(seller: Person, group: Group) -> None:
    verdict = judged(seller, group, "Kind,Weight,Shipping,Pickup,Photos\ncars,heavy,1.250,perhaps,a.jpg\n")
    assert {field for field, _said in wrong(verdict)} == {
        "category", "weight_grams", "shipping", "pickup_possible", "photos",
    }  # fmt: skip


@pytest.mark.one_database
def test_an_amount_must_be_one_of_the_groups_currency(seller: Person) -> None:
    group = a_group(currency="JPY", name="Kyoto")
    member = a_member(group)
    assert "JPY has 0 decimals" in wrong(judged(member, group, 'Shipping\n"12,50"'))[0][1]
    assert importing.report_on(keep(member, group, "Shipping\n1250", key="another-key")).good


@pytest.mark.one_database
def test_the_report_names_columns_as_the_file_does_and_what_was_not_read(seller: Person, group: Group) -> None:
    found = report(seller, group, "Shelf;Versand\n7;1.250\n")
    assert found.columns.unread == ("Shelf",)
    assert found.heading_of("shipping") == "Versand"
    assert (found.heading_of("photos"), found.heading_of(None), found.heading_of("")) == ("Photos", "", "")


# ---- What is not said is never a no ----


def test_a_missing_column_never_means_no(app: Flask, seller: Person, group: Group) -> None:
    table = "Title,Kind,Condition,Description,Shipping,Sent to,Photos\nPot,other,used,Old.,9.80,Austria,a.jpg\n"
    upload = keep(seller, group, table, a_jpg=a_picture())
    (verdict,) = importing.report_on(upload).verdicts
    assert [each.field for each in verdict.questions] == ["pickup_possible"]
    make(upload)
    (item,) = items_of(seller)
    assert item.unsaid == ["pickup_possible"]
    with pytest.raises(Incomplete, match="Say whether it can be picked up"):
        service.publish(item_id=item.id, by=seller.id)
    written = Details(
        title="Pot", description="Old.", category=rules.Category.OTHER, condition=rules.Condition.USED,
        shipping=item.shipping.amount if item.shipping else None, shipping_to="Austria", pickup_possible=False,
    )  # fmt: skip
    service.change_item(item_id=item.id, by=seller.id, details=written)
    assert service.publish(item_id=item.id, by=seller.id).published_at, "the form has answered: no"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("table", "questions"),
    [
        ("Title,Pickup\nPot,yes", ["shipping"]),
        ("Title,Pickup,Shipping\nPot,yes,no", []),
        ("Title,Pickup,Shipping\nPot,no,no", ["shipping"]),
        ("Title,Pickup,Shipping\nPot,,0", ["pickup_possible", "shipping_to"]),
        ("Title,Pickup,Shipping\nPot,,", ["shipping"]),
    ],
)
def test_how_the_buyer_gets_it_stays_open_until_it_is_said(
    seller: Person, group: Group, table: str, questions: list[str]
) -> None:
    found = judged(seller, group, table)
    assert found.is_good
    about_others = {"title", "category", "condition", "description", "photos"}
    assert [each.field for each in found.questions if each.field not in about_others] == questions


@pytest.mark.one_database
def test_an_open_question_is_asked_only_where_a_no_would_be_made_of_it(seller: Person, group: Group) -> None:
    make(keep(seller, group, "Title,Pickup\nPot,yes"))
    (item,) = items_of(seller)
    facts = item.facts(photos=1)
    assert "Say what shipping costs." in str([str(each) for each in rules.lacks(facts)])
    with pytest.raises(Incomplete):
        rules.judge(facts, Action.PUBLISH)


# ---- Photographs ----


def test_photographs_come_in_the_order_of_the_row_clean_and_each_item_has_its_own(
    app: Flask, seller: Person, group: Group
) -> None:
    pictures = {"a_jpg": a_picture(size=(20, 10)), "b_png": a_picture("PNG", size=(30, 10))}
    upload = keep(seller, group, "Title,Photos\nPot,B.png; x/a.JPG\nLid,a.jpg\n", **pictures)
    make(upload)
    pot, lid = items_of(seller)
    photos = queries.photos_of([pot.id, lid.id])
    assert [(photo.width, photo.position) for photo in photos[pot.id]] == [(30, 1), (20, 2)]
    assert [photo.width for photo in photos[lid.id]] == [20]
    keys = [photo.key for item in (pot, lid) for photo in photos[item.id]]
    assert len(set(keys)) == 3
    assert all(storage.get(images.file_of(key, width)) for key in keys for width in WIDTHS)
    assert not any(name.startswith("imports/") for name in files(app))


@pytest.mark.one_database
def test_what_is_wrong_with_photographs_is_told_by_row(seller: Person, group: Group) -> None:
    table = "Title,Photos\nPot,a.jpg\nLid,gone.jpg\nCup,bad.jpg\nJug,inner.zip\n"
    zipped = {"a_jpg": a_picture(), "bad_jpg": b"no picture", "inner_zip": b"PK", "spare_jpg": a_picture()}
    found = report(seller, group, table, **zipped)
    assert [verdict.is_good for verdict in found.verdicts] == [True, False, False, False]
    said = [wrong(verdict)[0][1] for verdict in found.wrong]
    assert "“gone.jpg” is not in the ZIP" in said[0]
    assert "“bad.jpg”: This file is not a photograph" in said[1]
    assert "“inner.zip”: This is not a JPEG" in said[2]
    assert [file.name for file in found.unused] == ["bad.jpg", "inner.zip", "spare.jpg"]


@pytest.mark.one_database
def test_twelve_are_the_most(seller: Person, group: Group) -> None:
    zipped = {f"p{number}_jpg": a_picture() for number in range(13)}
    names = ";".join(name.replace("_", ".") for name in zipped)
    assert "12 photographs at most" in wrong(judged(seller, group, f"Title,Photos\nPot,{names}\n", **zipped))[0][1]


@pytest.mark.one_database
def test_five_hundred_are_the_most_of_all_rows_together(seller: Person, group: Group) -> None:
    names = ";".join(f"{number}.jpg" for number in range(10))
    with pytest.raises(RuleBroken, match="name 510 photographs") as refusal:
        keep(seller, group, "Photos\n" + f"{names}\n" * 51)
    assert refusal.value.field == "table"


@pytest.mark.one_database
def test_one_picture_under_two_names_is_one_photograph(seller: Person, group: Group) -> None:
    content = a_picture()
    make(keep(seller, group, "Title,Photos\nPot,a.jpg;b.jpg;a.jpg", a_jpg=content, b_jpg=content))
    assert len(queries.photos_of([items_of(seller)[0].id])[items_of(seller)[0].id]) == 1


@pytest.mark.one_database
def test_pictures_that_nobody_names_are_not_even_unpacked(
    seller: Person, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "picture_of", lambda *_args, **_how: pytest.fail("decoded"))
    assert report(seller, group, "Title\nPot", a_jpg=a_picture()).unused[0].name == "a.jpg"


@pytest.mark.one_database
@pytest.mark.parametrize(("limit", "most"), [("MOST_PIXELS", 64 * 48 + 1), ("MOST_UNREADABLE", 0)])
def test_more_than_we_look_at_is_refused_and_nothing_stays(
    app: Flask, seller: Person, group: Group, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    there = files(app)
    monkeypatch.setattr(importing, limit, most)
    zipped = {"a_jpg": a_picture(), "b_jpg": a_picture(), "c_jpg": b"no picture"}
    with pytest.raises(RuleBroken, match="in one go") as refusal:
        keep(seller, group, "Title,Photos\nPot,a.jpg;b.jpg;c.jpg", **zipped)
    assert refusal.value.field == "photos"
    assert files(app) == there
    assert import_keeping.waiting(by=seller.id, group_id=group.id) is None


# ---- The import ----


def test_all_are_imported_only_if_all_are_good(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Weight\nPot,850\nLid,heavy\nCup,90\n")
    with pytest.raises(RuleBroken, match="Not every row is good"):
        make(upload, Choice.ALL)
    assert items_of(seller) == []
    make(upload, Choice.GOOD)
    assert [item.title for item in items_of(seller)] == ["Pot", "Cup"]
    assert [(number, item.title) for number, item in importing.made_of(upload)] == [(2, "Pot"), (4, "Cup")]
    lines = db.session.scalars(select(AuditLine.what).where(AuditLine.actor_id == seller.id)).all()
    assert (lines.count("draft item"), lines.count("import items"), lines.count("send table")) == (2, 1, 1)


def test_where_no_row_is_good_nothing_is_imported(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Weight\nheavy\n")
    for choice in Choice:
        with pytest.raises(RuleBroken, match="No row is good yet"):
            make(upload, choice)


def test_a_second_click_imports_nothing_twice(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg\n", a_jpg=a_picture())
    upload_id, person_id, group_id = upload.id, seller.id, group.id

    def click() -> None:
        importing.import_rows(upload_id=upload_id, by=person_id, group_id=group_id, choice=Choice.ALL)

    assert at_once(app, click, click, click) == []
    click()
    (item,) = items_of(seller)
    assert db.session.scalar(select(func.count()).select_from(Photo)) == 1
    kept = {name for name in files(app) if name.startswith("photos/")}
    assert {images.file_of(queries.photos_of([item.id])[item.id][0].key, width) for width in WIDTHS} <= kept


def test_who_clicks_while_the_pictures_go_hears_that_it_is_done(
    app: Flask, seller: Person, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, copy = keep(seller, group, "Title,Photos\nPot,a.jpg\n", a_jpg=a_picture()), importing._with_copies

    def faster(*args: object, **how: object) -> object:
        monkeypatch.undo()
        make(upload)
        return copy(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_with_copies", faster)
    make(upload)
    assert len(items_of(seller)) == 1


def test_if_it_fails_nothing_is_there(
    app: Flask, seller: Person, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg\nLid,\n", a_jpg=a_picture())
    there = files(app)
    monkeypatch.setattr(importing, "_photos_of", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make(upload)
    assert items_of(seller) == []
    assert files(app) == there
    assert import_keeping.kept(upload.id, by=seller.id, group_id=group.id).state == State.KEPT
    monkeypatch.undo()
    make(upload)
    assert len(items_of(seller)) == 2


def test_a_key_that_somebody_took_himself_stops_him_alone(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title\nPot\n")
    key = f"import-{upload.client_key}-2"
    service.draft_item(by=seller.id, group_id=group.id, client_key=key, details=Details())
    with pytest.raises(RuleBroken, match="stands in the way"):
        make(upload)
    assert len(items_of(seller)) == 1


# ---- What is kept, for whom, and how long ----


def test_the_same_form_sent_twice_is_one_upload(app: Flask, seller: Person, group: Group) -> None:
    picture = a_picture()
    first = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=picture).id
    there = files(app)
    assert keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=picture).id == first
    assert files(app) == there


@pytest.mark.one_database
def test_who_goes_back_and_chooses_other_files_sends_another(app: Flask, seller: Person, group: Group) -> None:
    first = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture()).id
    second = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture()).id
    third = keep(seller, group, "Title\nLid").id
    assert len({first, second, third}) == 3


def test_the_same_form_sent_at_once_is_one_upload(app: Flask, seller: Person, group: Group) -> None:
    person_id, group_id = seller.id, group.id

    def send() -> None:
        importing.keep(by=person_id, group_id=group_id, client_key="one-key-only", content=b"Title\nPot", zipped=None)

    assert at_once(app, send, send) == []
    assert db.session.scalar(select(func.count()).select_from(Import)) == 1


def test_a_newer_table_takes_the_place_of_the_older(app: Flask, seller: Person, group: Group) -> None:
    older = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture())
    newer = keep(seller, group, "Title\nLid", key="another-key")
    waiting = import_keeping.waiting(by=seller.id, group_id=group.id)
    assert waiting is not None and waiting.id == newer.id
    with pytest.raises(NotFound):
        import_keeping.kept(older.id, by=seller.id, group_id=group.id)
    assert import_keeping.forget_old_imports() == 1
    assert not any(name.startswith("imports/") for name in files(app))


def test_a_table_is_forgotten_after_a_day_with_its_pictures(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture())
    upload_id, made_at = upload.id, upload.made_at
    assert import_keeping.forget_old_imports() == 0
    with clock.at(made_at + timedelta(hours=24)):
        with pytest.raises(NotFound):
            import_keeping.kept(upload.id, by=seller.id, group_id=group.id)
        with pytest.raises(NotFound):
            make(upload)
        assert import_keeping.waiting(by=seller.id, group_id=group.id) is None
        assert import_keeping.forget_old_imports() == 1
        assert import_keeping.forget_old_imports() == 0
    assert not any(name.startswith("imports/") for name in files(app))
    assert db.session.get(Import, upload_id) is None


def test_who_throws_it_away_leaves_neither_table_nor_pictures(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture())
    upload_id, where = upload.id, {"by": seller.id, "group_id": group.id}
    for by in (a_member(group, Role.OWNER), a_person()):
        with pytest.raises(NotFound):
            import_keeping.throw_away(upload_id=upload_id, by=by.id, group_id=group.id)
    import_keeping.throw_away(upload_id=upload_id, **where)
    assert not any(name.startswith("imports/") for name in files(app))
    assert db.session.get(Import, upload_id) is None
    assert import_keeping.waiting(**where) is None
    with pytest.raises(NotFound):
        importing.import_rows(upload_id=upload_id, choice=Choice.ALL, **where)
    with pytest.raises(NotFound):
        import_keeping.throw_away(upload_id=upload_id, **where)
    noted = select(AuditLine.what).where(AuditLine.subject == f"import:{upload_id}").order_by(AuditLine.id)
    assert db.session.scalars(noted).all() == ["send table", "throw table away"]
    make(keep(seller, group, "Title\nPot", key="key-of-another-try"))
    assert len(items_of(seller)) == 1


def test_what_is_imported_is_not_thrown_away(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture())
    make(upload)
    before = files(app)
    with pytest.raises(RuleBroken, match="See its drafts"):
        import_keeping.throw_away(upload_id=upload.id, by=seller.id, group_id=group.id)
    assert files(app) == before


def test_thrown_away_while_it_is_imported_it_is_one_or_the_other(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title,Photos\nPot,a.jpg", a_jpg=a_picture())
    upload_id, by, group_id = upload.id, seller.id, group.id

    def throw() -> None:
        import_keeping.throw_away(upload_id=upload_id, by=by, group_id=group_id)

    failures = at_once(app, lambda: make(upload), throw)
    assert all(isinstance(each, NotFound | RuleBroken) for each in failures), failures
    made = len(items_of(seller))
    assert (db.session.get(Import, upload_id) is None) is (made == 0)
    assert any(name.startswith("photos/") for name in files(app)) is (made == 1)
    assert not any(name.startswith("imports/") for name in files(app))


def test_a_second_before_its_day_is_over_it_is_imported(app: Flask, seller: Person, group: Group) -> None:
    upload = keep(seller, group, "Title\nPot")
    with clock.at(upload.made_at + timedelta(hours=24, seconds=-1)):
        make(upload)
    assert len(items_of(seller)) == 1


def test_others_find_nothing_not_even_in_another_group_of_his(app: Flask, seller: Person, group: Group) -> None:
    upload, owner = keep(seller, group, "Title\nPot"), a_member(group, Role.OWNER)
    other = a_group(name="Silver Spoons")
    a_member(other, person=seller)
    for person, where in ((owner, group), (a_person(), group), (seller, other)):
        with pytest.raises(NotFound):
            import_keeping.kept(upload.id, by=person.id, group_id=where.id)
        with pytest.raises(NotFound):
            importing.import_rows(upload_id=upload.id, by=person.id, group_id=where.id, choice=Choice.ALL)
    assert import_keeping.waiting(by=owner.id, group_id=group.id) is None
    assert items_of(seller) == []


def test_who_may_list_nothing_neither_sends_nor_imports(app: Flask, seller: Person, group: Group) -> None:
    with pytest.raises(NotFound):
        keep(a_person(), group, "Title\nPot")
    upload, owner = keep(seller, group, "Title\nPot"), a_member(group, Role.OWNER)
    members.remove_member(by=owner.id, group_id=group.id, person_id=seller.id, reason="Sold fakes.")
    with pytest.raises((NotFound, NotAllowed)):
        make(upload)
    assert items_of(seller) == []


# ---- What was not imported ----


@pytest.mark.one_database
def test_what_is_to_be_mended_runs_in_no_spreadsheet_and_comes_back_as_it_was(seller: Person, group: Group) -> None:
    table = 'Title;Shelf;Weight\n"=HYPERLINK(""http://x"")";+1;-850\nPot;2;850\n'
    found = report(seller, group, table)
    content = found.to_mend({2: "Weight: -1 is none"})
    text = content.decode("utf-8-sig")
    assert not any(cell.startswith(tuple("=+-@")) for line in text.splitlines() for cell in line[1:-1].split('";"'))
    again = table_of(content)
    assert again.headings == ("What to mend", "Title", "Shelf", "Weight")
    assert [row.cells for row in again.rows] == [("Weight: -1 is none", '=HYPERLINK("http://x")', "+1", "-850")]
    back = importing.report_on(keep(seller, group, text, key="another-key"))
    assert back.columns.unread == ("Shelf",)
    assert table_of(back.to_mend({2: "still"})).headings == again.headings, "the column is not doubled"


# ---- Cost ----


def test_two_hundred_rows_are_as_many_questions_as_two(app: Flask, seller: Person, group: Group) -> None:
    def asked(rows: int) -> int:
        lines = "".join(f"Pot {number},yes,9.80,a.jpg\n" for number in range(rows))
        table = "Title,Pickup,Shipping,Photos\n" + lines
        with statements(app) as sent:
            upload = keep(seller, group, table, key=f"key-of-{rows}", a_jpg=picture)
            importing.report_on(upload)
            make(upload)
            assert len(importing.made_of(upload)) == rows
        return sum(count for statement, count in sent.items() if not statement.startswith("INSERT"))

    picture = a_picture()
    little = asked(2)
    assert asked(200) <= little <= 60
    assert len(items_of(seller)) == 202


@pytest.fixture(autouse=True)
def _nothing_is_left(app: Flask) -> Iterator[None]:
    """Each test begins without files of the one before."""
    yield
    for name in files(app):
        storage.remove(name)


def test_the_words_for_choices_are_those_of_the_form(app: Flask) -> None:
    words = import_judging._words()
    assert words["category"]["watchesandclocks"] == "watches"
    assert words["condition"]["goodfewtracesofuse"] == words["condition"]["good"] == "good"
    assert words["sureness"]["notknown"] == words["sureness"]["unbekannt"] == "unknown"
