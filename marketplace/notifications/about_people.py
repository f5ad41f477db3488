"""Told about people's own affairs that others should know of. Called by wiring."""

from __future__ import annotations

from marketplace.accounts import payout_details
from marketplace.accounts.events import (
    PayoutChangeWithdrawn,
    PayoutDetailsChanged,
    SecondFactorTakenOff,
    SignInPaused,
)
from marketplace.accounts.queries import names_of
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.notifications import links
from marketplace.notifications.service import notify, notify_all
from marketplace.payments.events import SellerPayoutFailed
from marketplace.reputation import queries as reputation


def payout_details_changed(fact: PayoutDetailsChanged) -> None:
    """He hears it in case it was not he, and can take it back by the link even if he cannot sign in; the officers who
    pay him hear it in case he does not read it."""
    way_back = links.payout_change(payout_details.token_of(fact.details_id))
    _tell(fact.person_id, "payout_details_changed", way_back, from_then=fact.usable_from)


def payout_change_withdrawn(fact: PayoutChangeWithdrawn) -> None:
    _tell(fact.person_id, "payout_change_withdrawn", links.PAYOUT_DETAILS)


def second_factor_taken_off(fact: SecondFactorTakenOff) -> None:
    ref = f"person:{fact.person_id}"
    notify(
        person_id=fact.person_id, kind="second_factor_taken_off", ref=ref, path=links.SECOND_FACTOR,
        key=f"{ref}:{clock.now().isoformat()}",
    )  # fmt: skip


def sign_in_paused(fact: SignInPaused) -> None:
    """Once a day, however often somebody tries: his mailbox is not to be filled by whoever knows his address."""
    ref = f"person:{fact.person_id}"
    notify(
        person_id=fact.person_id, kind="sign_in_paused", ref=ref, path=links.NEW_PASSWORD,
        key=f"{ref}:{clock.now().date().isoformat()}", data={"until": fact.until},
    )  # fmt: skip


def seller_payout_failed(fact: SellerPayoutFailed) -> None:
    """Only he can put his bank account right."""
    notify(
        person_id=fact.person_id, kind="seller_payout_failed", ref=f"person:{fact.person_id}", path=links.CARD_PAYMENTS,
        key=f"seller payout:{fact.reference}",
    )  # fmt: skip


def _tell(person_id: int, kind: str, path: str, **details: object) -> None:
    ref, name = f"person:{person_id}", names_of([person_id]).get(person_id, "")
    key = f"{ref}:{clock.now().isoformat()}"
    notify(
        person_id=person_id, kind=kind, ref=ref, path=path, key=key, data={"name": name, "is_you": True, **details}
    )  # fmt: skip
    for group in _paying(person_id):
        officers = [officer.person_id for officer in groups.officers(group.id)]
        notify_all(
            (officer_id for officer_id in officers if officer_id != person_id),
            kind=kind,
            ref=ref,
            path=links.member(group.slug, person_id),
            data={"name": name, "is_you": False, **details},
            group_id=group.id,
            key=key,
        )


def _paying(person_id: int) -> list[Group]:
    """The groups that may have to pay a person: his own, and those that he has left with a deal still open."""
    own = groups.groups_of(person_id)
    known = {group.id for group in own}
    return own + [groups.group(other) for other in reputation.groups_with_open_deals(person_id) if other not in known]
