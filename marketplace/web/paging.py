"""Numbers of rows in addresses: what no row can have is no page, never an error of the database."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

_LARGEST = 2**63 - 1


class RowNumber(IntegerConverter):
    """<int:…> in a route: 64 bits, as ids are."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=_LARGEST)


def register(app: Flask) -> None:
    app.url_map.converters["int"] = RowNumber


def row_number(text: str) -> int:
    """A row's number in a query, as in `request.args.get("after", 0, type=row_number)`; nonsense counts as absent."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        raise ValueError("no row has this number")
    return int(text)
