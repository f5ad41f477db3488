"""`flask init`: a real installation's first hour. The key, the database, the first owner and his group."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from zoneinfo import available_timezones

import click
from flask import current_app
from flask.cli import ScriptInfo, with_appcontext
from marshmallow import Schema, ValidationError

from marketplace.accounts import rules as accounts_rules, schemas as people, service as accounts
from marketplace.groups import founding, schemas as groups
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import unit_of_work
from marketplace.kernel.errors import RuleBroken
from marketplace.worker import installation
from marketplace.worker.errors import CannotDo

# What a group begins with; its owner changes each of it in his pages, and is told so.
FIRST_RULES = """\
1. Describe what you sell truthfully, and show its faults.
2. A bid is binding. Pay within the time that the lot says.
3. What goes wrong goes to the moderators, not into the chat.
"""
FIRST_INSTRUCTIONS = "Ask the treasurer how to pay, and write the order’s reference with the payment."


def zone_of_this_machine() -> str:
    """Its IANA name, as Debian and most others keep it; else UTC."""
    written, link = Path("/etc/timezone"), Path("/etc/localtime")
    names = [written.read_text().strip()] if written.is_file() else []
    if link.is_symlink():
        names.append(str(link.readlink()).partition("zoneinfo/")[2])
    return next((name for name in names if name in available_timezones()), "UTC")


Check = Callable[[click.Context, click.Parameter, str], str]


def _answer(check: Callable[[str], str]) -> Check:
    """A wrong answer is told at once, and asked for again where somebody sits at the prompt."""

    def told(context: click.Context, _option: click.Parameter, answer: str) -> str:
        with context.ensure_object(ScriptInfo).load_app().app_context():
            try:
                return check(answer)
            except ValidationError as wrong:
                raise click.BadParameter(" ".join(str(sentence) for sentence in wrong.messages)) from None

    return told


def _as_in(form: type[Schema], field: str) -> Callable[[str], str]:
    """What the page's own form takes for this field."""
    return lambda answer: str(form().fields[field].deserialize(answer))


def _address(answer: str) -> str:
    try:
        return str(current_app.extensions["security"].mail_util.validate(answer.strip()))
    except ValueError as wrong:
        raise ValidationError(f"Mails cannot reach {answer!r}: {wrong}") from None


def _password(answer: str) -> str:
    least, most = accounts_rules.SHORTEST_PASSWORD, accounts_rules.LONGEST_PASSWORD
    if not least <= len(answer) <= most:
        raise ValidationError(f"Choose a password of {least} to {most} characters.")
    return answer


@click.command("init")
@click.option(
    "--email", prompt="Your e-mail", callback=_answer(_address), help="The first owner's, who operates the site."
)
@click.option(
    "--name", prompt="Your name", callback=_answer(_as_in(people.DescribePerson, "name")), help="As members see it."
)
@click.option("--group", prompt="The group's name", callback=_answer(_as_in(groups.Basics, "name")))
@click.option("--collects", default="Whatever its members collect", show_default=True,
              callback=_answer(_as_in(groups.Basics, "collects")))  # fmt: skip
@click.option("--currency", default="EUR", show_default=True,
              callback=_answer(lambda answer: _as_in(groups.Basics, "currency")(answer.strip().upper())))  # fmt: skip
@click.option("--time-zone", default=zone_of_this_machine, show_default="this machine's",
              callback=_answer(_as_in(groups.Basics, "time_zone")))  # fmt: skip
@click.password_option(callback=_answer(_password), help="Ten characters or more.")
@with_appcontext
def init_command(**answers: str) -> None:
    """Begin a real installation: make the secret key and the database, the first owner and his group."""
    installation.keep_private()
    installation.bring_up_to_date()
    if not installation.is_empty():
        raise CannotDo("There is an installation here already. Sign in, or give the new one another EARNEST_DATA.")
    try:
        group = begin(**answers)
    except RuleBroken as refusal:
        raise CannotDo(str(refusal)) from None
    settings = installation.settings()
    click.echo(f"“{group.name}” is founded; you are its owner. Start it with `flask --app wsgi serve`, then open")
    click.echo(f"{settings.base_url}/g/{group.slug} and set its rules, terms and payment instructions.")
    key = settings.data / "secret.key"
    if key.exists():
        click.echo(f"Keep a copy of {key} elsewhere: without it, payout details cannot be read.")


def begin(*, email: str, name: str, password: str, group: str, collects: str, currency: str, time_zone: str) -> Group:
    """The first owner, who operates the site, and his group. All of it or nothing."""
    if time_zone not in available_timezones():
        raise RuleBroken("There is no time zone %(zone)s. Write it as in Europe/Vienna.", zone=time_zone)
    with unit_of_work():
        owner = accounts.create_person(email=email, name=name, password=password, confirmed=True, is_operator=True)
        return founding.found_group(
            by=owner.id, client_key=secrets.token_urlsafe(12), name=group, collects=collects,
            currency=currency.upper(), time_zone=time_zone, rules_text=FIRST_RULES,
            instructions=FIRST_INSTRUCTIONS, terms=Terms(),
        )  # fmt: skip
