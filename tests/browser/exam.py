"""What is asked of every page that a visitor of the browser tests sees.

Nothing serious for axe, no sideways scroll on a phone or a desk, no picture missing, nothing on the console (a breach
of the content policy says so there), and not one request to anybody else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = "EARNEST_SHOTS"
"""A folder: then a picture of every page is put there, as wide as a phone and as a desk."""

PICTURES = "EARNEST_PICTURES"
"""Set: the two pictures of the README are taken anew."""

PHONE, DESK = 390, 1280
HEIGHT = 900

_COLOURS, _MOST_BYTES = 256, 150_000
_GRAVE = {"serious", "critical"}
_GONE_ELSEWHERE = ("ERR_ABORTED", "Not attached to an active page", "context was destroyed", "page is navigating")
"""What Chromium and Playwright say of a page that loads another at the moment one asks it something."""
_AXE_RUN = "axe.run(document, {resultTypes: ['violations'], preload: false})"
_MISSING_PICTURES = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
_TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
_WHICH = "document.readyState === 'complete' ? performance.timeOrigin : 0"
"""Each loading of a page has another; none while it is under way."""


class Exam:
    """The examiner of one visitor's page."""

    def __init__(self, page: Page, url: str, *, seen: Path, story: str, twin: BrowserContext | None = None) -> None:
        """`seen`: a folder with a name for each page that was examined. `twin`: for a visitor without scripts, a
        context with them, in which axe looks at the same page."""
        self.page, self.url, self.seen, self.story, self.twin = page, url, seen, story, twin
        self.elsewhere: tuple[str, ...] = ()
        """Where else he may be led: to the payment processor's pages."""
        self.status = 0
        """Of the page that is open."""
        self._faults: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._faults.append(f"a script failed: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def take(self) -> None:
        """Examine the page as it stands. A page of which an equal was examined costs next to nothing.

        The page of a lot loads itself anew the moment its lot ends. What was seen meanwhile is of no page: a photo is
        as wide as it was taken until the stylesheet is there.
        """
        for tries_left in (3, 2, 1, 0):
            try:
                self.page.wait_for_load_state()
                which, kind = self.page.evaluate(_WHICH), self._kind()
                found = [] if kind.exists() else self._examine()
                if which and which == self.page.evaluate(_WHICH):
                    break
            except Error as why:
                if not tries_left or not is_gone_elsewhere(why):
                    raise
        else:
            raise AssertionError(f"{self.page.url} loads itself again and again")
        self._faults += found
        assert not self._faults, f"{self.page.url}: {'; '.join(self._faults)}"
        kind.touch()

    def _kind(self) -> Path:
        """What stands for all pages like this one, seen as wide as it is, once one of them was found to be well."""
        width = int((self.page.viewport_size or {}).get("width", 0))
        return self.seen / f"{width}-{sha256(_skeleton_of(self.page.content()).encode()).hexdigest()}"

    def _examine(self) -> list[str]:
        """What is wrong with it."""
        return [*self._missing_pictures(), *self._too_wide_at(PHONE, DESK), *self._axe_says()]

    def _missing_pictures(self) -> list[str]:
        return [f"the picture {address} is missing" for address in self.page.evaluate(_MISSING_PICTURES)]

    def _too_wide_at(self, *widths: int) -> Iterator[str]:
        """No sideways scroll at any of these widths; then the window is as it was."""
        before = self.page.viewport_size
        try:
            for width in widths:
                self.page.set_viewport_size({"width": width, "height": HEIGHT})
                too_wide = self.page.evaluate(_TOO_WIDE)
                if too_wide > 0:
                    yield f"{too_wide} px too wide at {width} px"
                self._keep_shot(width)
        finally:
            if before:
                self.page.set_viewport_size(before)

    def _keep_shot(self, width: int) -> None:
        if folder := os.environ.get(SHOTS):
            path = re.sub(r"[^a-z0-9]+", "-", self.page.url.removeprefix(self.url).partition("?")[0]).strip("-")
            name = f"{len(list(self.seen.iterdir())):03}-{self.story}-{path[:40] or 'home'}-{self.status}-{width}.png"
            self.page.screenshot(path=Path(folder) / name, full_page=True)

    def _axe_says(self) -> Iterator[str]:
        with self._where_scripts_run() as page:
            found = page.evaluate(_axe())  # at one go: in between, the page may have loaded itself anew
        for each in found["violations"]:
            if each["impact"] in _GRAVE:
                places = ", ".join(node["html"][:160] for node in each["nodes"][:3])
                yield f"axe: {each['impact']}: {each['help']}: {places}"

    @contextmanager
    def _where_scripts_run(self) -> Iterator[Page]:
        """Axe is a script. For a visitor without scripts, it looks at what was sent to him in another window."""
        if self.twin is None:
            yield self.page
            return
        sent, address = self.page.content(), re.compile(f"^{re.escape(self.page.url)}$")
        self.twin.clear_cookies()
        self.twin.add_cookies(self.page.context.cookies())  # type: ignore[arg-type]  # as they were given
        page = self.twin.pages[0] if self.twin.pages else self.twin.new_page()
        page.route(address, lambda route: route.fulfill(body=sent))
        try:
            _go(page, self.page.url)
            yield page
        finally:
            page.unroute(address)

    # ---- what the browser tells ----

    def _on_console(self, message: ConsoleMessage) -> None:
        is_own_status = message.text.startswith("Failed to load resource")  # told by _on_response, which knows of what
        if message.type in {"error", "warning"} and not is_own_status:
            self._faults.append(f"the console says: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:", *self.elsewhere)):
            self._faults.append(f"it asks elsewhere: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.status = response.status
        elif response.status >= 400:
            self._faults.append(f"{response.url} answers {response.status}")


def _go(page: Page, url: str) -> None:
    """Open an address. A lot that the page was shown before may load itself anew at this very moment: then again."""
    for tries_left in (2, 1, 0):
        try:
            page.goto(url)
            return
        except Error as why:
            if not tries_left or not is_gone_elsewhere(why):
                raise


def is_gone_elsewhere(why: Error) -> bool:
    """Whether the page was just loading itself anew, as the page of a lot does when it ends: then ask once more."""
    return any(words in why.message for words in _GONE_ELSEWHERE)


@cache
def _axe() -> str:
    """axe-core, from where `make browser` puts it, and what is asked of it."""
    return f"{AXE.read_text()}; {_AXE_RUN}"


def _skeleton_of(html: str) -> str:
    """The page without its words and numbers: two lots of one kind have the same, and need no second look."""
    kept = re.sub(r'\b(href|src|value|content|alt|title|action|datetime|data-[a-z]+|placeholder)="[^"]+"', r"\1", html)
    return re.sub(r">[^<]*[^<\s][^<]*<", ">…<", re.sub(r"[0-9]+", "0", kept))


def take_picture(page: Page, name: str) -> None:
    """The pictures of the README, taken anew where EARNEST_PICTURES is set: `make browser` with it, then commit."""
    if not os.environ.get(PICTURES):
        return
    page.set_viewport_size({"width": DESK, "height": HEIGHT})
    with Image.open(BytesIO(page.screenshot(full_page=True))) as taken:
        path = Path(__file__).parent / "pictures" / f"{name}.png"
        taken.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < _MOST_BYTES, f"{path} is too large for a README"
