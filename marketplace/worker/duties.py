"""The timetable: what falls due, how often to look, and who does it.

A duty is looked at again and again; what is due, its feature finds in its own rows. So nothing is lost when a worker
is killed, and any number of workers may run: each feature's duty claims the rows it acts on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from marketplace.accounts import doors
from marketplace.auctions import chances, closing, matching, offering, watching
from marketplace.bankbook import importing as bank_importing, reminding as bank_reminding
from marketplace.catalog import import_keeping
from marketplace.deposits import lapsing, reminding
from marketplace.disputes import claim_telling, lapsing as disputes
from marketplace.escrow import lapsing as escrow
from marketplace.ledger import reserves
from marketplace.notifications import sending
from marketplace.payments import (
    asking,
    checkouts,
    contesting,
    incoming,
    lateness,
    reconciling,
    sellers,
    sweeping,
    unheard,
)
from marketplace.reputation import service as reputation
from marketplace.worker import deposits


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the timetable."""

    name: str
    every_seconds: float
    act: Callable[[], int]
    """Does some of what is due, in units of work of its own, and says how much. After more than nothing, more may be
    waiting: it is asked again at once."""
    calls_outside: bool = False
    """It waits for servers of others. Such duties have a thread of their own: a slow mail server delays no auction."""
    takes_long: bool = False
    """Minutes, perhaps. These have a thread of their own, too: nothing else waits for them."""


TIMETABLE: tuple[Duty, ...] = (
    Duty("start lots", 1, closing.start_due_lots),
    Duty("close lots", 1, closing.close_due_lots),
    Duty("lapse second chances", 5, chances.lapse_due_chances),
    Duty("lapse offers", 5, offering.lapse_due_offers),
    Duty("tell watchers", 30, watching.tell_watchers),
    Duty("match new lots", 30, matching.match_new_lots),
    Duty("tell of fits", 30, matching.tell_of_fits),
    Duty("lapse orders", 2, escrow.lapse_due_orders),
    Duty("remind of orders", 60, escrow.remind_due_orders),
    Duty("lapse deposits", 5, lapsing.lapse_due_deposits),
    Duty("remind of deposits", 60, reminding.remind_due_deposits),
    Duty("give deposits back", 30, deposits.return_due_deposits),
    Duty("tell of late payouts", 60, lateness.tell_of_late_payouts),
    Duty("lapse disputes", 2, disputes.lapse_due_disputes),
    Duty("remind of disputes", 60, disputes.remind_due_disputes),
    Duty("ask for attestations", 60, bank_reminding.ask_for_attestations),
    Duty("remind of banks to answer", 60, claim_telling.remind_due_claims),
    Duty("take daily roots", 60, reserves.take_due_roots),
    Duty("ask gateways", 1, asking.ask_gateways, calls_outside=True),
    Duty("answer banks", 5, contesting.send_due_contests, calls_outside=True),
    Duty("act on what Stripe told", 1, incoming.act_on_due_events, calls_outside=True),
    Duty("look at card payments", 10, checkouts.look_at_due_checkouts, calls_outside=True),
    Duty("find what no webhook told", 60, sweeping.sweep_events, calls_outside=True),
    Duty("look up sellers' accounts", 600, sellers.fetch_old, calls_outside=True),
    Duty("look up what was asked for long ago", 3600, unheard.look_up_unheard, calls_outside=True),
    Duty("reconcile with others' books", 60, reconciling.reconcile_when_due, calls_outside=True, takes_long=True),
    Duty("show feedback", 60, reputation.show_due_feedback),
    Duty("forget old tries", 600, doors.forget_old_tries),
    Duty("forget old imports", 60, import_keeping.forget_old_imports),
    Duty("forget old bank statements", 600, bank_importing.forget_old_statements),
    Duty("send mails", 2, sending.send_due_mails, calls_outside=True),
    Duty("forget sent mails", 3600, sending.forget_sent_mails),
)
