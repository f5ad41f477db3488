"""Told about payouts that are late: to whom the money belongs, and to all officers of the group. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.escrow.late_payouts import LatePayout, with_orders
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.service import notify_all
from marketplace.payments.events import PayoutLate
from marketplace.payments.late_rules import LAW, Reader, Stage, Whose
from marketplace.payments.lateness import Late
from marketplace.payments.rules import Through


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


_A_DEPOSIT = Word(_("a deposit"))
_DAYS: dict[Stage | None, int] = {clause.stage: clause.after.days for clause in LAW}


def late(fact: PayoutLate) -> None:
    """The payee hears what keeps it, and whom to ask, or what he himself has to do; each officer that it is late, but
    not of his own. Nobody of what a bank's question stopped meanwhile."""
    clause = next(clause for clause in LAW if clause.stage is fact.stage)
    found = with_orders([Late(fact.payout, clause)])
    if not found:
        return
    if Reader.PAYEE in fact.told:
        _tell_payee(found[0])
    if Reader.OFFICERS in fact.told:
        _tell_officers(found[0])


def _tell_payee(late: LatePayout) -> None:
    slug, payout = groups.group(late.payout.group_id).slug, late.payout
    kind, path = "payout_late_to_you", links.order(late.order.id) if late.order else links.deposit(slug)
    if late.stage is Stage.FOR_PAYEE:
        by_hand = payout.gateway is Through.TREASURER
        kind, path = "payout_needs_you", links.PAYOUT_DETAILS if by_hand else links.CARD_PAYMENTS
    _tell((payout.person_id,), kind, path, late)


def _tell_officers(late: LatePayout) -> None:
    group = groups.group(late.payout.group_id)
    officers = [each.person_id for each in groups.officers(group.id) if each.person_id != late.payout.person_id]
    path = links.treasury(group.slug) if late.order else links.deposits(group.slug)
    _tell(officers, "payout_late", path, late)


def _tell(person_ids: list[int] | tuple[int, ...], kind: str, path: str, late: LatePayout) -> None:
    """Once for each stage of what is owed since that moment, however often it was tried again."""
    payout, group = late.payout, groups.group(late.payout.group_id)
    notify_all(
        person_ids, kind=kind, ref=f"order:{late.order.id}" if late.order else f"group:{group.id}", path=path,
        group_id=group.id, key=f"{payout.purpose}:{payout.since.isoformat()}:{late.stage}",
        data={
            "amount": payout.amount, "since": payout.since, "days": _DAYS[late.stage], "group": group.name,
            "title": late.order.title if late.order else _A_DEPOSIT,
            "name": names_of([payout.person_id])[payout.person_id],
            "is_for_all": late.stage is Stage.VERY_LATE,
            "is_by_card": payout.whose is Whose.PROCESSOR,
        },
    )  # fmt: skip
