"""What holding others' books against ours found, in words for the operators' page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flask_babel import gettext as _

from marketplace.escrow import queries as escrow
from marketplace.kernel.money import Money
from marketplace.payments.line_rules import What
from marketplace.payments.reconcile_models import Discrepancy, Reconciliation
from marketplace.payments.reconcile_words import NAMES, REASONS, SENTENCES
from marketplace.web.format import money_text


class Shown(NamedTuple):
    """Something that does not add up, as a row of the page."""

    row: Discrepancy
    sentence: str
    is_order_seen: bool
    """Whether the reader may open the order's page."""


def shown(rows: Sequence[Discrepancy], reader_id: int) -> list[Shown]:
    """Each with its sentence. One query, where orders are among them."""
    seen = escrow.seen_by(reader_id, {row.order_id for row in rows if row.order_id is not None})
    return [Shown(row, _sentence(row), row.order_id in seen) for row in rows]


def reasons(run: Reconciliation) -> list[tuple[str, Money, int]]:
    """What explains the rest: why, how much it makes there beyond our books, how many."""
    return [(str(_(REASONS[named])), amount, times) for named, amount, times in run.explanations()]


def names(sources: Iterable[str]) -> str:
    """Whose books they are."""
    return ", ".join(NAMES.get(source, source) for source in sources)


def _sentence(row: Discrepancy) -> str:
    amounts = {"theirs": _amount(row.theirs), "ours": _amount(row.ours)}
    return str(_(SENTENCES[What(row.what)], who=names([row.source]), about=row.about, **amounts))


def _amount(amount: Money | None) -> str:
    return str(_("nothing")) if amount is None else money_text(amount)
