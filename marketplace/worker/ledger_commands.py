"""`flask ledger …`: the audit of the books, for whoever runs the site and for machines that watch it."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

import click
from flask.cli import AppGroup

from marketplace.bankbook import proving as bankbook
from marketplace.deposits import proving as deposits
from marketplace.escrow import processor_proving, proving
from marketplace.kernel.database import db
from marketplace.ledger import audit, reserves
from marketplace.ledger.audit import Finding
from marketplace.worker import ledger_audit

ledger = AppGroup("ledger", help="The books.")

EXTRA_CHECKS: tuple[Callable[[], Iterable[Finding]], ...] = (
    proving.held_findings,
    processor_proving.processor_findings,
    deposits.deposit_findings,
    ledger_audit.party_findings,
    reserves.root_findings,
    bankbook.bank_findings,
)
"""Audits that look across floors, as of what is held for each order against the order's state."""


@ledger.command("verify")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object, with what was found.")
def verify_books(as_json: bool) -> None:
    """Reckon the books again: every sum, every seal, what is held for whom. Exits 1 on any finding."""
    transfers = audit.count()
    found = list(itertools.chain.from_iterable(_found_by(check) for check in (audit.findings, *EXTRA_CHECKS)))
    if as_json:
        report = {"ok": not found, "transfers": transfers, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("\n".join(finding.sentence for finding in found) or f"The books are sound: {transfers} transfers.")
    if found:
        sys.exit(1)


def _found_by(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What an audit finds. One that stops at what it cannot read is a finding too: the others go on."""
    try:
        yield from check()
    except Exception as error:
        db.session.rollback()
        yield Finding("unreadable", f"An audit of the books stopped at something that it cannot read: {error}")
