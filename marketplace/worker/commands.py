"""The commands of the shell: serve, worker, backup, restore, demo-reset; init, ledger, payments and second-factor-off
have files of their own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import Migrate

from marketplace.kernel.database import db
from marketplace.worker import (
    backup,
    beginning,
    demo,
    duties,
    installation,
    ledger_commands,
    loop,
    payments_commands,
    people_commands,
)
from marketplace.worker.errors import CannotDo
from marketplace.worker.serve import ROOT, Address, serve

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def register(app: Flask) -> None:
    Migrate(app, db, directory=str(ROOT / "migrations"))
    for command in (serve_command, worker_command, backup_command, restore_command, demo_reset_command):
        app.cli.add_command(command)
    app.cli.add_command(beginning.init_command)
    app.cli.add_command(ledger_commands.ledger)
    app.cli.add_command(payments_commands.payments)
    app.cli.add_command(people_commands.second_factor_off_command)
    demo.register(app)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 is everywhere.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--web-processes", default=1, show_default=True, type=click.IntRange(1, 64))
@with_appcontext
def serve_command(host: str, port: int, web_processes: int) -> None:
    """Bring the database up to date, then run the web server and the worker."""
    installation.keep_private()
    settings = installation.settings()
    if settings.demo and host not in LOOPBACK:
        raise CannotDo(f"The demo does not listen on {host}: its passwords are known to all. Leave --host out.")
    address = Address(host, port, _base_url(host, port))
    address.refuse_if_taken()
    _prepare()
    play_money = installation.play_money_file() if settings.is_play_money else None
    serve(address, web_processes, live_streams=settings.live_streams, play_money=play_money)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then end; status 1 if a duty failed.")
@with_appcontext
def worker_command(once: bool) -> None:
    """Do what falls due: end auctions, watch deadlines, send what is to be sent. Any number may run."""
    installation.keep_private()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the loop opens a context for each duty
    if once:
        sys.exit(0 if loop.run_once(app, duties.TIMETABLE) else 1)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loop.run(app, duties.TIMETABLE, stop)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup_command(file: Path) -> None:
    """Write the database and all files into FILE, a .tar.gz, while everything runs. The secret key is not in it."""
    backup.back_up(file)
    click.echo(f"Written to {file}. Keep the secret key too, elsewhere: without it, payout details stay unreadable.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace what this installation holds.")
@with_appcontext
def restore_command(file: Path, overwrite: bool) -> None:
    """Put what `flask backup` wrote into FILE in the place of this installation's database and files."""
    installation.keep_private()
    for remark in backup.restore(file, overwrite=overwrite):
        click.echo(remark, err=True)
    click.echo(f"Restored from {file}.")


@click.command("demo-reset")
@with_appcontext
def demo_reset_command() -> None:
    """Throw the demo's data away and fill it anew. Touches nothing that a demo did not make."""
    if not installation.settings().demo:
        raise CannotDo("This is not a demo: EARNEST_DEMO is not set.")
    _refuse_unless_demo()
    installation.keep_private()
    installation.empty_database()
    installation.remove_files()
    installation.play_money_file().unlink(missing_ok=True)
    _prepare()
    click.echo("The demo is as on its first day.")


def _prepare() -> None:
    """Migrate, and in a demo fill what is empty."""
    installation.bring_up_to_date()
    if installation.settings().demo:
        _refuse_unless_demo()
        installation.mark_as_demo()
        demo.ensure(current_app._get_current_object())  # type: ignore[attr-defined]


def _refuse_unless_demo() -> None:
    """What people really trade never becomes a demo: the demo's passwords are on its sign-in page."""
    if not installation.is_demo() and not installation.is_empty():
        raise CannotDo(
            "This database is not the demo's. Leave EARNEST_DEMO out, or give the demo another EARNEST_DATA."
        )


def _base_url(host: str, port: int) -> str:
    """The address people open: as set, or the port at hand on this machine."""
    settings = installation.settings()
    if "EARNEST_BASE_URL" in os.environ or host not in LOOPBACK:
        return settings.base_url
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
