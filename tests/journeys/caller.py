"""Somebody at a terminal: reads pages over HTTP, fills in the forms that stand on them, and sends them.

As a browser without scripts does it: hidden fields go along, what stands in a field is kept, a button's name and its
own address count. What the page does not offer, he cannot do.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from tests.factories.accounts import PASSWORD
from tests.house import House, wait_until
from tests.phone import Phone

_SECONDS = 60


@dataclass
class Button:
    """What sends a form, and what it adds to it."""

    words: str = ""
    action: str = ""
    pair: tuple[str, str] | None = None


@dataclass
class Form:
    """A form as it stands on the page."""

    action: str
    is_post: bool
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What can be ticked, by name: the values, in the order in which they stand there."""
    buttons: list[Button] = field(default_factory=list)


class Caller:
    """One person, with cookies of his own."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.url, self.text = house.url, ""
        self._last: Request | None = None
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def opens(self, path: str) -> None:
        self._goes(Request(urljoin(self.house.url, path)))

    def sends(self, button: str, status: int = HTTPStatus.OK, **answers: str) -> None:
        """Press the button whose words begin so, after filling in the form around it."""
        form, pressed = self._found(button)
        unknown = answers.keys() - form.values.keys() - form.choices.keys()
        assert not unknown, f"the form of “{button}” has no {unknown}; it has {sorted({*form.values, *form.choices})}"
        content = {**form.values, **answers, **dict([pressed.pair] if pressed.pair else [])}
        address = urljoin(self.url, pressed.action or form.action or self.url)
        body = urlencode(content).encode()
        asked = Request(address, body) if form.is_post else Request(f"{address}?{body.decode()}")
        asked.add_header("Referer", self.url)
        self._last = asked
        self._goes(asked, status)

    def sends_again(self) -> None:
        """The very same request, as by whoever got no answer to it."""
        assert self._last is not None
        self._goes(self._last)

    def reads(self, *texts: str) -> None:
        for text in texts:
            assert text in self.words, f"“{text}” is not on {self.url}: {self.words}"

    def reads_soon(self, text: str) -> None:
        """Something that the worker does: he asks for the page again until it says so."""

        def has_come() -> bool:
            self._goes(Request(self.url.partition("#")[0]))
            return text in self.words

        wait_until(has_come, f"“{text}” on {self.url}")

    def signs_in(self, email: str, *, phone: Phone | None = None) -> None:
        self.opens("/sign-in")
        self.sends("Sign in", email=email, password=PASSWORD)
        if phone is not None:
            self.sends("Sign in", code=phone.code())
        self.reads("Sign out")

    def first_choice(self, button: str, name: str) -> str:
        """The value that stands first among those that can be ticked."""
        return self._found(button)[0].choices[name][0]

    @property
    def words(self) -> str:
        """The page without its markup."""
        plain = html.unescape(re.sub(r"<[^>]*>", "", self.text))
        return " ".join(plain.replace("\u00a0", " ").split())

    def _found(self, button: str) -> tuple[Form, Button]:
        forms = _Forms.of(self.text)
        for form in forms:
            for each in form.buttons:
                if each.words.startswith(button):
                    return form, each
        offered = [each.words for form in forms for each in form.buttons]
        raise AssertionError(f"no button “{button}” on {self.url}, but {offered}: {self.words}")

    def _goes(self, asked: Request, status: int = HTTPStatus.OK) -> None:
        try:
            answer: Any = self._opener.open(asked, timeout=_SECONDS)
        except HTTPError as refusal:
            answer = refusal
        with answer:
            self.url, self.text = answer.geturl(), answer.read().decode()
        assert answer.status == status, f"{self.url} answers {answer.status}: {self.words}"


class _Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._button: Button | None = None
        self._area = self._select = ""

    @classmethod
    def of(cls, text: str) -> list[Form]:
        reader = cls()
        reader.feed(text)
        return reader.forms

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get") == "post")
            self.forms.append(self._form)
        elif self._form is not None:
            for name, value in self._begun(tag, given, self._form):
                self._form.values[name] = value

    def _begun(self, tag: str, given: dict[str, str], form: Form) -> Iterator[tuple[str, str]]:
        """What a field says as it stands."""
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "button":
            self._button = Button(action=given.get("formaction", ""), pair=(name, value) if name else None)
            form.buttons.append(self._button)
        elif tag == "textarea":
            self._area = name
            yield name, ""
        elif tag == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif tag == "option" and self._select:
            if "selected" in given or not form.choices[self._select]:
                yield self._select, value
            form.choices[self._select].append(value)
        elif tag == "input" and given.get("type") in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                yield name, value
        elif tag == "input" and given.get("type") != "file":
            yield name, value

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "button":
                self._button = None
            case "textarea":
                self._area = ""
            case "select":
                self._select = ""

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button.words = " ".join(f"{self._button.words}{data}".replace("\u00a0", " ").split())
        if self._area and self._form is not None:
            self._form.values[self._area] += data.removeprefix("\n") if not self._form.values[self._area] else data
