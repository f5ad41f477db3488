"""The countries of the world by code and name, from CLDR."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale

# Regions and private codes that stand in CLDR's list beside the countries of ISO 3166-1.
_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}


@lru_cache(maxsize=8)
def countries(locale: str) -> dict[str, str]:
    """Names by ISO 3166-1 code, sorted by name, in a language."""
    named = Locale.parse(locale).territories
    known = [(code, name) for code, name in named.items() if re.fullmatch("[A-Z]{2}", code)]
    return dict(sorted((pair for pair in known if pair[0] not in _NO_COUNTRIES), key=lambda pair: pair[1]))


def country_name(code: str, locale: str = "en") -> str:
    """How a country is called; the post of every country reads the English name."""
    return countries(locale).get(code, code)
