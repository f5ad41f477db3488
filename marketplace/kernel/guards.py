"""What makes a table append-only in the database itself: triggers, for SQLite and for PostgreSQL.

Who owns the database can drop a trigger. These are for everybody else: a slip at a console, a migration gone wrong, a
use case that forgot that what was said, or booked, stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import DDL
from sqlalchemy.schema import ExecutableDDLElement


@dataclass(frozen=True, slots=True)
class Guard:
    """For tables that refuse in the same words."""

    refusal: str
    """What the database says."""
    function: str
    """PostgreSQL's function that says so."""

    def append_only(self, table: str, *, is_stored: str) -> list[ExecutableDDLElement]:
        """Rows are added, and that is all. `is_stored`: what is true of an old row that NEW would replace."""
        return [
            self.sqlite(f"{table}_never_change", "UPDATE", table),
            self.sqlite(f"{table}_never_go", "DELETE", table),
            self.never_replaced(table, is_stored=is_stored),
            *self.postgresql(
                f"CREATE TRIGGER {table}_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {self.function}()"
            ),
        ]

    def never_replaced(self, table: str, *, is_stored: str) -> ExecutableDDLElement:
        """SQLite's INSERT OR REPLACE deletes the old row without asking the triggers on DELETE: hence this one."""
        is_there = f"EXISTS (SELECT 1 FROM {table} WHERE {is_stored})"  # noqa: S608 - of our own words only
        return self.sqlite(f"{table}_are_never_replaced", "INSERT", table, is_there)

    def sqlite(self, name: str, happens: str, table: str, when: str = "") -> ExecutableDDLElement:
        """One trigger that refuses."""
        condition = f"WHEN {when} " if when else ""
        words = (
            f"CREATE TRIGGER {name} BEFORE {happens} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
        )
        return DDL(words).execute_if(dialect="sqlite")

    def postgresql(self, *triggers: str) -> list[ExecutableDDLElement]:
        """These triggers, and before them the function that they name."""
        function = (
            f"\nCREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
            f"BEGIN\n    RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'restrict_violation';\nEND $$"
        )
        return [DDL(each).execute_if(dialect="postgresql") for each in (function, *triggers)]
