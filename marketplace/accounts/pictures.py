"""A person's picture: a small square, made anew from what was sent."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps

from marketplace.kernel import images, storage

SIDE = 256
_FOLDER = "people"
_QUALITY = 84


def keep(content: bytes, *, field: str) -> str:
    """Judge a picture that was sent, cut its middle out, and keep that. Gives its key; raises RuleBroken.

    Decode outside a unit of work, as kernel.images says.
    """
    clean = images.picture_of(content, widths=(2 * SIDE,), field=field).sizes[2 * SIDE]
    square = ImageOps.fit(Image.open(BytesIO(clean)), (SIDE, SIDE), Image.Resampling.LANCZOS)
    file = BytesIO()
    square.save(file, "JPEG", quality=_QUALITY, optimize=True)
    picture = images.Picture(sizes={SIDE: file.getvalue()}, width=SIDE, height=SIDE, sha256="")
    return images.keep(picture, folder=_FOLDER)


def content_of(key: str) -> bytes:
    """The JPEG. Raises NotFound."""
    return storage.get(images.file_of(key, SIDE))


def forget(key: str) -> None:
    """Remove a picture that nobody shows any more. Ask after the commit."""
    images.forget(key, widths=(SIDE,))
