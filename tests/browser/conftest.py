"""The product as deployed, Chromium, and visitors with cookies of their own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.exam import AXE, DESK, HEIGHT, PHONE, Exam
from tests.browser.visitor import Visitor
from tests.house import House, house
from tests.required import missing

# The first has no windows at all, and needs a third less of the processor.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# They keep Chromium from talking to anybody but us, and the others from drawing, for every window, a toolbar that
# nobody sees: that is a page of its own.
_UNSEEN = (
    "InitialWebUI,WebUIReloadButton,WebUIToolbar,WebUITabStrip,WebUIOmniboxPopup,MediaRouter,OptimizationHints,"
    "PaintHolding,HttpsUpgrades"
)
_FLAGS = [
    *"--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update".split(),
    *"--disable-sync --disable-default-apps --disable-extensions --font-render-hinting=none".split(),
    f"--disable-features={_UNSEEN}",
]

NewVisitor = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, one for the session."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        missing("Chromium")
    if not AXE.exists():
        missing("axe-core (make browser fetches it)")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # as root there is no sandbox to be had
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One installation for all stories: each founds a club of its own, and time only goes on."""
    with house(tmp_path_factory.mktemp("house")) as open_house:
        yield open_house


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Which pages were examined, by this worker or another one of the session."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "pages-seen"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def visitor(browser: Browser, here: House, seen: Path, request: pytest.FixtureRequest) -> Iterator[NewVisitor]:
    """Makes visitors: `visitor()` at a desk, `visitor(on_phone=True)` with a narrow screen, in the dark, and without
    scripts."""
    contexts: list[BrowserContext] = []
    story = re.sub(r"^test_", "", request.node.name)[:30]

    def window(*, on_phone: bool, scripts: bool) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": PHONE if on_phone else DESK, "height": HEIGHT},
            color_scheme="dark" if on_phone else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            locale="en-GB",
        )
        contexts.append(context)
        return context

    def make(*, on_phone: bool = False) -> Visitor:
        page = window(on_phone=on_phone, scripts=not on_phone).new_page()
        twin = window(on_phone=True, scripts=True) if on_phone else None
        return Visitor(here, page, Exam(page, here.url, seen=seen, story=story, twin=twin))

    yield make
    for context in contexts:
        context.close()
