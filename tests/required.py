"""Nothing is skipped silently: what a machine lacks is said at the end, and CI, where all must run, fails on it."""

from __future__ import annotations

import os
from collections import Counter
from typing import NoReturn

import pytest

REQUIRE_ALL = "EARNEST_REQUIRE_ALL"


def missing(what: str) -> NoReturn:
    """This test cannot run here, for want of `what`: it is skipped, or fails where EARNEST_REQUIRE_ALL is set."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(f"required and missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each thing that kept tests from running. tests/conftest.py imports this hook."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"NOT RUN: {count} tests, {reason}", red=True)
