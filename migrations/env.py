"""Runs the migrations, for `flask db` and for the tests, on SQLite and PostgreSQL."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.types import TypeDecorator

import marketplace
from marketplace.catalog.text_models import NOT_IN_THE_METADATA
from marketplace.kernel.database import Base, db, unit_of_work

for module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
    if module.name.rpartition(".")[2] in {"models", "audit", "clock", "heartbeat"} or module.name.endswith("_models"):
        importlib.import_module(module.name)


PLAIN = {sa.DateTime: "sa.DateTime(timezone=True)", sa.JSON: "sa.JSON()"}


def render(kind: str, item: Any, autogen: Any) -> str | bool:
    """Our own column types are written plainly, so that a migration stays true when the type moves."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return PLAIN.get(type(item.impl_instance), "sa.Text()")
    return False


def run() -> None:
    with unit_of_work():
        connection = db.session.connection()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=False,
            include_name=lambda name, *_: name not in NOT_IN_THE_METADATA,
            transactional_ddl=True,
        )
        if connection.dialect.name == "postgresql":  # two servers that start together migrate one after the other
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(726352)"))
        context.run_migrations()


run()
