"""`flask payments …`: others' books against ours, for whoever runs the site and for machines that watch it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import AppGroup

from marketplace.kernel.money import Money
from marketplace.payments import reconciling
from marketplace.payments.reconcile_models import Discrepancy, Reconciliation
from marketplace.payments.reconcile_words import NAMES, REASONS, sentence_of

payments = AppGroup("payments", help="Money in and out.")

_FOUND, _NOT_ASKED = 1, 2


@payments.command("reconcile")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object, with what was found.")
@click.option("--all", "is_full", is_flag=True, help="Read their books from the beginning, not only what is new.")
def reconcile_command(as_json: bool, is_full: bool) -> None:
    """Hold what Stripe has against our movements, both ways, and its balance against the books; and the statements of
    treasurers' banks against what they confirmed.

    Exits 0 where nothing is unexplained, 1 on any finding that no operator has explained, 2 if it could not ask.
    """
    run = reconciling.run_of(reconciling.reconcile(is_full=is_full))
    found = reconciling.discrepancies(most=10_000)
    open_ones = [row for row in found if row.explained_at is None]
    click.echo(json.dumps(_report(run, found), ensure_ascii=False, indent=2) if as_json else _told(run, open_ones))
    if run.trouble:
        sys.exit(_NOT_ASKED)
    if open_ones:
        sys.exit(_FOUND)


def _told(run: Reconciliation, open_ones: Sequence[Discrepancy]) -> str:
    """In plain words: who could not be asked, what nothing explains, and what explains the rest."""
    said = [
        f"{NAMES.get(name, name)} could not be asked. Nothing is concluded from that." for name in run.trouble.split()
    ]
    said += [f"{_sentence(row)}{_where(row)}" for row in open_ones]
    said += [f"{REASONS[named]}: {amount} ({times})." for named, amount, times in run.explanations()]
    if not open_ones and not run.trouble:
        said.append(f"Nothing is unexplained: {run.line_count} of their lines, {run.entry_count} of our movements.")
    return "\n".join(said)


def _sentence(row: Discrepancy) -> str:
    return sentence_of(row.source, row.what, about=row.about, theirs=row.theirs, ours=row.ours)


def _where(row: Discrepancy) -> str:
    order = f"Order {row.order_id}, since" if row.order_id is not None else "Since"
    return f" ({order} {row.since:%Y-%m-%d %H:%M} UTC.)"


def _report(run: Reconciliation, found: Sequence[Discrepancy]) -> dict[str, Any]:
    return {
        "ok": not run.trouble and all(row.explained_at is not None for row in found),
        "not_asked": run.trouble.split(),
        "begun_at": run.begun_at.isoformat(),
        "through": run.through.isoformat() if run.through else None,
        "is_full": run.is_full,
        "lines": run.line_count,
        "movements": run.entry_count,
        "explained": [
            {"reason": each.named, "count": each.times, **_amount("amount", each.amount)} for each in run.explanations()
        ],
        "findings": [_finding(row) for row in found],
    }


def _finding(row: Discrepancy) -> dict[str, Any]:
    return {
        "key": row.key, "source": row.source, "what": row.what, "about": row.about, "sentence": _sentence(row),
        "order_id": row.order_id, "group_id": row.group_id,
        **_amount("theirs", row.theirs), **_amount("ours", row.ours),
        "since": row.since.isoformat(), "note": row.note,
        "explained_at": row.explained_at.isoformat() if row.explained_at else None,
    }  # fmt: skip


def _amount(name: str, amount: Money | None) -> dict[str, int | str | None]:
    minor, currency = (None, None) if amount is None else (amount.minor, amount.currency)
    return {f"{name}_minor": minor, f"{name}_currency": currency}
