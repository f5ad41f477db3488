"""Processes of the product's own, beside the test's, on the same database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).parents[2]


@contextmanager
def process(app: Flask, module: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """`python -m tests.faults.<module>` on the database of `app`; it has said "ready" and ends with the test."""
    settings = app.config["EARNEST"]
    environ = os.environ | {
        "DATABASE_URL": settings.database_url,
        "EARNEST_DATA": str(settings.data),
        "EARNEST_SECRET_KEY": settings.secret_key,
        "EARNEST_TESTING": "1",
        "EARNEST_LOG_LEVEL": "ERROR",
    }
    started = subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{module}", *map(str, arguments)],
        cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with started:
        try:
            said = started.stdout.readline() if started.stdout else ""
            assert said == "ready\n", f"{module} did not start"
            yield started
        finally:
            started.kill()
