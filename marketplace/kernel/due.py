"""Rows that are due: each is dealt with by itself, and one that cannot be does not keep the others."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from marketplace.kernel.database import db

log = structlog.get_logger()


def survives(act_on: Callable[[int], bool], row_id: int) -> bool:
    """Whether something was done with this row. What fails stays due and is logged: the others go on."""
    try:
        return act_on(row_id)
    except Exception:
        db.session.rollback()
        log.exception("a row that is due could not be moved", act=f"{act_on.__module__}.{act_on.__name__}", row=row_id)
        return False
