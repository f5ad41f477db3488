"""`flask init` begins a real installation: a key for its user alone, a database, an owner and his group. Once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from marketplace.app import _begins, create_app
from marketplace.config import Settings
from marketplace.groups import queries as groups
from marketplace.groups.rules import Role
from marketplace.kernel.errors import RuleBroken
from marketplace.worker import beginning, installation

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-the-tests-that-is-long-enough-0123456789"
ANSWERS = {
    "email": "anna@example.org",
    "name": "Anna",
    "password": "correct horse battery",
    "group": "Lindengasse Antiques",
    "collects": "antiques",
    "currency": "EUR",
    "time_zone": "Europe/Vienna",
}


def flask(folder: Path, *words: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as somebody types it, with nothing set but where to keep things and what the test sets."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("EARNEST", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT, env={**environ, "EARNEST_DATA": str(folder), **settings}, input=typed,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def empty(settings_of: Callable[..., Settings]) -> Flask:
    """A place where nothing has begun."""
    return create_app(settings_of())


def test_an_installation_begins_with_one_command_and_only_once(tmp_path: Path) -> None:
    folder = tmp_path / "earnest"
    refused = flask(folder, "worker", "--once")
    assert refused.returncode == 1
    assert "Run `flask init`" in refused.stderr

    wrong = flask(folder, "init", "--email", "nonsense", "--name", "Anna", "--group", "Clocks", "--password", "x" * 12)
    assert wrong.returncode == 2
    assert "Mails cannot reach" in wrong.stderr and "Traceback" not in wrong.stderr
    assert not (folder / "earnest.sqlite3").exists()

    said = flask(folder, "init", "--email", "anna@example.org", "--name", "Anna", "--group", "Clocks & Co",
                 "--password", "correct horse battery")  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "/g/clocks-co" in said.stdout
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "correct horse" not in said.stdout

    again = flask(folder, "init", "--email", "b@example.org", "--name", "B", "--group", "B", "--password", "x" * 12)
    assert again.returncode == 1
    assert "There is an installation here already" in again.stderr
    assert flask(folder, "ledger", "verify").returncode == 0


@pytest.mark.parametrize(
    ("option", "answer", "says"),
    [
        ("--email", "nonsense", "Mails cannot reach 'nonsense'"),
        ("--email", "", "Mails cannot reach"),
        ("--name", " ", "--name"),
        ("--group", "", "--group"),
        ("--currency", "EURO", "Choose the currency"),
        ("--currency", "XYZ", "Choose the currency"),
        ("--time-zone", "Vienna", "Choose the time zone"),
        ("--password", "short", "Choose a password of 10"),
    ],
)
def test_a_wrong_answer_begins_nothing(empty: Flask, option: str, answer: str, says: str) -> None:
    right = {"--email": "anna@example.org", "--name": "Anna", "--group": "Clocks", "--password": "x" * 12}
    words = [word for pair in {**right, option: answer}.items() for word in pair]
    said = CliRunner().invoke(beginning.init_command, words, obj=ScriptInfo(create_app=lambda: empty))
    assert said.exit_code == 2
    assert says in said.stderr
    with empty.app_context():
        assert not (installation.settings().data / "earnest.sqlite3").exists()


def test_at_the_prompt_a_wrong_answer_is_asked_for_again(tmp_path: Path) -> None:
    typed = "nonsense\nanna@example.org\n \nAnna\nClocks & Co\nshort\nshort\n" + "correct horse battery\n" * 2
    said = flask(tmp_path, "init", "--currency", "eur", typed=typed)
    assert said.returncode == 0, said.stderr
    assert "/g/clocks-co" in said.stdout
    assert said.stdout.count("Your e-mail:") == said.stdout.count("Your name:") == 2


@pytest.mark.parametrize(
    "url", ["postgresql://anna:x@127.0.0.1:1/earnest", "sqlite:////no/such/folder/earnest.sqlite3"]
)
@pytest.mark.parametrize(
    "words",
    ["serve --port 65531", "init --email anna@example.org --name Anna --group Clocks --password correct-horse"],
    ids=["serve", "init"],
)
def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path, url: str, words: str) -> None:
    said = flask(tmp_path, *words.split(), DATABASE_URL=url, EARNEST_SECRET_KEY=KEY)
    assert said.returncode == 1
    assert "Error: The database that DATABASE_URL names cannot be used:" in said.stderr
    assert "Traceback" not in said.stderr
    assert ":x@" not in said.stderr, "the password stays out"


def test_the_first_person_owns_the_group_and_operates_the_site(app: Flask) -> None:
    group = beginning.begin(**ANSWERS)
    [owner] = groups.officers(group.id)
    assert Role(owner.role) is Role.OWNER
    assert groups.groups_of(owner.person_id) == [group]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"password": "short"}, "password"),
        ({"time_zone": "Vienna"}, "There is no time zone Vienna"),
    ],
)
def test_a_wrong_answer_is_named_and_leaves_nothing(app: Flask, wrong: dict[str, str], says: str) -> None:
    with pytest.raises(RuleBroken, match=says):
        beginning.begin(**{**ANSWERS, **wrong})
    assert groups.listed_groups("") == []
    beginning.begin(**ANSWERS)


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("--app wsgi init", True),
        ("init --email a@b.org", True),
        ("--app=wsgi init", True),
        ("--app wsgi backup init", False),
        ("--app init worker", False),
        ("", False),
    ],
)
def test_only_the_command_init_may_make_a_key(typed: str, begins: bool) -> None:
    assert _begins(typed.split()) is begins
