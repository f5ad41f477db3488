"""The migration of parcels goes back and forth on both databases: what was paid stays what it is."""

from __future__ import annotations

from collections.abc import Callable

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text

from marketplace.config import Settings
from marketplace.escrow import parcel_paying, parcels, proving
from marketplace.kernel import schema
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.escrow import an_address, an_order, treasurer_of
from tests.factories.groups import a_group, a_member
from tests.installations import installation

pytestmark = pytest.mark.one_database  # each test makes installations of its own, on both


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_an_orders_part_of_the_shipping_becomes_its_shipping(settings_of: Callable[..., Settings], where: str) -> None:
    with installation(settings_of, where):
        group = a_group()
        how = {"group": group, "seller": a_member(group), "buyer": a_member(group)}
        first, second = (an_order(further=3_00, **how) for _ in range(2))
        by, treasurer_id, group_id = first.buyer_id, treasurer_of(first).id, group.id
        parcel_id = parcels.put_together(order_id=first.id, by=by, together=[second.id])
        parcel_paying.say_sent(parcel_id=parcel_id, by=by, address_id=an_address(by))
        amount = Money(100_00, "EUR")
        parcel_paying.confirm_payment(parcel_id=parcel_id, by=treasurer_id, amount=amount, bank_reference="line 1")
        db.session.remove()
        db.engine.dispose()
        flask_migrate.downgrade(revision=_before("0025"))
        assert _column("SELECT shipping_minor FROM orders ORDER BY id") == [10_00, 3_00]
        assert "fall_short" not in _column("SELECT action FROM order_lines")
        schema.upgrade()
        assert [*proving.held_findings()] == []
        assert group_id in _column("SELECT id FROM groups")


def _before(revision: str) -> str:
    script = ScriptDirectory(current_app.extensions["migrate"].directory).get_revision(revision)
    assert script is not None and isinstance(script.down_revision, str)
    return script.down_revision


def _column(query: str) -> list[object]:
    found = list(db.session.scalars(text(query)))
    db.session.remove()
    db.engine.dispose()
    return found
