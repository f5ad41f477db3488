"""Puts a notice into words: a sentence for the page, a letter for the mail, in the reader's language and his group's
time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, get_timezone_location
from babel.numbers import format_currency
from flask import current_app
from flask_babel import force_locale, get_locale, gettext

from marketplace.accounts import queries as accounts
from marketplace.config import Settings
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.kernel.money import Money
from marketplace.notifications import detail_rules, links, rules
from marketplace.notifications.models import Mail, Notice


class Letter(NamedTuple):
    """A mail as it is sent."""

    to: str
    subject: str
    body: str


Show = Callable[[object], object]


def sentence_of(notice: Notice, show: Show) -> tuple[str, Mapping[str, object]]:
    """The notice's sentence in the reader's language, not yet filled in, and its details as `show` writes them."""
    details = {name: show(value) for name, value in detail_rules.unpacked(notice.data).items()}
    return gettext(rules.telling_of(notice.kind).sentence), details


def letter_of(mail: Mail) -> Letter:
    """What goes out. Raises NotFound if the person is gone."""
    return _written_out(mail.notice) if mail.notice else Letter(mail.address, mail.subject, mail.body)


def _written_out(notice: Notice) -> Letter:
    """The mail of a notice: its template's first line is the subject."""
    settings: Settings = current_app.config["EARNEST"]
    person = accounts.person(notice.person_id)
    group = groups.group(notice.group_id) if notice.group_id else None
    template = current_app.jinja_env.get_template(rules.telling_of(notice.kind).template)
    with force_locale(person.locale):
        told = {name: shown(value, _zone_of(group)) for name, value in detail_rules.unpacked(notice.data).items()}
        text = template.render(
            {
                **told,
                "reader": person.name,
                "group": group.name if group else "",
                "link": settings.base_url + notice.path,
                "notices": settings.base_url + links.NOTICES,
                "zone": _name_of(_zone_of(group)),
            }
        )
    subject, _line, body = text.strip().partition("\n")
    return Letter(person.email, subject.strip(), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n")


def shown(value: object, zone: ZoneInfo) -> object:
    """A detail as plain text: sums with their currency in front, moments in words, to the second where it is not the
    full minute."""
    locale = get_locale() or Locale("en")
    match value:
        case Money():
            return format_currency(value.amount, value.currency, format="¤¤\u00a0#,##0.00", locale=locale)
        case datetime():
            pattern = "EEEE d MMMM y, HH:mm:ss" if value.second else "EEEE d MMMM y, HH:mm"
            return format_datetime(value.astimezone(zone), pattern, tzinfo=zone, locale=locale)
        case detail_rules.Word():
            return gettext(value.text)
    return value


def _zone_of(group: Group | None) -> ZoneInfo:
    return ZoneInfo(group.time_zone if group else "UTC")


def _name_of(zone: ZoneInfo) -> str:
    """Vienna, for Europe/Vienna; a zone of no place, such as UTC, goes by its own name."""
    if "/" not in zone.key:
        return zone.key
    return str(get_timezone_location(zone, locale=get_locale() or Locale("en"), return_city=True))
