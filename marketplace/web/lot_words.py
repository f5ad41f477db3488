"""How the pages of lots write figures and moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from flask import Blueprint, g
from flask_babel import get_locale, gettext as _, ngettext
from markupsafe import Markup

from marketplace.kernel import clock
from marketplace.kernel.money import Money, exponent
from marketplace.web.format import end_time, length

_DAYS_BY_NAME = 6


def register(blueprint: Blueprint) -> None:
    for word in (figure, end_moment, bid_moment, short_left, window, milliseconds):
        blueprint.add_app_template_filter(word)


def figure(amount: Money) -> Markup:
    """The one large price of a page: its currency small, in front."""
    pattern = "#,##0" + ("." + "0" * exponent(amount.currency) if exponent(amount.currency) else "")
    text = format_decimal(amount.amount, format=pattern, locale=get_locale() or "en")
    return Markup('<data value="{}"><small>{}</small> {}</data>').format(amount.amount, amount.currency, text)


def end_moment(at: datetime) -> Markup:
    """today, Saturday 21 November 2026, 23:15; with seconds where they are not zero."""
    days = (_local(at).date() - _local(clock.now()).date()).days
    named = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}.get(days)
    return Markup("{}, {}").format(named, end_time(at)) if named else end_time(at)


def bid_moment(at: datetime) -> Markup:
    """today 20:41:07, Fri 21:15:30, or 3 Nov 09:20:41: to the second, for seconds decide."""
    local, now = _local(at), _local(clock.now())
    days = (now.date() - local.date()).days
    pattern = "HH:mm:ss" if days == 0 else "EEE HH:mm:ss" if 0 < days <= _DAYS_BY_NAME else "d MMM HH:mm:ss"
    text = format_datetime(local, pattern, tzinfo=local.tzinfo, locale=get_locale() or "en")
    words = _("today %(time)s", time=text) if days == 0 else text
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), words)


def short_left(until: datetime) -> Markup:
    """2 h 14 min left, as a running clock; 3 days left, at rest, as long as it is more than a day."""
    seconds = max(int((until - clock.now()).total_seconds()), 0)
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60 % 60
    if days:
        words = ngettext("%(num)d day left", "%(num)d days left", days)
        return Markup('<time datetime="P{}D">{}</time>').format(days, words)
    if hours:
        words = _("%(hours)s h %(minutes)s min left", hours=hours, minutes=f"{minutes:02}")
    else:
        words = _("%(minutes)s min %(seconds)s s left", minutes=minutes, seconds=f"{seconds % 60:02}")
    return Markup('<time class="left" datetime="PT{}S" data-until="{}">{}</time>').format(
        seconds, until.astimezone(UTC).isoformat(), words
    )


def milliseconds(at: datetime) -> int:
    """Since 1970, as scripts reckon."""
    return int(at.timestamp() * 1000)


def window(seconds: int) -> str:
    """2 minutes."""
    return length(timedelta(seconds=seconds))


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(g.get("zone", "UTC")))
