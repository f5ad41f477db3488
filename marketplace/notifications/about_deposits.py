"""Told about deposits: to their member, to the officers who look after the money, to a seller. Called by wiring."""

from __future__ import annotations

from collections.abc import Collection

from marketplace.accounts.queries import names_of
from marketplace.deposits import finding
from marketplace.deposits.events import (
    DepositAsked,
    DepositChanged,
    DepositDeadlineNear,
    DepositForfeited,
    DepositPayoutChanged,
)
from marketplace.deposits.payout_rules import Action as PayoutAction
from marketplace.deposits.rules import Action, Deposit, State
from marketplace.groups import queries as groups
from marketplace.groups.rules import Role
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.service import notify_all

# What is told of a deed, by the state that it led to where that makes the difference.
TO_MEMBER: dict[tuple[Action, State | None], str] = {
    (Action.CONFIRM, None): "deposit_confirmed",
    (Action.NOT_FOUND, None): "deposit_not_found",
    (Action.LAPSE, State.EMPTY): "deposit_not_confirmed",
    (Action.LAPSE, State.STANDING): "deposit_not_confirmed",
    (Action.GIVE_BACK, None): "deposit_given_back",
}
TO_OFFICERS: dict[tuple[Action, State | None], str] = {
    (Action.SAY_SENT, None): "deposit_said_sent",
    (Action.LAPSE, State.CLAIMED): "deposit_said_sent",
}
# It was his own deed, or another fact tells of it.
NOT_TOLD = {Action.ASK_RETURN, Action.KEEP, Action.FORFEIT}


def changed(fact: DepositChanged) -> None:
    """The member hears what the treasurer or the clock did, officers what they have to look for."""
    deposit = fact.deposit
    told = _line_of(TO_MEMBER, fact)
    if told is not None:
        _tell((deposit.person_id,), told, fact, path=links.deposit(_slug(deposit.group_id)))
    asked = _line_of(TO_OFFICERS, fact)
    if asked is not None:
        _ask(fact, asked)


def forfeited(fact: DepositForfeited) -> None:
    """All three hear it: whose it was, the seller who gets a part of it, and who keeps the group's money."""
    deposit, slug = fact.deposit, _slug(fact.deposit.group_id)
    name = names_of([deposit.person_id])[deposit.person_id]
    data = {
        "title": fact.title, "number": fact.order_id, "amount": fact.to_seller + fact.to_fund, "name": name,
        "to_seller": fact.to_seller, "to_fund": fact.to_fund, "held": deposit.held,
    }  # fmt: skip
    about = {"ref": f"deposit:{deposit.id}", "group_id": deposit.group_id, "key": f"forfeit:{fact.order_id}"}
    notify_all((deposit.person_id,), kind="deposit_forfeited", path=links.deposit(slug), data=data, **about)
    if fact.to_seller:
        share = data | {"amount": fact.to_seller}
        notify_all((fact.seller_id,), kind="deposit_share", path=links.deposit(slug), data=share, **about)
    officers = set(finding.confirmers(deposit.group_id, deposit.person_id, second_officer=False)) - {fact.seller_id}
    path = links.deposit_of(slug, deposit.person_id)
    notify_all(sorted(officers), kind="deposit_forfeit_noted", path=path, data=data, **about)


def asked(fact: DepositAsked) -> None:
    """He hears what he needs from now on."""
    group = groups.group(fact.group_id)
    notify_all(
        (fact.person_id,), kind="deposit_asked", ref=f"group:{group.id}", path=links.deposit(group.slug),
        data={"group": group.name, "amount": fact.amount, "until": fact.until}, group_id=group.id,
        key=f"order:{fact.order_id}",
    )  # fmt: skip


def payout_changed(fact: DepositPayoutChanged) -> None:
    """The payee hears that it was sent or did not go through, officers what to send."""
    payout, group = fact.payout, groups.group(fact.payout.group_id)
    name = names_of([payout.payee_id])[payout.payee_id]
    about = {
        "ref": f"deposit:{fact.deposit_id}", "group_id": group.id,
        "key": f"deposit:{fact.deposit_id}:{fact.number}:payout:{payout.id}",
        "data": {
            "group": group.name, "amount": payout.amount, "name": name, "until": payout.deadline,
            "bank_reference": fact.note, "reason": fact.note,
        },
    }  # fmt: skip
    if fact.action in {PayoutAction.CONFIRM_PAYOUT, PayoutAction.PAYOUT_FAILED}:
        is_sent = fact.action is PayoutAction.CONFIRM_PAYOUT
        kind = "deposit_payout_sent" if is_sent else "deposit_payout_failed"
        notify_all((payout.payee_id,), kind=kind, path=links.deposit(group.slug), **about)
        return
    kind = "deposit_payout_missing" if fact.action is PayoutAction.PAYOUT_MISSING else "deposit_payout_to_make"
    parties = (payout.payee_id, finding.depositor_of(fact.deposit_id))
    officers = finding.confirmers(group.id, *parties, second_officer=payout.is_second_officer_due)
    if officers:
        notify_all(officers, kind=kind, path=links.deposit_payout(group.slug, payout.id), **about)
    else:
        notify_all(_owners(group.id), kind="deposit_confirmer_missing", path=links.members(group.slug), **about)


def deadline_near(fact: DepositDeadlineNear) -> None:
    """Each officer who may do it, once for each deadline and lead."""
    group = groups.group(fact.group_id)
    what = "claim" if fact.payout_id is None else f"payout:{fact.payout_id}"
    path = links.deposit_of(group.slug, fact.person_id)
    if fact.payout_id is not None:
        path = links.deposit_payout(group.slug, fact.payout_id)
    notify_all(
        fact.officer_ids, kind={48: "deposit_two_days", 12: "deposit_twelve_hours"}[fact.hours],
        ref=f"deposit:{fact.deposit_id}", path=path, group_id=group.id,
        key=f"deposit:{fact.deposit_id}:{what}:{fact.until.isoformat()}:{fact.hours}",
        data={
            "name": names_of([fact.person_id])[fact.person_id], "until": fact.until, "deed": Word(fact.deed),
            "then": Word(fact.then),
        },
    )  # fmt: skip


def _line_of(table: dict[tuple[Action, State | None], str], fact: DepositChanged) -> str | None:
    return table.get((fact.action, fact.deposit.state)) or table.get((fact.action, None))


def _ask(fact: DepositChanged, kind: str) -> None:
    deposit, slug = fact.deposit, _slug(fact.deposit.group_id)
    officers = finding.confirmers(
        deposit.group_id, deposit.person_id, second_officer=deposit.is_second_officer_due
    )  # fmt: skip
    if officers:
        _tell(officers, kind, fact, path=links.deposit_of(slug, deposit.person_id))
    else:
        _tell(_owners(deposit.group_id), "deposit_confirmer_missing", fact, path=links.members(slug))


def _tell(person_ids: Collection[int], kind: str, fact: DepositChanged, *, path: str) -> None:
    deposit, group = fact.deposit, groups.group(fact.deposit.group_id)
    notify_all(
        person_ids, kind=kind, ref=f"deposit:{deposit.id}", path=path, group_id=group.id,
        key=f"deposit:{deposit.id}:{fact.number}", data=_standing(deposit, fact) | {"group": group.name},
    )  # fmt: skip


def _standing(deposit: Deposit, fact: DepositChanged) -> dict[str, object]:
    name = names_of([deposit.person_id])[deposit.person_id]
    return {"name": name, "held": deposit.held, "amount": fact.amount, "until": deposit.deadline}


def _owners(group_id: int) -> tuple[int, ...]:
    return tuple(owner.person_id for owner in groups.officers(group_id, (Role.OWNER,)))


def _slug(group_id: int) -> str:
    return groups.group(group_id).slug
