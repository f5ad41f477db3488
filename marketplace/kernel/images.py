"""Photographs that people send: judged by what they decode to, turned upright, made small, and freed of all they tell.

What is kept is never the file that came. It is decoded, scaled and written anew, so that no place, name or comment,
and nothing hidden behind the picture, goes out again. Decode outside a unit of work: it takes part of a second.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms

from marketplace.kernel import storage
from marketplace.kernel.errors import RuleBroken

MOST_BYTES = 15 * 1024 * 1024
# A telephone's 48 megapixels pass. A JPEG of that size takes 110 MB while it is decoded, a transparent PNG 500 MB.
MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP")

_QUALITY = 84
# So many pictures are decoded at a time in one process; the others wait, and memory has a bound.
_seats = threading.BoundedSemaphore(2)
_ORIENTATION = 0x0112  # EXIF 2.3, table 4
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph that may be kept."""

    sizes: Mapping[int, bytes]
    """JPEG files by the width they were asked for. None is larger than what came, none higher than twice its width."""
    width: int
    height: int
    """In pixels, upright, as it came."""
    sha256: str
    """Of the file that came: the same file sent twice is the same picture."""


def picture_of(content: bytes, *, widths: tuple[int, ...], field: str | None = None) -> Picture:
    """Judge a file by its content and make it a clean picture of the given widths.

    Read at most MOST_BYTES + 1 of an upload before you ask. Raises RuleBroken, at form field `field`, with a sentence
    that says what to send instead.
    """
    if len(content) > MOST_BYTES:
        raise RuleBroken("This photograph is larger than 15 MB. Make it smaller, then send it again.", field=field)
    with _seats:
        image = _opened(content, field)
        width, height = image.size
        turn, profile = _orientation_of(image), image.info.get("icc_profile")
        _decode(image, widest=max(widths), field=field)
        image = _on_white(_plain(image))
        image.thumbnail((2 * max(widths), 2 * max(widths)), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image = image.transpose(_TURNS[turn]) if turn in _TURNS else image
        image = _in_srgb(image, profile)
        sizes = {each: _jpeg(image, each) for each in widths}
    if turn in _SIDEWAYS:
        width, height = height, width
    return Picture(sizes=sizes, width=width, height=height, sha256=hashlib.sha256(content).hexdigest())


def keep(picture: Picture, *, folder: str) -> str:
    """Store every size of `picture`, or none. Gives the key to be written down; nobody can guess it."""
    key = f"{folder}/{secrets.token_hex(16)}"
    try:
        for width, content in picture.sizes.items():
            storage.put(file_of(key, width), content)
    except BaseException:
        forget(key, widths=tuple(picture.sizes))
        raise
    return key


def file_of(key: str, width: int) -> str:
    """Where the JPEG of that width lies in the storage."""
    return f"{key}-{width}.jpg"


def forget(key: str, *, widths: tuple[int, ...]) -> None:
    """Remove what `keep` stored. Ask after the commit: a removal cannot be rolled back."""
    for width in widths:
        storage.remove(file_of(key, width))


def _opened(content: bytes, field: str | None) -> Image.Image:
    """The header, read and judged; no pixel is decoded yet."""
    too_large = RuleBroken(
        "This photograph has more than 50 million pixels. Make it smaller, then send it again.", field=field
    )
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large from None
    except Exception:  # hostile bytes make decoders fail in every way there is
        raise RuleBroken(
            "This file is not a photograph that we can read. Send JPEG, PNG or WebP.", field=field
        ) from None
    if image.width * image.height > MOST_PIXELS:
        raise too_large
    return image


def _decode(image: Image.Image, *, widest: int, field: str | None) -> None:
    try:
        image.draft(None, (widest, widest))  # a large JPEG is decoded at a half or a quarter of its size
        image.load()
    except Exception:
        raise RuleBroken("This photograph is damaged or arrived incomplete. Send it again.", field=field) from None


def _orientation_of(image: Image.Image) -> int:
    """How the camera was held; damaged EXIF counts as upright."""
    with suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _plain(image: Image.Image) -> Image.Image:
    """The same in one of the modes L, RGB, RGBA, CMYK: palettes and deep greys resolved."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode != "RGBA" and image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "RGBA", "CMYK"} else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the camera's profile means them; a profile that does not fit is passed over."""
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if converted is not None:
                return converted
    return image.convert("RGB")


def _jpeg(image: Image.Image, width: int) -> bytes:
    smaller = image.copy()
    smaller.thumbnail((width, 2 * width), Image.Resampling.LANCZOS)
    smaller.info.clear()  # else Pillow writes a comment and a profile back
    file = BytesIO()
    smaller.save(file, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return file.getvalue()
