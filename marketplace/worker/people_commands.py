"""`flask second-factor-off`: for whoever runs the site, when somebody cannot come in any more."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from marketplace.accounts import rescue
from marketplace.kernel.errors import EarnestError
from marketplace.worker.errors import CannotDo


@click.command("second-factor-off")
@click.argument("email")
@with_appcontext
def second_factor_off_command(email: str) -> None:
    """Take the second factor off EMAIL's account, sign him out everywhere, and keep where he is paid as it was.

    Make sure first, by another way than mail, that it is he who asks.
    """
    try:
        person = rescue.take_second_factor_off(email=email)
    except EarnestError as refusal:
        raise CannotDo(str(refusal)) from None
    click.echo(f"{person.name} signs in with the password alone, and is told so by mail.")
