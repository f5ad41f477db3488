"""The demo's history: deeds, each at its moment in the past, done in the order of time through the product's services.

Between two deeds the worker comes by, as it does in life: it ends auctions, lets deadlines pass, reminds, shows
feedback. So what the demo holds is what would have come of it, and nothing is overdue when the real worker starts.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, true, union_all

from marketplace.auctions.chance_models import Chance
from marketplace.auctions.chance_rules import State as ChanceState
from marketplace.auctions.models import Lot
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import State as OfferState
from marketplace.auctions.rules import State as LotState
from marketplace.bankbook.models import AttestationCalendar
from marketplace.disputes.models import Dispute
from marketplace.escrow.models import Order
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.payments.models import Movement
from marketplace.payments.rules import State as MovementState
from marketplace.reputation.models import Feedback
from marketplace.worker.duties import TIMETABLE

ZONE = ZoneInfo("Europe/Vienna")
CURRENCY = "EUR"

Deed = Callable[[], object]

# What the worker does between two deeds: all that makes history, and asks nobody outside. The treasurer is no stranger:
# of the gateways, the demo's past asks him alone. Mails of the past are demo_mails.py's.
_DUTIES = [
    duty for duty in TIMETABLE
    if duty.name == "ask gateways" or not (duty.calls_outside or duty.name.startswith("forget "))
]  # fmt: skip
# In the demo's past nobody is up before eight or after eleven: a day is pressed into these hours.
_MORNING_HOUR, _WAKING_HOURS = 8, 15
# And nobody does anything at the same minute past every hour: up to 40 minutes later, by steps that seem to be chance.
_SCATTER_STEP, _MOST_SCATTERED = 1_013, 2_400
_HAMMER_FALLS = time(20, 15)
_AHEAD = re.compile(r"(?:(?P<days>\d+)d)? ?(?:(?P<hour>\d\d):(?P<minute>\d\d))?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?")


@dataclass
class Story:
    """What is to happen until now, and who and what there is by the names that the data files use."""

    now: datetime
    people: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    lots: dict[str, int] = field(default_factory=dict)
    _deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _scatter: itertools.count[int] = field(default_factory=itertools.count)

    def at(self, moment: datetime, deed: Deed) -> None:
        """Let something happen at a moment that has passed. At equal moments, what was told first comes first."""
        if moment > self.now:
            raise ValueError(f"the demo ends now, not {moment:%Y-%m-%d %H:%M}")
        heapq.heappush(self._deeds, (moment, next(self._numbers), deed))

    def tell(self) -> None:
        """Let it all happen. A deed may bring up further ones."""
        while self._deeds:
            moment, _number, deed = heapq.heappop(self._deeds)
            _work_until(moment)
            with clock.at(moment):
                deed()
        _work_until(self.now)

    def key(self, what: str) -> str:
        """A key for a form, as pages make one."""
        return f"demo-{what}-{next(self._numbers):06}"

    def ago(self, days: float) -> datetime:
        """So many days before now. On days before today it is moved into the hours in which people are up."""
        moment = self.now - timedelta(days=days)
        local = moment.astimezone(ZONE)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if local.date() == self.now.astimezone(ZONE).date():
            return moment
        up = midnight + timedelta(hours=_MORNING_HOUR) + (local - midnight) * _WAKING_HOURS / 24
        return up + timedelta(seconds=next(self._scatter) * _SCATTER_STEP % _MOST_SCATTERED)

    def evening(self, days_ago: int) -> datetime:
        """When the hammer falls on that day."""
        day = self.now.astimezone(ZONE).date() - timedelta(days=days_ago)
        return datetime.combine(day, _HAMMER_FALLS, ZONE)

    def ahead(self, text: str) -> datetime:
        """A moment to come: "2h14m" from now, or "3d 20:15", on the clock of that day."""
        found = _AHEAD.fullmatch(text)
        if not text or found is None:
            raise ValueError(f"{text!r} is no moment to come")
        part = {name: int(value or 0) for name, value in found.groupdict().items()}
        if found["hour"] is None:
            wait = timedelta(days=part["days"], hours=part["h"], minutes=part["m"])
            return (self.now + wait).replace(second=0, microsecond=0)
        day = self.now.astimezone(ZONE).date() + timedelta(days=part["days"])
        return datetime.combine(day, time(part["hour"], part["minute"]), ZONE)


def _work_until(moment: datetime) -> None:
    """Do all that falls due until then, each at its own moment."""
    while (due := _next_due()) is not None and due <= moment:
        with clock.at(due):
            if not sum(duty.act() for duty in _DUTIES):
                raise RuntimeError(f"something is due at {due:%Y-%m-%d %H:%M:%S}, and no duty does it")


def _next_due() -> datetime | None:
    """The earliest moment at which a duty has something to do."""
    first: datetime | None = db.session.scalar(_FIRST_DUE)
    return first


def _first_due() -> Select[datetime]:
    columns = (
        (Lot.starts_at, Lot.state == LotState.SCHEDULED),
        (Lot.ends_at, Lot.state == LotState.RUNNING),
        (Chance.ends_at, Chance.state == ChanceState.OPEN),
        (Offer.ends_at, Offer.state == OfferState.OPEN),
        (Order.deadline, true()),
        (Order.remind_at, true()),
        (Dispute.deadline, true()),
        (Dispute.remind_at, true()),
        (Movement.due_at, Movement.state == MovementState.INTENDED),
        (Feedback.show_at, Feedback.shown_at.is_(None)),
        (AttestationCalendar.due_at, true()),
    )
    moments = union_all(*(select(func.min(column).label("at")).where(which) for column, which in columns)).subquery()
    return select(func.min(moments.c.at))


_FIRST_DUE = _first_due()
