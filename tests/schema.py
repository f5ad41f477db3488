"""The schema for a test database: by the migrations, as everywhere else."""

from __future__ import annotations

from marketplace.kernel import schema


def make_schema() -> None:
    """Every table, in the application context at hand."""
    schema.upgrade()
