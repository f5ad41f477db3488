"""What every page shows around its content: the person, his groups, the group the page is about."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel.support import Translations
from flask import Flask, g
from flask_babel import get_locale, get_translations
from flask_login import current_user

from marketplace.groups import queries, service
from marketplace.groups.models import Group, facts
from marketplace.groups.rules import Permission, Who, may
from marketplace.web.person import me_or_none
from marketplace.web.waiting import count_for


def register(app: Flask) -> None:
    app.context_processor(frame)
    app.jinja_env.globals["Permission"] = Permission
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension of Flask-Babel adds it
        _translated, _translated_plural, newstyle=True
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _words() -> Translations:
    """The language of this page, looked up once and not at each of its words."""
    locale = get_locale()
    if g.get("words_of") is not locale:
        g.words_of, g.words = locale, get_translations()
    words: Translations = g.words
    return words


def _translated(text: str) -> str:
    return _words().ugettext(text)


def _translated_plural(one: str, many: str, count: int) -> str:
    return _words().ungettext(one, many, count)


def about(group: Group) -> None:
    """Say which group the page is about: times and money are its own, the header leads to what its reader may see."""
    g.zone, g.currency = group.time_zone, group.currency
    g.able_in = {group.id: _able_in(group)}
    if Permission.SEE_LOTS in g.able_in[group.id]:
        g.group = group


def group_here(slug: str, permission: Permission | None = None) -> Group:
    """The group of a page at /g/<slug>, if the person at the page may. Raises what `require` raises."""
    group = queries.group_by_slug(slug)
    if permission is not None:
        service.require(me_or_none(), group.id, permission)
    about(group)
    return group


def able_in(group: Group) -> frozenset[Permission]:
    """What the person at the page may do in the group now: pages leave out the buttons of the rest."""
    known: dict[int, frozenset[Permission]] = g.get("able_in", {})
    return known[group.id] if group.id in known else _able_in(group)


def _able_in(group: Group) -> frozenset[Permission]:
    return permissions_of(facts(group, queries.membership_row(group.id, me_or_none())))


@cache
def permissions_of(who: Who) -> frozenset[Permission]:
    """All that the table allows him. There are few kinds of people."""
    return frozenset(permission for permission in Permission if may(permission, who))


def frame() -> dict[str, Any]:
    """Values for templates/base.html."""
    return {
        "my_groups": _my_groups,
        "here": g.get("group"),
        "me_name": "" if me_or_none() is None else current_user.name,
        "waiting_count": _waiting_count,
        "is_for_many": g.get("is_for_many", False),
    }


def _my_groups() -> list[Group]:
    """Asked for where a page has a head: the parts of one that is open have none."""
    if "my_groups" not in g:
        person_id = me_or_none()
        g.my_groups = [] if person_id is None else queries.groups_of(person_id)
    found: list[Group] = g.my_groups
    return found


def _waiting_count() -> int:
    person_id = me_or_none()
    return 0 if person_id is None else count_for(person_id)
