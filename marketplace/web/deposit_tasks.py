"""What deposits wait for, in words: for the officers who look after the money."""

from __future__ import annotations

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _, ngettext

from marketplace.deposits import waiting
from marketplace.web.tasks import Task


def tasks_of(person_id: int) -> Iterable[Task]:
    """A line for each group in which other members' deposits wait for this person."""
    for wait in waiting.waiting_for(person_id):
        claims = ngettext("%(num)d deposit to look for", "%(num)d deposits to look for", wait.claims)
        payouts = ngettext("%(num)d payout out of a deposit", "%(num)d payouts out of deposits", wait.payouts)
        both = _("%(payments)s, %(payouts)s", payments=claims, payouts=payouts)
        yield Task(
            title=both if wait.claims and wait.payouts else claims if wait.claims else payouts,
            url=url_for("deposit_treasury.index", slug=wait.slug),
            button=_("To the deposits"),
            text=_("In %(group)s, the most urgent first.", group=wait.group_name),
            deadline=wait.until,
            zone=wait.zone,
            then=_("What happens then, the list says."),
        )
