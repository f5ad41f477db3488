"""Photographs as the pages of one PDF, each with a line beneath it: for those who take a single file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

# A4 at 120 dots an inch: a photograph is still read at its whole width, and twenty pages stay within some megabytes.
_PAGE = (992, 1403)
_MARGIN, _LINE = 40, 60
_QUALITY, _DOTS_PER_INCH = 72, 120


def pages_of(pictures: Sequence[tuple[bytes, str]]) -> bytes:
    """A PDF with a page for each picture (a JPEG of ours) and what stands beneath it, which is Latin letters.

    Decodes all of them: ask outside of a unit of work. Raises ValueError where there are none.
    """
    if not pictures:
        raise ValueError("a file without pages")
    first, *others = [_page(content, line) for content, line in pictures]
    file = BytesIO()
    first.save(
        file, "PDF", save_all=True, append_images=others, quality=_QUALITY, resolution=_DOTS_PER_INCH,
        producer="", creationDate=None, modDate=None,
    )  # fmt: skip
    return file.getvalue()


def _page(content: bytes, line: str) -> Image.Image:
    page = Image.new("RGB", _PAGE, "white")
    with Image.open(BytesIO(content), formats=("JPEG",)) as picture:
        picture.thumbnail((_PAGE[0] - 2 * _MARGIN, _PAGE[1] - 2 * _MARGIN - _LINE))
        page.paste(picture.convert("RGB"), (_MARGIN, _MARGIN))
        below = _MARGIN + picture.height + _MARGIN // 2
    ImageDraw.Draw(page).text((_MARGIN, below), line, fill="black", font=ImageFont.load_default(24))
    return page
