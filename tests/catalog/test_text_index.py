"""The migration writes the words of what is there, and goes back; on both databases."""

from __future__ import annotations

from collections.abc import Callable

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text

from marketplace.auctions.models import Lot
from marketplace.catalog import texts
from marketplace.catalog.text_rules import terms_of
from marketplace.config import Settings
from marketplace.kernel import schema
from marketplace.kernel.database import db
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.installations import installation

INDEXED = "0018"
"""The revision that brought the index."""


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_what_was_there_before_the_index_is_found(settings_of: Callable[..., Settings], where: str) -> None:
    with installation(settings_of, where):
        item = an_item(title="青花瓷碗", period="18th century", condition="worn")
        lot_id, item_id, group_id = a_lot(item).id, item.id, item.group_id
        before = ScriptDirectory(current_app.extensions["migrate"].directory).get_revision(INDEXED).down_revision
        db.session.remove()
        flask_migrate.downgrade(revision=before)
        assert schema.revision() == before
        db.session.remove()
        schema.upgrade()
        for words in ("花瓷", "steyr movement"):  # of its title; of its description and what is claimed of it
            assert texts.found(group_id, terms_of(words), most=9) == [item_id], words
        lot = db.session.get_one(Lot, lot_id)
        assert (lot.condition, lot.made_from, lot.made_to) == ("worn", 1701, 1800)
        if where == "sqlite":
            sound = text("INSERT INTO item_words(item_words) VALUES ('integrity-check')")
            with db.engine.begin() as connection:
                connection.execute(sound)
