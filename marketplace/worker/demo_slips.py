"""Slips of the demo's bank: what a treasurer photographs for the second officer."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _HEIGHT, _MARGIN = 1200, 820, 70
_PAPER, _INK, _GREY = "#fbf8ef", "#2b2622", "#7a7268"


def a_slip(title: str, lines: Sequence[tuple[str, str]]) -> bytes:
    """A PNG of a slip with a title and, line for line, a word and what stands behind it."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(34), ImageFont.load_default(52)
    draw.rectangle((24, 24, _WIDTH - 24, _HEIGHT - 24), outline=_GREY, width=4)
    draw.text((_MARGIN, 70), title, fill=_INK, font=large)
    draw.line((_MARGIN, 160, _WIDTH - _MARGIN, 160), fill=_GREY, width=3)
    for place, (word, value) in enumerate(lines):
        top = 210 + place * 130
        draw.text((_MARGIN, top), word, fill=_GREY, font=small)
        draw.text((_MARGIN, top + 44), value, fill=_INK, font=large)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
