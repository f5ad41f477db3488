"""What makes the books append-only in the database itself.

Who owns the database can drop a trigger; the seals of the chain are for him (audit.py). These are for everybody else,
and for whoever forgot that a mistake is put right by a reversal.
"""

from __future__ import annotations

from sqlalchemy.schema import ExecutableDDLElement

from marketplace.kernel.guards import Guard

TRANSFERS, ENTRIES, HEADS, ROOTS = "ledger_transfers", "ledger_entries", "ledger_heads", "ledger_roots"
REFUSAL = "the books are only added to"

_GUARD = Guard(REFUSAL, function="ledger_refuses")

_IS_STORED = {
    TRANSFERS: "id = NEW.id OR reference = NEW.reference OR (group_id = NEW.group_id AND number = NEW.number)",
    ENTRIES: "transfer_id = NEW.transfer_id AND number = NEW.number",
    HEADS: "group_id = NEW.group_id",
    ROOTS: "id = NEW.id OR (group_id = NEW.group_id AND day = NEW.day)",
}

# The end of a chain moves on by one transfer at a time, and is never taken away.
_GOES_BACK = "NEW.group_id <> OLD.group_id OR NEW.currency <> OLD.currency OR NEW.number <> OLD.number + 1"


def _only_forward(table: str) -> list[ExecutableDDLElement]:
    """Rows move on by one, and stay."""
    return [
        _GUARD.sqlite(f"{table}_only_go_on", "UPDATE", table, _GOES_BACK),
        _GUARD.sqlite(f"{table}_never_go", "DELETE", table),
        _GUARD.never_replaced(table, is_stored=_IS_STORED[table]),
        *_GUARD.postgresql(
            f"CREATE TRIGGER {table}_only_go_on BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({_GOES_BACK}) EXECUTE FUNCTION {_GUARD.function}()",
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_GUARD.function}()",
        ),
    ]


STATEMENTS = {
    **{table: _GUARD.append_only(table, is_stored=_IS_STORED[table]) for table in (TRANSFERS, ENTRIES, ROOTS)},
    HEADS: _only_forward(HEADS),
}
