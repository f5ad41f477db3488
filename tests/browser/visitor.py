"""Somebody at a browser, in the words of a story: he opens, presses, reads. Every page he sees is examined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Error, FilePayload, Locator, Page, expect

from tests.browser.exam import Exam, is_gone_elsewhere
from tests.factories.accounts import PASSWORD
from tests.house import House, wait_until
from tests.phone import Phone

_PATIENCE_MS = 20_000


class Visitor:
    """A browser with its own cookies."""

    def __init__(self, house: House, page: Page, exam: Exam) -> None:
        self.house, self.page, self.exam = house, page, exam
        page.set_default_timeout(_PATIENCE_MS)

    # ---- going somewhere ----

    def opens(self, path: str, *, status: int = 200) -> None:
        self.page.goto(self.house.url + path, wait_until="load")
        self._arrived(status)

    def presses(self, name: str, *, status: int = 200, within: str = "body") -> None:
        """A button, or a link, by the words on it; then a page is there, the next or the same one."""
        self._goes_by(self._deed(name, within), status)

    def is_led_on(self, name: str, *, to: str) -> None:
        """By a button, and a page of ours that leads on by itself, to where somebody else is at home."""
        with self.page.expect_navigation(url=re.compile(f"^{re.escape(to)}/"), wait_until="load"):
            self._deed(name, "main").click()
        self._arrived(200)

    def forces(self, name: str) -> None:
        """A form that the browser itself would keep back: the page comes again and says what is wrong."""
        self.page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
        self.presses(name, within="main", status=422)

    def presses_enter(self, *, status: int = 200) -> None:
        """On what has the keyboard's focus."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press("Enter")
        self._arrived(status)

    def _goes_by(self, deed: Locator, status: int) -> None:
        with self.page.expect_navigation(wait_until="load"):
            deed.click()
        self._arrived(status)

    def _deed(self, name: str, within: str) -> Locator:
        place, words = self.page.locator(within), re.compile(re.escape(name).replace(":", r"\s?:"))
        return place.get_by_role("button", name=words).or_(place.get_by_role("link", name=words))

    def _arrived(self, status: int) -> None:
        assert self.exam.status == status, f"{self.page.url} answers {self.exam.status}: {self.says()}"
        self.exam.take()

    # ---- filling in ----

    def fills(self, answers: Mapping[str, str], *, within: str = "main") -> None:
        """Fields by the words that their labels begin with."""
        for label, answer in answers.items():
            self._field(label, within).fill(answer)

    def chooses(self, label: str, option: str) -> None:
        """One of a list that folds out."""
        self._field(label, "main").select_option(label=option)

    def ticks(self, label: str) -> None:
        """A box, or one of several round ones."""
        self._field(label, "main").check()

    def attaches(self, label: str, *files: FilePayload) -> None:
        self._field(label, "main").set_input_files(list(files))

    def _field(self, label: str, within: str) -> Locator:
        named = self.page.locator(within).get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
        return named.and_(self.page.locator("input, select, textarea"))

    # ---- reading ----

    def reads(self, *texts: str) -> None:
        for text in texts:
            expect(self._words(text)).to_be_visible(timeout=_PATIENCE_MS)

    def does_not_read(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text)).to_have_count(0)

    def reads_soon(self, text: str) -> None:
        """Something that the worker does: he loads the page again until it is there."""

        def has_come() -> bool:
            try:
                self.page.reload(wait_until="load")
            except Error as why:  # the page of a lot may load itself anew in the same moment
                if not is_gone_elsewhere(why):
                    raise
            return self._words(text).is_visible()

        if not self._words(text).is_visible():
            wait_until(has_come, f"“{text}” on {self.page.url}", 40)
        self.exam.take()

    def finds_error(self, field: str, text: str) -> None:
        """The sentence stands at the field, and the field knows it."""
        place = self.page.locator(f"#{field}")
        expect(place).to_have_attribute("aria-invalid", "true")
        described = (place.get_attribute("aria-describedby") or "").split()
        said = " ".join(self.page.locator(f"#{name}").inner_text() for name in described).replace("\u00a0", " ")
        assert text in said, f"at {field} stands: {said}"

    def says(self) -> str:
        """What the page answers to the last deed."""
        return " | ".join(self.page.locator(".flash, .error").all_inner_texts())

    def _words(self, text: str) -> Locator:
        return self.page.locator("body").get_by_text(text).locator("visible=true").first

    # ---- what many stories begin with ----

    def signs_in(self, email: str, *, password: str = PASSWORD, phone: Phone | None = None) -> None:
        self.opens("/sign-in")
        self.fills({"E-mail": email, "Password": password})
        self.presses("Sign in", within="main form")
        if phone is not None:
            self.fills({"Code": phone.code()})
            self.presses("Sign in", within="main form")
        expect(self.page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()

    def proves(self, phone: Phone) -> None:
        """The page wants a code, for what follows moves money."""
        self.reads("Prove that it is you")
        self.fills({"Code": phone.code()})
        self.presses("It is me")


def pictures(contents: Sequence[bytes], names: Sequence[str] | None = None) -> list[FilePayload]:
    """Files as they are chosen from a disk."""
    return [
        {"name": names[place] if names else f"picture-{place + 1}.jpg", "mimeType": "image/jpeg", "buffer": content}
        for place, content in enumerate(contents)
    ]


def headings(page: Page) -> Any:
    """The page's own title."""
    return page.locator("h1").inner_text()
