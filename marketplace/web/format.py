"""How money, moments, time left and prose are written on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import nh3
from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency
from flask import Flask, g
from flask_babel import get_locale, gettext as _, ngettext
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from marketplace.kernel import clock
from marketplace.kernel.errors import EarnestError
from marketplace.kernel.money import Money

_KEPT = 2_048
"""So many sums and moments are kept as they are written: a page shows dozens, and the next one most of them again."""


def register(app: Flask) -> None:
    app.jinja_env.filters.update(
        money=money, money_text=money_text, moment=moment, short_moment=short_moment, day=day, left=left, due=due,
        prose=prose, local_input=local_input, unbroken=unbroken, short_end=short_end,
    )  # fmt: skip


def money_text(amount: Money) -> str:
    """EUR 1,250.00: the currency in front, thousands marked, as many decimals as it has, never broken."""
    return _money_in_words(amount, _locale())


@lru_cache(maxsize=_KEPT)
def _money_in_words(amount: Money, locale: Locale) -> str:
    return str(format_currency(amount.amount, amount.currency, format="¤¤\u00a0#,##0.00", locale=locale))


def money(amount: Money) -> Markup:
    """The same as a page element that machines can read."""
    return Markup('<data value="{}">{}</data>').format(amount.amount, money_text(amount))


def moment(at: datetime, zone: str | None = None) -> Markup:
    """Saturday 21 November 2026, 23:15, in the group's time zone."""
    return _time(at, "EEEE d MMMM y, HH:mm", zone)


def short_moment(at: datetime, zone: str | None = None) -> Markup:
    """21 Nov 2026, 23:15."""
    return _time(at, "d MMM y, HH:mm", zone)


def due(at: datetime, zone: str | None = None) -> Markup:
    """21 Nov 2026, 23:15, as a deadline: red."""
    return _time(at, "d MMM y, HH:mm", zone, css="left")


def end_time(at: datetime, zone: str | None = None) -> Markup:
    """Saturday 21 November 2026, 23:15:07: when a lot ends. Bids move that, and seconds decide; none are left out but
    zero."""
    return _time(at, _to_the_second("EEEE d MMMM y, HH:mm", at), zone)


def short_end(at: datetime, zone: str | None = None) -> Markup:
    """21 Nov 2026, 23:15:07, likewise."""
    return _time(at, _to_the_second("d MMM y, HH:mm", at), zone)


def day(at: datetime, zone: str | None = None) -> Markup:
    """21 November 2026."""
    return _time(at, "d MMMM y", zone)


def left(until: datetime) -> Markup:
    """2 hours 14 minutes left, as a running clock."""
    seconds = int((until - clock.now()).total_seconds())
    words = _("%(time)s left", time=length(timedelta(seconds=seconds))) if seconds > 0 else _("time is up")
    return Markup('<time class="left" datetime="{}" data-until="{}">{}</time>').format(
        f"PT{max(seconds, 0)}S", until.astimezone(UTC).isoformat(), words
    )


def length(span: timedelta) -> str:
    """A span in its two largest units: 4 days 21 hours, 2 hours 14 minutes, 40 seconds."""
    seconds = max(int(span.total_seconds()), 0)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [
        ngettext("%(num)d day", "%(num)d days", days) if days else "",
        ngettext("%(num)d hour", "%(num)d hours", hours) if hours else "",
        ngettext("%(num)d minute", "%(num)d minutes", minutes) if minutes and not days else "",
        ngettext("%(num)d second", "%(num)d seconds", seconds % 60) if seconds < 60 else "",  # noqa: PLR2004
    ]
    return " ".join([part for part in parts if part][:2])


def since(span: timedelta) -> str:
    """A span as people say it: 3 years, 8 months, 2 days."""
    return str(format_timedelta(span, threshold=1, locale=_locale()))


def unbroken(code: str) -> Markup:
    """A reference that people compare letter by letter: never broken at its hyphens, and copied as it is."""
    return Markup('<code translate="no">{}</code>').format(code)


def local_input(at: datetime | None, zone: str | None = None) -> str:
    """A moment as a datetime-local field wants it, in the group's time zone."""
    return at.astimezone(ZoneInfo(zone or _zone())).strftime("%Y-%m-%dT%H:%M") if at else ""


def prose(text: str) -> Markup:
    """Markdown that members wrote, made safe: no pictures from elsewhere, no scripts, links that say they are links."""
    return Markup(_html_of(text))  # noqa: S704 - nh3 has cleaned it


def sentence_of(error: EarnestError) -> str:
    """The message of an error in the reader's language, its details written as on a page."""
    return str(_(error.message, **{name: _shown(value) for name, value in error.details.items()}))


def _shown(value: object) -> object:
    """A detail of a sentence as text: money and moments as pages write them."""
    if isinstance(value, Money):
        return money_text(value)
    if isinstance(value, datetime):
        pattern = _to_the_second("d MMMM y, HH:mm", value)
        return format_datetime(value.astimezone(ZoneInfo(_zone())), pattern, locale=_locale())
    return value


@lru_cache(maxsize=512)
def _html_of(text: str) -> str:
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = _demoted(token.tag)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    schemes = {"https", "http", "mailto"}
    return nh3.clean(
        html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=schemes, link_rel="nofollow noopener ugc"
    )


def _demoted(heading: str) -> str:
    """A member's headings stand below the page's own: his first level is our third."""
    return f"h{min(int(heading[1]) + 2, 6)}"


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_TAGS = set("a b blockquote br code em h3 h4 h5 h6 hr i li ol p pre strong table tbody td th thead tr ul".split())


def _to_the_second(pattern: str, at: datetime) -> str:
    return f"{pattern}:ss" if at.second else pattern


def _time(at: datetime, pattern: str, zone: str | None, css: str = "") -> Markup:
    return _time_in_words(at, pattern, zone or _zone(), css, _locale())


@lru_cache(maxsize=_KEPT)
def _time_in_words(at: datetime, pattern: str, zone: str, css: str, locale: Locale) -> Markup:
    local = at.astimezone(ZoneInfo(zone))
    words = escape(format_datetime(local, pattern, tzinfo=local.tzinfo, locale=locale))
    marked = Markup(' class="{}"').format(css) if css else ""
    return Markup('<time{} datetime="{}">{}</time>').format(marked, local.isoformat(timespec="seconds"), words)


def _zone() -> str:
    """The time zone of the page: its group's, where it has one."""
    zone: str = g.get("zone", "UTC")
    return zone


def _locale() -> Locale:
    return get_locale() or Locale("en")
