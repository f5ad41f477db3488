"""The fees that were announced before they were kept are found in the history of their orders, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import current_app

from marketplace.config import Settings
from marketplace.escrow.processor_proving import processor_findings
from marketplace.kernel import schema
from marketplace.kernel.database import db
from marketplace.payments.stripe_models import Chargeback, Checkout
from marketplace.playmoney import disputes
from tests.factories.stripe import hear, reconciled, stripe_at
from tests.installations import installation
from tests.journeys.test_paid_by_card import an_order_by_card, begin, pay

pytestmark = pytest.mark.one_database  # each test makes installations of its own, on both


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_fees_that_were_announced_are_kept(settings_of: Callable[..., Settings], where: str) -> None:
    with installation(settings_of, where) as app, stripe_at(app) as stripe:
        begin(an_order_by_card(stripe))
        for _order in range(2):
            pay(an_order_by_card(stripe), stripe)
        disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
        hear(stripe)
        before = fees()
        assert before == ([None, 2_38, 2_38], [15_00])
        db.session.remove()
        db.engine.dispose()
        script = ScriptDirectory(current_app.extensions["migrate"].directory).get_revision("0033")
        assert script is not None and isinstance(script.down_revision, str)
        flask_migrate.downgrade(revision=script.down_revision)
        schema.upgrade()
        assert fees() == before
        assert [*processor_findings()] == []
        assert reconciled() == []


def fees() -> tuple[list[int | None], list[int | None]]:
    db.session.rollback()
    checkouts = db.session.query(Checkout).order_by(Checkout.id).all()
    return [each.fee_minor for each in checkouts], [each.fee_minor for each in db.session.query(Chargeback).all()]
