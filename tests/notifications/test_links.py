"""Every notice and every mail leads to a page that is there."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from marketplace.notifications import links

SAMPLES = {"slug": "lindengasse-antiques", "payee": "seller"}

LINKS = {name: link for name, link in vars(links).items() if inspect.isfunction(link)}
PLACES = {name: place for name, place in vars(links).items() if name.isupper()}


def leads_to(app: Flask, path: str) -> str:
    """The endpoint of the page at `path`."""
    try:
        endpoint, _values = app.url_map.bind("127.0.0.1").match(path.partition("?")[0], method="GET")
    except (NotFound, MethodNotAllowed):
        pytest.fail(f"nothing is at {path}")
    return str(endpoint)


@pytest.mark.one_database
@pytest.mark.parametrize("name", LINKS)
def test_each_link_leads_to_a_page(app: Flask, name: str) -> None:
    arguments = {argument: SAMPLES.get(argument, 7) for argument in inspect.signature(LINKS[name]).parameters}
    assert leads_to(app, LINKS[name](**arguments))


@pytest.mark.one_database
@pytest.mark.parametrize("name", PLACES)
def test_each_place_is_a_page(app: Flask, name: str) -> None:
    assert leads_to(app, PLACES[name])
