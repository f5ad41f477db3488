"""What debts wait for, in words: for the debtor, and for officers who may agree to write one off."""

from __future__ import annotations

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _

from marketplace.escrow import debts
from marketplace.groups import queries as groups
from marketplace.web.format import money_text
from marketplace.web.tasks import Task


def tasks_of(person_id: int) -> Iterable[Task]:
    """What this person owes, and what he may agree to write off."""
    owed, proposals = debts.own_debts(person_id), debts.proposals_for(person_id)
    here = groups.groups({*owed, *(each.group_id for each in proposals)})
    for group_id, amount in owed.items():
        yield Task(
            _("You owe %(group)s %(amount)s", group=here[group_id].name, amount=money_text(amount)),
            url_for("debts.own", slug=here[group_id].slug), _("See why, and how to pay"),
            _("It is taken out of what you sell, or you pay it."),
        )  # fmt: skip
    for deed in proposals:
        slug = here[deed.group_id].slug
        yield Task(
            _("Agree to write off %(amount)s, or not", amount=money_text(deed.amount)),
            url_for("debts.show", slug=slug, person_id=deed.person_id), _("Read why"),
            _("An owner of %(group)s proposes it.", group=here[deed.group_id].name),
        )  # fmt: skip
