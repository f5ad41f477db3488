"""The demo group: its people, lots, orders and history, made through the product's own services."""

from __future__ import annotations

from functools import partial

import click
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.worker import (
    demo_bank,
    demo_cards,
    demo_gathering,
    demo_history,
    demo_lots,
    demo_mails,
    demo_orders,
    demo_people,
    installation,
)
from marketplace.worker.demo_story import Story


def register(app: Flask) -> None:
    """In a demo, the sign-in page says who is who."""
    if app.config["EARNEST_DEMO"]:
        app.config["EARNEST_DEMO_PEOPLE"] = demo_people.introduce()


def ensure(app: Flask) -> None:
    """Fill an empty database with the demo; leave one that has it as it is.

    It is one unit of work: whoever kills it in the middle finds the database empty, and it is made the next time.
    """
    if db.session.scalar(select(Person.id).limit(1)) is not None:
        return
    click.echo("Making the demo group …")
    installation.remove_files()  # those of a try that was killed
    by_card = demo_cards.scripts() if installation.settings().is_play_money else []
    scripts = [*demo_lots.read("demo_lots.toml"), *demo_lots.read("demo_sales.toml"), *demo_history.scripts()]
    pictures = demo_lots.draw([*scripts, *by_card])
    story = Story(now=clock.now())
    demo_people.tell(story)
    demo_gathering.tell(story)
    for script in scripts:
        demo_lots.tell(story, script, pictures)
        demo_orders.tell(story, script)
    if by_card:
        demo_cards.tell(story)
    for script in by_card:
        demo_lots.tell(story, script, pictures, first=partial(demo_cards.ask_for_account, story))
    demo_bank.tell(story)
    demo_mails.tell(story)
    with unit_of_work():
        story.tell()
        with clock.at(story.now):
            demo_mails.send_of_old()
