"""compose.yaml can be read, and names only settings and commands that there are."""

from __future__ import annotations

from pathlib import Path

import yaml
from flask import Flask

from marketplace.config import SETTINGS

COMPOSE = Path(__file__).parents[1] / "compose.yaml"


def test_every_service_is_described_by_settings_and_commands_that_exist(app: Flask) -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert set(services) == {"database", "web", "worker"}
    known = {setting.name for setting in SETTINGS}
    for name in ("web", "worker"):
        assert set(services[name]["environment"]) <= known
        words = services[name]["command"].split()
        assert words[words.index("wsgi") + 1] in app.cli.commands


def test_the_health_of_the_web_server_is_asked_of_readyz() -> None:
    asked = yaml.safe_load(COMPOSE.read_text())["services"]["web"]["healthcheck"]["test"]
    assert asked.startswith("curl ") and asked.endswith("/readyz")
