"""Whatever comes in through a form: an answer that says what is wrong and where, what was typed is kept, and nothing is
written that should not be."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse, encode_multipart

from marketplace.groups.term_rules import RANGES
from tests.factories.catalog import a_picture
from tests.web.permission_table import EVERYBODY, TABLE
from tests.web.valid_forms import FORMLESS, FORMS, Sent
from tests.web.world import Who, World

NASTY: dict[str, str] = {
    "a zero byte": "tea\0pot",
    "100 kB": "x" * 100_000,
    "marks that turn the text": "\u202etopaet\u2066",
    "only marks": "\u200e\u202e\u2069",
    "below zero": "-1",
    "zero": "0",
    "a huge number": str(10**30),
    "no number": "NaN",
    "an endless number": "1e400",
    "a fraction": "0.001",
    "emoji": "🫖",
    "markup": "<script>alert(1)</script>\"'",
    "spaces": " \t\r\n ",
    "nothing": "",
}
NEVER_KEPT = {"a zero byte", "100 kB"}
"""No field takes these."""

ACCEPTED = {200, 302, 303}
REFUSED = {403, 404, 409, 422}

EVERYWHERE = {"a zero byte", "100 kB", "marks that turn the text", "below zero", "a huge number", "no number"}
"""These go into one field after the other; the rest into all fields at once."""
ALIKE = set(RANGES) - {"fee_basis_points", "days_to_pay", "deposit_minor", "deposit_threshold_minor"}
"""Fields of one kind: a few speak for all."""

# What nobody types: hidden, a button's or a box's own value. A wrong one is no mistake of a person's, and what is wrong
# is said above the form.
UNSEEN = set(
    "client_key shipping_seen price_seen offer version agreed_version based_on photo_id do subject confirmed digest "
    "to_treasurer pickup_possible is_default is_listed person_id decision part rows amount_minor statement".split()
)
PASSWORDS = {"password", "new_password"}
COUNTED = {"password", "email", "code"}
"""A failed try is written down."""
# Rows of claims are one thing: what is wrong with one of them is said below all.
TOGETHER = {"claim_label": "claims", "claim_text": "claims", "claim_sureness": "claims", "alt": "photos"}
# Somebody in the group is free to rule, so nobody is agreed on.
NOT_NOW = {"/disputes/<int:dispute_id>/rulers", "/disputes/<int:dispute_id>/rulers/accept"}
# They show what would be, and write nothing; or write only a mail to somebody who is not there.
WRITES_NOTHING = {
    "/g/<slug>/lots/<int:number>/check", "/g/<slug>/lots/<int:number>/offer/check",
    "/chargebacks/<int:claim_id>/check", "/disputes/<int:dispute_id>/ruling/check", "/g/<slug>/agree", "/new-password",
    "/prove-address", "/settings/verify",
}  # fmt: skip


def send(world: World, route: str, form: Sent, body: Any) -> TestResponse:
    """The form's sender sends `body` there."""
    return client_and_path(world, route, form.by, form.of, body)


def client_and_path(world: World, route: str, who: Who, of: str, body: Any, **how: Any) -> TestResponse:
    rule = rule_of(world, route, "POST")
    path = world.path(rule.endpoint, **{name: world.things[of][name] for name in rule.arguments})
    if isinstance(body, MultiDict):
        boundary, body = encode_multipart(body)  # in memory: the test client would leave temporary files open
        how["content_type"] = f'multipart/form-data; boundary="{boundary}"'
    with world.client(who).post(path, data=body, **how) as answer:
        return answer


def rule_of(world: World, route: str, method: str) -> Rule:
    rules = world.app.url_map.iter_rules()
    return next(rule for rule in rules if rule.rule == route and method in (rule.methods or ()))


def with_file(body: dict[str, Any], field: str, content: bytes, name: str = "photo.jpg") -> MultiDict[str, Any]:
    """The form with a file in it."""
    return MultiDict(body | {field: FileStorage(BytesIO(content), filename=name)})


# ---- The forms themselves ----


def test_every_form_is_known(built_world: World) -> None:
    posts = {rule.rule for rule in built_world.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    buttons = {route.removeprefix("POST ") for route, lines in TABLE.items() if lines[0].empty_is_fine}
    assert posts - buttons - FORMLESS <= set(FORMS) <= posts


@pytest.mark.parametrize("route", FORMS)
def test_a_good_form_is_accepted(world: World, route: str) -> None:
    form = FORMS[route]
    answer = send(world, route, form, form.body(world))
    if route in NOT_NOW or route == "/sign-in":
        assert answer.status_code == 422
        return
    assert answer.status_code in ACCEPTED, errors_in(answer)
    assert world.has_changed() or route in WRITES_NOTHING


@pytest.mark.parametrize("route", [route for route, form in FORMS.items() if form.fields])
def test_each_field_says_what_is_wrong_with_it(world: World, route: str) -> None:
    form, wrong = FORMS[route], []
    for fields, kind, body in spoiled(form, form.body(world)):
        answer = send(world, route, form, body)
        wrong += [f"{fields}, {kind}: {fault}" for fault in faults(world, route, fields, kind, body, answer)]
        world.put_back()
    assert not wrong, "\n".join(["", *wrong])


def spoiled(form: Sent, good: dict[str, Any]) -> Iterator[tuple[set[str], str, dict[str, Any]]]:
    """The form with something nasty in it: in which fields, what, and the whole."""
    typed = {name: text for name, text in good.items() if name not in form.files}
    for field in form.fields.keys() - ALIKE:
        for kind in EVERYWHERE:
            yield {field}, kind, typed | {field: NASTY[kind]}
        yield {field}, "twice", typed | {field: [typed[field], "🫖"]}
        yield {field}, "left out", {name: text for name, text in typed.items() if name != field}
    for kind, text in NASTY.items():
        yield set(typed), kind, dict.fromkeys(typed, text)


def faults(
    world: World, route: str, fields: set[str], kind: str, body: dict[str, Any], answer: TestResponse
) -> Iterator[str]:
    """What is wrong with the answer to a form that has something nasty in these fields."""
    if answer.status_code in ACCEPTED:
        if kind in NEVER_KEPT and world.has_changed() and not fields <= PASSWORDS:
            yield f"{answer.status_code}: it was kept"
        return
    if answer.status_code not in REFUSED:
        yield f"{answer.status_code}"
        return
    if world.has_changed() and not fields & COUNTED:
        yield f"{answer.status_code}, but something was written"
    if answer.status_code != 422:
        return
    if not says_why(route, answer, fields):
        yield f"no sentence at the field, but at {errors_in(answer)}"
    yield from lost(fields, kind, body, answer)


def says_why(route: str, answer: TestResponse, fields: set[str]) -> bool:
    """Whether the page has a sentence at one of these fields; where nobody sees the field, above the form."""
    places = set(errors_in(answer))
    if places & {f"{place}-error" for field in fields for place in (field, TOGETHER.get(field, field))}:
        return True
    is_for_all = bool(fields & (UNSEEN | PASSWORDS)) or route == "/sign-in"  # who may come in is not told by halves
    return is_for_all and bool(places)


def lost(fields: set[str], kind: str, body: dict[str, Any], answer: TestResponse) -> Iterator[str]:
    """What was typed and is not on the page any more. A choice that is none, and what no field takes, need not be."""
    page = Controls(answer.text)
    for name, typed in body.items():
        is_spoiled = name in fields
        if name in UNSEEN | PASSWORDS or (is_spoiled and (kind in NEVER_KEPT or name not in page.texts)):
            continue
        text = as_shown(typed[0] if isinstance(typed, list) else typed)
        there = [as_shown(each) for each in page.values.get(name, [])]
        if text and text not in there:
            yield f"{name} lost {text[:30]!r}; it has {[each[:30] for each in there]}"


def as_shown(text: str) -> str:
    return " ".join(text.split())


def errors_in(answer: TestResponse) -> list[str]:
    """The places at which the page says that something is wrong."""
    above = ["above"] if 'role="alert"' in answer.text or 'data-tone="clock"' in answer.text else []
    return re.findall(r'id="([a-z_0-9]+-error)"', answer.text) + above


CONTROL = re.compile(r"<textarea\b.*?</textarea>|<(?:input|select|option)\b[^>]*>", re.DOTALL)
"""All that Controls looks at: to take a whole page apart takes as long as to make it."""


class Controls(HTMLParser):
    """What stands in the fields of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.texts: set[str] = set()
        """The fields that one types in."""
        self._area = self._select = ""
        self.feed("".join(CONTROL.findall(page)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        name, value = has.get("name", ""), has.get("value", "")
        match tag, has.get("type"):
            case "select", _:
                self._select = name
            case "option", _ if self._select and "selected" in has:
                self._note(self._select, value)
            case "textarea", _:
                self._area = name
                self.texts.add(name)
                self._note(name, "")
            case "input", "radio" | "checkbox":
                if "checked" in has:
                    self._note(name, value)
            case "input", kind:
                if kind != "hidden":
                    self.texts.add(name)
                self._note(name, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][-1] += data

    def _note(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


# ---- Photographs ----


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few bytes that would fill the memory of a small machine."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


FILES = {
    "a text that calls itself a photograph": b"GIF89a? No: only words.",
    "half a photograph": a_picture(size=(640, 480))[:4000],
    "a bomb": bomb(),
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "nothing": b"",
    "16 MB": b"\xff\xd8\xff\xe0" + bytes(16 * 1024 * 1024),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("route", [route for route, form in FORMS.items() if form.files])
def test_what_is_no_photograph_is_refused_at_its_field(world: World, route: str, kind: str) -> None:
    form = FORMS[route]
    (field,) = form.files
    there = world.files()
    typed = form.body(world, **{field: None})
    answer = send(world, route, form, with_file(typed, field, FILES[kind]))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text, errors_in(answer)
    assert not list(lost(set(), kind, typed, answer))
    assert not world.has_changed()
    assert world.files() == there


NAMES = ["../../etc/passwd", "C:\\photo.jpg", "a\0b.jpg", "\u202egpj.exe", "x" * 5000 + ".jpg", "%00"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_means_nothing(world: World, name: str) -> None:
    route = "/g/<slug>/items/<int:item_id>/photos/add"
    answer = send(world, route, FORMS[route], with_file({}, "photos", b"no photograph", name))
    assert answer.status_code == 422
    assert "\0" not in answer.text and "\u202e" not in answer.text


def test_a_form_has_no_room_for_thousands_of_parts_or_megabytes_of_text(world: World) -> None:
    route = "/settings/profile"
    many = MultiDict([("name", "x")] * 600)
    long = with_file({"name": "x" * 5_000_000}, "file", b"x")
    for body in (many, long, {"name": "x" * 5_000_000}):
        assert send(world, route, FORMS[route], body).status_code == 413
    assert not world.has_changed()


def test_nobody_sends_files_who_has_not_signed_in(world: World) -> None:
    body = with_file({}, "picture", bytes(5_000_000))
    assert client_and_path(world, "/sign-in", Who.ANONYMOUS, "the group", body).status_code == 413


# ---- What is no form at all ----

POSTS = [(route.removeprefix("POST "), lines[0]) for route, lines in TABLE.items() if route.startswith("POST ")]
BODIES = {
    "JSON, nested 100,000 deep": (b"[" * 100_000, "application/json"),
    "an object, nested 100,000 deep": (b'{"a":' * 100_000, "application/json"),
    "a form that is not UTF-8": (b"name=%ff%fe&text=\xff\xfe&maximum=%00", "application/x-www-form-urlencoded"),
    "parts without a boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "parts that never end": (
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
        "multipart/form-data; boundary=x",
    ),
}


@pytest.mark.parametrize(("route", "line"), POSTS, ids=[route for route, _line in POSTS])
def test_what_is_no_form_is_answered(world: World, route: str, line: Any) -> None:
    who = Who.OUTSIDER if line.may == EVERYBODY else min(line.may)
    wrong = []
    for kind, (body, content_type) in BODIES.items():
        answer = client_and_path(world, route, who, line.of, body, content_type=content_type)
        if answer.status_code not in ACCEPTED | REFUSED | {400, 413, 415}:
            wrong.append(f"{kind}: {answer.status_code}")
        world.put_back()
    assert not wrong


# ---- Addresses ----

GETS = [(route.removeprefix("GET "), lines[0]) for route, lines in TABLE.items() if route.startswith("GET ")]
QUERIES = (
    "before after page q m k r kind order show side stage state subject next mine v "
    "price_from price_to made_from made_to until within trust condition no_bids words"
).split()


@pytest.mark.parametrize(("route", "line"), GETS, ids=[route for route, _line in GETS])
def test_pages_are_asked_for_nonsense(world: World, route: str, line: Any) -> None:
    who = Who.OUTSIDER if line.may in (EVERYBODY, frozenset()) else min(line.may)
    rule = rule_of(world, route, "GET")
    values = {name: world.things[line.of][name] for name in rule.arguments}
    wrong = []
    for kind in ("a zero byte", "a huge number", "below zero", "markup", "marks that turn the text"):
        text = NASTY[kind]
        query = dict.fromkeys(QUERIES, text)
        with world.client(who).get(world.path(rule.endpoint, **values), query_string=query) as answer:
            if answer.status_code >= 500 and rule.endpoint != "health.ready":
                wrong.append(f"{kind} in the query: {answer.status_code}")
            if b"<script>alert" in answer.get_data():
                wrong.append(f"{kind} in the page")
    assert not wrong


SMALL, LARGEST = "0", str(2**63 - 1)


NUMBERS = [SMALL, LARGEST, "-1", "1.0", "1e3", str(2**63), str(10**30), "9" * 4000, "%00"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_nobody_has(world: World, number: str) -> None:
    wrong = []
    for path, method in paths_with(world, number):
        with world.client(Who.OWNER).open(path, method=method) as answer:
            if answer.status_code not in {302, 403, 404, 405}:
                wrong.append(f"{method} {path[:80]}: {answer.status_code}")
    assert not wrong


def paths_with(world: World, number: str) -> Iterator[tuple[str, str]]:
    """Addresses with that number: all of them, if it is a number that a row could have."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "<int:" in rule.rule]
    for rule in rules if number in {SMALL, LARGEST} else rules[::12]:
        path = re.sub(r"<int:\w+>", number, rule.rule.replace("<slug>", world.things["the group"]["slug"]))
        yield path.replace("<any(buyer, seller):payee>", "seller"), "GET" if "GET" in (rule.methods or ()) else "POST"
