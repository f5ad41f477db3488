"""Told about what members owe a group, and about what a group has earned. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.escrow.events import DebtArose, DebtPaid, DebtWrittenOff, FeesAnswered, WriteOffProposed
from marketplace.groups import queries as groups
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.notifications import links
from marketplace.notifications.service import notify_all


def arose(fact: DebtArose) -> None:
    group = groups.group(fact.group_id)
    notify_all(
        [fact.person_id], kind="debt_arose", ref=f"order:{fact.order_id}", path=links.debt(group.slug),
        group_id=fact.group_id, key=f"order:{fact.order_id}:{fact.number}:debt",
        data={"amount": fact.amount, "left": fact.left, "group": group.name, "title": fact.title},
    )  # fmt: skip


def paid(fact: DebtPaid) -> None:
    _tell_debtor("debt_paid", fact)


def written_off(fact: DebtWrittenOff) -> None:
    _tell_debtor("debt_written_off", fact)


def proposed(fact: WriteOffProposed) -> None:
    """Every officer who may agree."""
    group = groups.group(fact.group_id)
    officers = {each.person_id for each in groups.officers(fact.group_id, OFFICERS)} - {fact.by_id, fact.person_id}
    name = names_of([fact.by_id]).get(fact.by_id, "")
    notify_all(
        sorted(officers), kind="write_off_proposed", ref=f"debt:{fact.deed_id}",
        path=links.debt_of(group.slug, fact.person_id), group_id=fact.group_id, key=f"debt:{fact.deed_id}:proposed",
        data={"name": name, "amount": fact.amount, "group": group.name, "reason": fact.reason},
    )  # fmt: skip


def fees_answered(fact: FeesAnswered) -> None:
    """Owners and treasurers."""
    group = groups.group(fact.group_id)
    officers = {each.person_id for each in groups.officers(fact.group_id, CONFIRMERS)}
    notify_all(
        sorted(officers), kind="fees_paid" if fact.is_paid else "fees_declined", ref=f"fees:{fact.request_id}",
        path=links.fees(group.slug), group_id=fact.group_id, key=f"fees:{fact.request_id}",
        data={"amount": fact.amount, "group": group.name, "reason": fact.note},
    )  # fmt: skip


def _tell_debtor(kind: str, fact: DebtPaid | DebtWrittenOff) -> None:
    group = groups.group(fact.group_id)
    notify_all(
        [fact.person_id], kind=kind, ref=f"debt:{fact.deed_id}", path=links.debt(group.slug), group_id=fact.group_id,
        key=f"debt:{fact.deed_id}", data={"amount": fact.amount, "left": fact.left, "group": group.name},
    )  # fmt: skip
