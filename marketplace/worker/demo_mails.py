"""What the demo's people were told in the past: read by them, and mailed to them long ago."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import delete, select

from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.notifications import service, writing
from marketplace.notifications.models import Mail
from marketplace.worker.demo_story import Story

# Everybody last looked at his notices so many days ago; what came later is marked as new.
_LAST_LOOK_DAYS_AGO = 1.05
# The outbox holds the letters of these days.
_KEPT = timedelta(days=4)
_POST_TAKES = timedelta(seconds=3)


def tell(story: Story) -> None:
    """Near the end of the story, everybody looks at what he was told."""
    story.at(story.ago(_LAST_LOOK_DAYS_AGO), partial(_all_look, story))


def _all_look(story: Story) -> None:
    for person_id in story.people.values():
        service.mark_all_read(by=person_id)


@use_case
def send_of_old() -> None:
    """Mails of the past are not sent now. The sender knows no other time, so this is done to the rows themselves: the
    last ones lie in the outbox as though they had left at once, and those before them are gone, as a mail is."""
    now = clock.now()
    db.session.execute(delete(Mail).where(Mail.created_at < now - _KEPT))
    for mail in db.session.scalars(select(Mail).where(Mail.state == "due").order_by(Mail.id)):
        letter = writing.letter_of(mail)
        mail.address, mail.subject, mail.body = letter.to, letter.subject, letter.body
        mail.state, mail.sent_at = "sent", mail.created_at + _POST_TAKES
