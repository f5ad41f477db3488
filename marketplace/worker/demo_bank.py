"""The demo's bank: a moderator looked at its balance month after month; the last month is the visitor's to look at."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from marketplace.bankbook import attesting
from marketplace.bankbook.attesting_rules import months_before
from marketplace.groups import queries as groups
from marketplace.kernel.money import Money
from marketplace.ledger.rules import month_of
from marketplace.worker import demo_words as words
from marketplace.worker.demo_people import ANTIQUES
from marketplace.worker.demo_story import ZONE, Story

_LOOKED_AFTER = timedelta(days=1, hours=10)
_WITH_A_DIFFERENCE, _DIFFERENCE = 4, -3_50
"""So many months ago the bank's fee was missing; in cents."""


def tell(story: Story) -> None:
    """He looks at it on the second of the month."""
    for ago, month in enumerate(months_before(story.now, ZONE.key)):
        if ago:
            moment = month_of(month, ZONE.key)[1] + _LOOKED_AFTER
            story.at(moment, partial(_attest, story, month, ago == _WITH_A_DIFFERENCE))


def _attest(story: Story, month: date, differs: bool) -> None:
    group = groups.group(story.groups[ANTIQUES])
    if month not in {each.first_day for each in attesting.months_of(group)}:
        return  # no money had come yet
    books = attesting.books_at(group, month_of(month, group.time_zone)[1])
    difference = Money(_DIFFERENCE if differs else 0, group.currency)
    note = words.BANK_FEE if differs else ""
    by = story.people["viktor"]
    attesting.attest(by=by, group_id=group.id, month=month, bank=books + difference, note=note)
