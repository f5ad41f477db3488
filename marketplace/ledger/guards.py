"""What makes the books append-only in the database itself: triggers, for SQLite and for PostgreSQL.

Who owns the database can drop a trigger; the seals of the chain are for him (verify.py). These are for everybody else:
a slip at a console, a migration gone wrong, a use case that forgot that a mistake is put right by a reversal.
"""

from __future__ import annotations

from sqlalchemy import DDL
from sqlalchemy.schema import ExecutableDDLElement

TRANSFERS, ENTRIES, HEADS = "ledger_transfers", "ledger_entries", "ledger_heads"
REFUSAL = "the books are only added to"

# SQLite's INSERT OR REPLACE deletes the old row without asking the triggers on DELETE: hence these, on INSERT.
_IS_STORED = {
    TRANSFERS: "id = NEW.id OR reference = NEW.reference OR (group_id = NEW.group_id AND number = NEW.number)",
    ENTRIES: "transfer_id = NEW.transfer_id AND number = NEW.number",
    HEADS: "group_id = NEW.group_id",
}

# The end of a chain moves on by one transfer at a time, and is never taken away.
_GOES_BACK = "NEW.group_id <> OLD.group_id OR NEW.currency <> OLD.currency OR NEW.number <> OLD.number + 1"

_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
END $$"""


def _sqlite(name: str, event: str, table: str, when: str = "") -> ExecutableDDLElement:
    condition = f"WHEN {when} " if when else ""
    ddl = f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition}BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return DDL(ddl).execute_if(dialect="sqlite")


def _postgresql(ddl: str) -> ExecutableDDLElement:
    return DDL(ddl).execute_if(dialect="postgresql")


def _never_replaced(table: str) -> ExecutableDDLElement:
    is_stored = f"EXISTS (SELECT 1 FROM {table} WHERE {_IS_STORED[table]})"  # noqa: S608 - of our own words only
    return _sqlite(f"{table}_are_never_replaced", "INSERT", table, is_stored)


def _append_only(table: str) -> list[ExecutableDDLElement]:
    """Rows are added, and that is all."""
    return [
        _sqlite(f"{table}_never_change", "UPDATE", table),
        _sqlite(f"{table}_never_go", "DELETE", table),
        _never_replaced(table),
        _postgresql(_POSTGRESQL_FUNCTION),
        _postgresql(
            f"CREATE TRIGGER {table}_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()"
        ),
    ]


def _only_forward(table: str) -> list[ExecutableDDLElement]:
    """Rows move on by one, and stay."""
    return [
        _sqlite(f"{table}_only_go_on", "UPDATE", table, _GOES_BACK),
        _sqlite(f"{table}_never_go", "DELETE", table),
        _never_replaced(table),
        _postgresql(_POSTGRESQL_FUNCTION),
        _postgresql(
            f"CREATE TRIGGER {table}_only_go_on BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({_GOES_BACK}) EXECUTE FUNCTION ledger_refuses()"
        ),
        _postgresql(
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()"
        ),
    ]


STATEMENTS = {TRANSFERS: _append_only(TRANSFERS), ENTRIES: _append_only(ENTRIES), HEADS: _only_forward(HEADS)}
