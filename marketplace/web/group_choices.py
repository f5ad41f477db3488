"""What the selects of a group's forms offer, in the reader's language."""

from __future__ import annotations

from babel.numbers import get_currency_name
from flask_babel import get_locale, gettext as _

from marketplace.groups.schemas import CURRENCIES, TIME_ZONES

Options = list[tuple[str, str]]


def choices() -> dict[str, Options]:
    """Pairs of value and words for each select; the empty one, which is refused, stands first."""
    return {"currencies": _currencies(), "time_zones": _time_zones()}


def _currencies() -> Options:
    locale = get_locale() or "en"
    named = [(code, f"{code}, {get_currency_name(code, locale=locale)}") for code in CURRENCIES]
    return [("", _("Choose a currency")), *named]


def _time_zones() -> Options:
    return [("", _("Choose a time zone")), *((zone, zone.replace("_", " ")) for zone in TIME_ZONES)]
