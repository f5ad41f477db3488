"""The demo's sale: open for lots, so that a visitor can put one in, order them, and read when each ends."""

from __future__ import annotations

from functools import partial

from marketplace.auctions import sales
from marketplace.worker import demo_words as words
from marketplace.worker.demo_people import ANTIQUES
from marketplace.worker.demo_story import Story

_OPENED_DAYS_AGO = 1.5


def tell(story: Story) -> None:
    """A moderator opens it; the lots that are in it come with the other lots."""
    story.at(story.ago(_OPENED_DAYS_AGO), partial(_open, story))


def _open(story: Story) -> None:
    sales.open_sale(
        by=story.people["viktor"], group_id=story.groups[ANTIQUES], title=words.SALE, words=words.WHAT_IS_IN_THE_SALE,
        starts_at=story.ahead("2d 18:00"), first_end_at=story.ahead("6d 20:00"), gap_seconds=20,
        client_key=story.key("sale"),
    )  # fmt: skip
