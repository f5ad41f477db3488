"""What waits for a person, from every feature, as lines of one queue: the soonest deadline first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from itertools import compress
from threading import Lock
from typing import NamedTuple

from cachetools import TTLCache, cached
from flask import Flask, Response, g, session, url_for
from flask_babel import gettext as _, ngettext
from sqlalchemy import ColumnElement, Dialect, TextClause, bindparam, select

from marketplace.auctions import chances, lists, offer_queries
from marketplace.auctions.increment_rules import plus_increment
from marketplace.deposits import waiting as deposits
from marketplace.disputes import claim_finding, waiting as disputes
from marketplace.escrow import debts, waiting as orders
from marketplace.groups import proposal_queries, queries as group_queries, waiting as group_waiting
from marketplace.groups.handover_queries import HandoverWaits
from marketplace.kernel import clock
from marketplace.kernel.database import Big, UtcDateTime, db
from marketplace.kernel.statements import written_out
from marketplace.payments import lateness
from marketplace.reputation import queries as reputation
from marketplace.web import debt_tasks, deposit_tasks, dispute_tasks, late_words, order_tasks, proposal_words
from marketplace.web.format import money_text
from marketplace.web.handover_words import handover_task
from marketplace.web.limits import only_reads
from marketplace.web.tasks import Task

KEPT_SECONDS = 15.0
"""So long the head of a page may leave out what others have done meanwhile; one's own deeds it counts at once."""
_last: TTLCache[int, int] = TTLCache(maxsize=5_000, ttl=KEPT_SECONDS)
_lock = Lock()


def register(app: Flask) -> None:
    app.after_request(_notice_deed)


def count_for(person_id: int) -> int:
    """How many things wait for this person, for the head of every page: counted anew only once in a while."""
    if "tasks" in g:
        return len(g.tasks)
    if not only_reads() and (last := last_count(person_id)) is not None:  # a form that comes back has changed nothing
        return last
    count = counted(person_id, session.get("deed", ""))
    with _lock:
        _last[person_id] = count
    return count


def last_count(person_id: int) -> int | None:
    """What was counted last, if that is not long ago."""
    with _lock:
        return _last.get(person_id)


@cached(TTLCache(maxsize=5_000, ttl=KEPT_SECONDS), lock=Lock())
def counted(person_id: int, _deed: str) -> int:
    """Kept for the person and the last thing that he did in this session."""
    with clock.at(now := clock.now()):
        return sum(source.count_of(person_id) for source in sources_for(person_id, now))


def _notice_deed(response: Response) -> Response:
    """What a person does changes what waits for him: his next page counts anew, whichever process serves it."""
    if not only_reads() and "_user_id" in session:
        session["deed"] = secrets.token_hex(4)
    return response


def tasks_of(person_id: int) -> list[Task]:
    """Everything that waits for this person: one query for all sources, then those of each that has something."""
    if "tasks" not in g:
        with clock.at(now := clock.now()):  # one queue, one moment
            found = [task for source in sources_for(person_id, now) for task in source.tasks_of(person_id)]
        g.tasks = sorted(found, key=lambda task: (task.deadline is None, task.deadline or now))
    tasks: list[Task] = g.tasks
    return tasks


def _from_auctions(person_id: int) -> Iterable[Task]:
    """Lots on which somebody else leads now."""
    for lot, group in lists.outbid_of(person_id, now=clock.now()):
        yield Task(
            title=_("You have been outbid on lot %(number)s", number=lot.number),
            url=url_for("lots.show", slug=group.slug, number=lot.number, _anchor="bid"),
            button=_("Bid %(least)s or more", least=money_text(plus_increment(lot.price, lot.terms.ladder))),
            text=_("%(title)s, at %(price)s.", title=lot.title, price=money_text(lot.price)),
            deadline=lot.ends_at,
            zone=group.time_zone,
            then=_("Then the lot ends."),
            item_id=lot.item_id,
        )


def _count_outbid(person_id: int) -> int:
    return lists.outbid_count(person_id, now=clock.now())


def _from_chances(person_id: int) -> Iterable[Task]:
    """Lots whose buyer did not pay, offered to him."""
    for chance, lot, group in chances.waiting_for(person_id, now=clock.now()):
        yield Task(
            title=_("Lot %(number)s can be yours for %(price)s", number=lot.number, price=money_text(chance.price)),
            url=url_for("chances.show", slug=group.slug, number=lot.number),
            button=_("Look at the offer"),
            text=_("%(title)s: its buyer has not paid, and you were next.", title=lot.title),
            deadline=chance.ends_at,
            zone=group.time_zone,
            then=_("Then it goes on to the next."),
            item_id=lot.item_id,
        )


def _from_offers(person_id: int) -> Iterable[Task]:
    """What others offer for his lots that have passed."""
    for offer, lot, group in offer_queries.waiting_for(person_id, now=clock.now()):
        yield Task(
            title=_(
                "You are offered %(amount)s for lot %(number)s", amount=money_text(offer.amount), number=lot.number
            ),
            url=url_for("offers.on_lot", slug=group.slug, number=lot.number),
            button=_("Look at the offer"),
            text=_("%(title)s.", title=lot.title),
            deadline=offer.ends_at,
            zone=group.time_zone,
            then=_("Then the offer lapses."),
            item_id=lot.item_id,
        )


def _from_groups(person_id: int) -> Iterable[Task]:
    for wait in group_waiting.waiting_for(person_id):
        yield _group_task(wait)


def _group_task(wait: group_waiting.Wait) -> Task:
    match wait:
        case group_waiting.ApplicationsWait():
            return Task(
                ngettext("%(num)d person asks to join", "%(num)d people ask to join", wait.count),
                url_for("moderation.applications", slug=wait.slug),
                _("Read and decide"),
                _("To %(group)s. They wait until somebody decides.", group=wait.group_name),
            )
        case group_waiting.ReportsWait():
            return Task(
                ngettext("%(num)d report by a member", "%(num)d reports by members", wait.count),
                url_for("moderation.reports", slug=wait.slug),
                _("Look into it"),
                _("In %(group)s.", group=wait.group_name),
            )
        case group_waiting.InstructionsWait():
            return Task(
                _("Approve new payment instructions"),
                url_for("group_settings.instructions", slug=wait.slug),
                _("Read and approve"),
                _("For %(group)s. Until a second officer approves them the old ones stand.", group=wait.group_name),
            )
        case HandoverWaits():
            return handover_task(wait)
        case group_waiting.RulesWait():
            return Task(
                _("Agree to the new rules of %(group)s", group=wait.group_name),
                url_for("groups.rules", slug=wait.slug),
                _("Read the rules"),
                _("Version %(number)s. Until you agree you neither bid nor list there.", number=wait.version),
            )


def _from_feedback(person_id: int) -> Iterable[Task]:
    owed = reputation.waiting_for(person_id)
    group_by_id = group_queries.groups({wait.group_id for wait in owed})
    for wait in owed:
        yield Task(
            _("Say how the deal went"),
            url_for("feedback.give", order_id=wait.order_id),
            _("Give feedback"),
            _("%(title)s.", title=wait.title),
            deadline=wait.until,
            zone=group_by_id[wait.group_id].time_zone,
            then=_("Then the deal counts without your word."),
        )


class Source(NamedTuple):
    """One feature's part of the queue."""

    tasks_of: Callable[[int], Iterable[Task]]
    """What waits for a person."""
    may_wait: Callable[[], ColumnElement[bool]]
    """False where that is nothing, of `person_id` at `now`; where it is something, or might be, true."""
    counter: Callable[[int], int] | None = None
    """How many they are, where that is asked with less effort."""

    def count_of(self, person_id: int) -> int:
        return self.counter(person_id) if self.counter else len(list(self.tasks_of(person_id)))


SOURCES = (
    Source(order_tasks.tasks_of, orders.may_wait),
    Source(proposal_words.tasks_of, proposal_queries.may_wait),
    Source(deposit_tasks.tasks_of, deposits.may_wait),
    Source(dispute_tasks.tasks_of, disputes.may_wait),
    Source(late_words.tasks_of, lateness.may_be_late),
    Source(dispute_tasks.claims_of, claim_finding.may_wait),
    Source(debt_tasks.tasks_of, debts.may_wait),
    Source(_from_auctions, lists.may_be_outbid, _count_outbid),
    Source(_from_chances, chances.may_wait),
    Source(_from_offers, offer_queries.may_wait),
    Source(_from_groups, group_waiting.may_wait),
    Source(_from_feedback, reputation.may_wait),
)


def sources_for(person_id: int, now: datetime) -> list[Source]:
    """Those that may have something for him. Most people have nothing to do most of the time, and then one query says
    so for all of them."""
    with _lock:  # it takes long to make: once will do for all who come first
        gate = _gate(db.engine.dialect)
    return list(compress(SOURCES, db.session.execute(gate, {"person_id": person_id, "now": now}).one()))


@lru_cache(maxsize=8)
def _gate(dialect: Dialect) -> TextClause:
    whole = select(*(source.may_wait() for source in SOURCES))
    return written_out(whole, bindparam("person_id", type_=Big), bindparam("now", type_=UtcDateTime()), dialect=dialect)
