"""What no webhook told is found in the processor's own list of what happened, which it keeps for thirty days."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.kernel import clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.statements import insert_into
from marketplace.payments import incoming, stripe_client
from marketplace.payments.stripe_client import StripeIsAway
from marketplace.payments.stripe_models import EventSweep
from marketplace.payments.stripe_rules import NEWS, OF_ACCOUNTS, News, counts

_EVERY = timedelta(minutes=5)
_KEPT_FOR = timedelta(days=29)
_OVERLAP = timedelta(minutes=15)
"""Events stand in the list in the order of their making, and some late; clocks differ, too."""
_MOST = 1000
_ONLY = 1


def sweep_events() -> int:
    """The worker's duty: keep the events since the last time that are not known yet. They are acted on by another duty:
    nothing more is to be done at once."""
    here = stripe_client.here()
    since = _begin() if here is not None else None
    if here is None or since is None:
        return 0
    types = sorted(kind for kind, about in NEWS.items() if about not in OF_ACCOUNTS)
    let_go()
    found: list[News] = []
    begun = clock.now()
    try:
        with here.asked() as client:
            asked = {"types": types, "created": {"gte": int(since.timestamp())}, "limit": 100}
            for event in client.v1.events.list(asked).auto_paging_iter():  # type: ignore[arg-type]  # what it takes is a dictionary of this shape
                about = event.data.object
                object_id = str(about["id"]) if "id" in about else ""
                found.append(News(event.id, event.type, object_id, event.account if "account" in event else None,
                                  event.livemode))  # fmt: skip
    except StripeIsAway:
        return 0
    wanted = [each for each in found if counts(each, is_live=here.is_live, of_accounts=False)]
    for first in range(0, len(wanted), _MOST):
        incoming.keep(wanted[first : first + _MOST])
    _end(begun)
    return 0


@use_case
def _begin() -> datetime | None:
    """From when on to read, where it is due; the next worker comes some minutes later."""
    now = clock.now()
    first = {"id": _ONLY, "swept_until": now - _KEPT_FOR, "due_at": now}
    db.session.execute(insert_into(EventSweep).values(first).on_conflict_do_nothing())
    sweep = db.session.get(EventSweep, _ONLY, with_for_update=True)
    if sweep is None or sweep.due_at > now:
        return None
    sweep.due_at = now + _EVERY
    return max(sweep.swept_until - _OVERLAP, now - _KEPT_FOR)


@use_case
def _end(until: datetime) -> None:
    sweep = db.session.get(EventSweep, _ONLY, with_for_update=True)
    if sweep is not None:
        sweep.swept_until = max(sweep.swept_until, until)
