"""A handover of the treasury in words: as a line of what waits, and how what was stated differs from the books."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l

from marketplace.groups.handover_queries import HandoverWaits
from marketplace.groups.handover_rules import Action
from marketplace.kernel.money import Money
from marketplace.web.format import money_text
from marketplace.web.tasks import Task, Words

WORDS = {
    Action.NAME: Words(
        _l("Name who takes the treasury of %(group)s over"), _l("Choose a member"),
        _l("The treasurer asks to step down. Until somebody has taken over he keeps the role."), ""),
    Action.STATE: Words(
        _l("Say what you hand over in %(group)s"), _l("See what is in hand"),
        _l("The treasury passes to another. Say what is in the group’s account; he confirms it."), ""),
    Action.CONFIRM: Words(
        _l("Take the treasury of %(group)s over"), _l("Look and confirm"),
        _l("What is handed over is said. Confirm that you have it."), ""),
}  # fmt: skip
IN_PLACE = Words(
    _l("Say what is handed over in %(group)s"), _l("See what is in hand"),
    _l("The parting treasurer has been silent for a week: you can say it in his place."), "",
)  # fmt: skip


def handover_task(wait: HandoverWaits) -> Task:
    """The line of the queue."""
    words = IN_PLACE if wait.is_in_place else WORDS[wait.action]
    return words.task({"group": wait.group_name}, url=url_for("handovers.show", slug=wait.slug))


def difference(stated: Money, books: Money) -> str:
    """What was stated against what the books said, in a sentence."""
    if stated == books:
        return str(_("That is what the books say."))
    if stated > books:
        return str(_("That is %(gap)s more than the books say.", gap=money_text(stated - books)))
    return str(_("That is %(gap)s less than the books say.", gap=money_text(books - stated)))
