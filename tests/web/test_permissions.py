"""Every route is tried by everybody, against the table of who may do what."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from marketplace.groups import members, queries
from tests.web.permission_table import EVERYBODY, NOBODY, TABLE, Line
from tests.web.valid_forms import FORMS
from tests.web.world import Who, World

ANSWERS = {200, 302, 303, 409, 422}
"""What one hears who may: the page, or that the form is empty, or that it is too late, but not that it is not his."""
NOT_YET_TYPED = {302, 403, 422}
"""What one hears who may not, but has typed nothing yet: that, or what is wrong with the form."""
LINES = [(route, at) for route, lines in TABLE.items() for at in range(len(lines))]


def routes_of(world: World) -> dict[str, Rule]:
    """Every route with each of its methods: "GET /groups"."""
    return {
        f"{method} {rule.rule}": rule
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_stands_in_the_table(built_world: World) -> None:
    assert set(routes_of(built_world)) == set(TABLE)


def test_every_line_is_about_something(built_world: World) -> None:
    missing = {line.of for lines in TABLE.values() for line in lines} - set(built_world.things)
    assert not missing


@pytest.mark.parametrize(("route", "at"), LINES, ids=[f"{route} of {TABLE[route][at].of}" for route, at in LINES])
def test_everybody_gets_what_the_table_says(world: World, route: str, at: int) -> None:
    line = TABLE[route][at]
    wrong = [f"{who}: {fault}" for who in Who for fault in faults(world, route, line, who)]
    assert not wrong, "\n".join(["", *wrong])


OF_A_GROUP = [
    (route, line.of)
    for route, lines in TABLE.items()
    for line in lines[:1]
    if "<slug>" in route and "<int:" in route and "<int:number>" not in route  # every group has a lot of that number
]


@pytest.mark.parametrize(("route", "of"), OF_A_GROUP, ids=[route for route, _of in OF_A_GROUP])
@pytest.mark.parametrize(
    ("who", "where"),
    [(Who.FOREIGN_MODERATOR, "another group"), (Who.OWNER, "the owner's other group")],
    ids=["by a moderator there", "by somebody who owns both"],
)
def test_no_group_shows_what_is_another_groups(world: World, route: str, of: str, who: Who, where: str) -> None:
    world.things["here"] = {**world.things[of], **world.things[where], "subject": ""}
    for form in [{}, *([FORMS[rule_of(route)].body(world)] if rule_of(route) in FORMS else [])]:
        answer = tried(world, route, Line(EVERYBODY, NOBODY, True, "here"), who, form)
        assert answer.status_code in {403, 404}
        assert not world.has_changed()


def test_who_was_removed_keeps_what_he_bought_and_nothing_else(world: World) -> None:
    group, order = world.things["the group"], world.things["a held order"]
    with world.app.app_context():
        found = queries.group_by_slug(group["slug"])
        members.remove_member(
            by=world.ids[Who.OWNER], group_id=found.id, person_id=world.ids[Who.BUYER], reason="Rude."
        )
    buyer = world.client(Who.BUYER)
    for kept in (
        world.path("orders.show", **order), world.path("lots.show", **world.things["a sold lot"]),
        world.path("photos.show", **world.things["a photograph of the item of a sold lot"]),
        world.path("disputes.show", **world.things["a dispute"]),
    ):  # fmt: skip
        assert buyer.get(kept).status_code == 200, kept
    for gone in ("lots.catalogue", "books.show", "members.index", "items.mine"):
        assert buyer.get(world.path(gone, **group)).status_code == 404, gone
    assert buyer.get(world.path("lots.show", **world.things["a running lot"])).status_code == 404


def rule_of(route: str) -> str:
    return route.split(" ", maxsplit=1)[1]


def faults(world: World, route: str, line: Line, who: Who) -> list[str]:
    """What is not as the table says when this person tries: with an empty form and, if it is not his, a good one."""
    method, rule = route.split(" ", maxsplit=1)
    found: list[str] = []
    for is_empty in [False, True] if method == "POST" and rule in FORMS else [True]:
        form = {} if is_empty else FORMS[rule].body(world)
        answer = tried(world, route, line, who, form)
        if world.has_changed() and who not in line.may:
            found.append("something was changed")
        world.put_back()
        expected, is_fine = judged(line, who, answer, is_empty=is_empty)
        if not is_fine:
            told = f"{answer.status_code} {answer.location or ''}"
            found.append(f"with {'no' if is_empty else 'a good'} form: {told}, not {expected}")
    return found


def tried(world: World, route: str, line: Line, who: Who, form: dict[str, object]) -> TestResponse:
    """Send it. What a report is about is in the address and, as a hidden field, in the form."""
    method, _rule = route.split(" ", maxsplit=1)
    rule, thing = routes_of(world)[route], world.things[line.of]
    hidden = {name: thing[name] for name in thing.keys() & {"subject"}}
    path = world.path(rule.endpoint, **{name: thing[name] for name in rule.arguments}, **hidden)
    with world.client(who).open(path, method=method, data=form | hidden if method == "POST" else None) as answer:
        return answer


def judged(line: Line, who: Who, answer: TestResponse, *, is_empty: bool) -> tuple[str, bool]:
    """What was expected, and whether it came."""
    status = answer.status_code
    if who is Who.ANONYMOUS and line.asks_who:
        return "the sign-in page", is_sign_in(answer)
    if who in line.may:
        fine = ANSWERS | ({400, 503} if line.may == EVERYBODY else set())
        return "an answer", status in fine and (line.may == EVERYBODY or not asks_again(answer))
    if who in line.refused:
        fine = NOT_YET_TYPED if is_empty and not line.empty_is_fine else {403}
        return "403", status in fine
    return "404", status == 404


def is_sign_in(answer: TestResponse) -> bool:
    return answer.status_code in {302, 303} and urlsplit(answer.location or "").path == "/sign-in"


def asks_again(answer: TestResponse) -> bool:
    """Whether one is sent to prove who he is."""
    ways, way = {"/sign-in", "/settings/verify", "/settings/second-factor/prove"}, urlsplit(answer.location or "")
    return answer.status_code in {302, 303} and way.path in ways and "next=" in way.query
