"""Told about a group's bank account: its balance is to be attested, or it was and differs. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.bankbook import events
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.service import notify_all


def attestation_due(fact: events.AttestationDue) -> None:
    """Every officer hears it: who of them may is said on the page."""
    group = groups.group(fact.group_id)
    notify_all(
        (officer.person_id for officer in groups.officers(group.id)),
        kind="attestation_due_again" if fact.is_second else "attestation_due",
        ref=f"attestation:{group.id}:{fact.month}", path=links.attest(group.slug),
        data={"group": group.name, "until": fact.until}, group_id=group.id,
    )  # fmt: skip


def balance_differs(fact: events.BalanceDiffers) -> None:
    """Every officer hears it but who attested it."""
    group = groups.group(fact.group_id)
    notify_all(
        (officer.person_id for officer in groups.officers(group.id) if officer.person_id != fact.by),
        kind="balance_differs", ref=f"attestation:{group.id}:{fact.month}", path=links.attest(group.slug),
        data={
            "group": group.name, "until": fact.until, "difference": fact.difference,
            "name": names_of([fact.by]).get(fact.by, ""),
        },
        group_id=group.id,
    )  # fmt: skip
