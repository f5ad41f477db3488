"""Addresses of this site as QR codes, drawn into the page: no picture to fetch, no script, no style of their own."""

from __future__ import annotations

import segno
from flask import current_app
from markupsafe import Markup

from marketplace.config import Settings


def qr_code(path: str) -> Markup:
    """The drawing of an address, as an SVG that takes the size it is given."""
    settings: Settings = current_app.config["EARNEST"]
    code = segno.make_qr(settings.base_url + path, error="m")
    return Markup(code.svg_inline(omitsize=True, border=2, svgclass=None, lineclass=None))  # noqa: S704 - our own drawing
