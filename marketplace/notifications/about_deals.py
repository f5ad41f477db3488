"""Told about feedback. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.service import notify
from marketplace.reputation.events import FeedbackOpened, FeedbackShown


def feedback_opened(fact: FeedbackOpened) -> None:
    notify(
        person_id=fact.person_id,
        kind="feedback_open",
        ref=f"order:{fact.order_id}",
        path=links.feedback(fact.order_id),
        data={"title": fact.title, "name": names_of([fact.other_id]).get(fact.other_id, ""), "until": fact.until},
        group_id=fact.group_id,
    )


def feedback_shown(fact: FeedbackShown) -> None:
    notify(
        person_id=fact.receiver_id,
        kind="feedback_shown",
        ref=f"order:{fact.order_id}",
        path=links.member(groups.group(fact.group_id).slug, fact.receiver_id),
        data={"title": fact.title, "name": names_of([fact.giver_id]).get(fact.giver_id, "")},
        group_id=fact.group_id,
    )
