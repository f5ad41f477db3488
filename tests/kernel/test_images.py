"""A photograph is judged by what it decodes to; what is kept of it shows the picture and tells nothing else."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from marketplace.kernel import storage
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.images import MOST_BYTES, keep, picture_of

SECRET = "somebody’s kitchen in Steyr"


def file_of(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def corner(mode: str = "RGB", size: tuple[int, int] = (60, 40), colour: object = "red") -> Image.Image:
    """A white picture whose upper left corner is red."""
    image = Image.new(mode, size, "white")
    image.paste(colour, (0, 0, size[0] // 3, size[1] // 2))
    return image


def seen(content: bytes, width: int = 480) -> Image.Image:
    return Image.open(BytesIO(picture_of(content, widths=(width,)).sizes[width]))


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_png_and_webp_become_jpeg_in_every_width_that_is_asked_for(kind: str) -> None:
    picture = picture_of(file_of(corner(size=(3000, 2000)), kind), widths=(480, 1600))
    assert (picture.width, picture.height) == (3000, 2000)
    kept = {width: Image.open(BytesIO(content)) for width, content in picture.sizes.items()}
    assert {width: (image.format, image.size) for width, image in kept.items()} == {
        480: ("JPEG", (480, 320)),
        1600: ("JPEG", (1600, 1067)),
    }


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM", "ICO"])
def test_other_kinds_of_picture_are_refused(kind: str) -> None:
    with pytest.raises(RuleBroken, match="Send JPEG, PNG or WebP"):
        picture_of(file_of(corner(), kind), widths=(480,))


NO_PHOTOGRAPHS = {
    "nothing": b"",
    "zeros": b"\0" * 100_000,
    "the start of a GIF": b"GIF89a",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "a document": b"%PDF-1.7",
    "the start of a JPEG": b"\xff\xd8\xff\xe0",
    "the start of a WebP": b"RIFF\0\0\0\0WEBP",
}


@pytest.mark.parametrize("content", NO_PHOTOGRAPHS.values(), ids=NO_PHOTOGRAPHS)
def test_what_is_no_photograph_is_refused_with_what_to_send(content: bytes) -> None:
    with pytest.raises(RuleBroken, match="Send") as refusal:
        picture_of(content, widths=(480,), field="photos")
    assert refusal.value.field == "photos"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_that_arrived_incomplete_is_refused(kind: str) -> None:
    whole = file_of(Image.effect_noise((400, 300), 80).convert("RGB"), kind)
    with pytest.raises(RuleBroken, match="Send"):
        picture_of(whole[: len(whole) // 2], widths=(480,))


def test_more_than_fifteen_megabytes_are_refused_unread() -> None:
    with pytest.raises(RuleBroken, match="larger than 15 MB"):
        picture_of(b"\0" * (MOST_BYTES + 1), widths=(480,))


@pytest.mark.parametrize("side", [7_100, 12_000, 60_000, 2**31 - 1])
def test_a_bomb_is_refused_by_its_header_alone(side: int) -> None:
    with pytest.raises(RuleBroken, match="50 million pixels"):
        picture_of(png_that_claims(side, side), widths=(480,))


def test_forty_eight_megapixels_of_a_telephone_pass() -> None:
    assert seen(file_of(Image.new("RGB", (8000, 6000), "white"), quality=10)).size == (480, 360)


def test_nothing_is_enlarged() -> None:
    assert seen(file_of(corner(size=(100, 50)))).size == (100, 50)


def test_a_very_tall_picture_is_kept_within_twice_its_width() -> None:
    assert seen(file_of(corner(size=(100, 20_000)), "PNG")).size == (5, 960)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_however_the_camera_was_held(orientation: int) -> None:
    turned = {1: [], 2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}[orientation]
    camera = corner()
    for turn in turned:
        camera = camera.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = file_of(camera, exif=exif, quality=95)
    picture = picture_of(content, widths=(480,))
    image = Image.open(BytesIO(picture.sizes[480]))
    assert (picture.width, picture.height) == image.size == (60, 40)
    red, green, _blue = image.getpixel((3, 3))
    assert red > 200
    assert green < 60


def test_place_names_comments_and_profiles_do_not_leave_the_house() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x013B] = SECRET
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 2.0, 31.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = file_of(
        corner(), exif=exif, comment=SECRET.encode(), icc_profile=profile, xmp=f"<x>{SECRET}</x>".encode()
    )
    assert SECRET.encode() in content
    kept = picture_of(content, widths=(480,)).sizes[480]
    assert SECRET.encode() not in kept
    image = Image.open(BytesIO(kept))
    assert not image.getexif()
    assert {"comment", "icc_profile", "xmp", "exif", "photoshop"}.isdisjoint(image.info)


def test_what_a_png_says_and_what_hangs_behind_a_file_is_gone() -> None:
    notes = PngInfo()
    notes.add_text("Comment", SECRET)
    notes.add_itxt("Comment", SECRET, zip=True)
    content = file_of(corner(), "PNG", pnginfo=notes) + SECRET.encode()
    assert SECRET.encode() not in picture_of(content, widths=(480,)).sizes[480]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_spoil_a_photograph() -> None:
    assert seen(file_of(corner(), exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff" + b"\x99" * 60)).size == (60, 40)


def test_a_profile_that_is_none_is_passed_over() -> None:
    assert seen(file_of(corner(), icc_profile=b"no profile at all" * 20)).size == (60, 40)


def test_colours_are_shown_as_the_camera_meant_them() -> None:
    """A camera whose first channel is green: its profile says so, and the picture is green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"----", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"----", b"gXYZ", 1)
    red, green, _blue = seen(file_of(Image.new("RGB", (9, 9), "red"), "PNG", icc_profile=swapped)).getpixel((4, 4))
    assert green > 200
    assert red < 60


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (255, 0, 0, 0)), ("LA", (0, 0)), ("PA", (0, 0))])
def test_what_is_transparent_is_white(mode: str, colour: object) -> None:
    image = Image.new("RGBA" if mode == "PA" else mode, (30, 30), (0, 0, 0, 0) if mode == "PA" else colour)
    image = image.convert("P") if mode == "PA" else image
    assert seen(file_of(image, "PNG")).getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "RGB", "CMYK"])
def test_every_way_to_store_colours_is_read(mode: str) -> None:
    image = Image.new("L", (30, 30), 255).convert(mode) if mode != "I;16" else Image.new(mode, (30, 30), 65_535)
    kept = seen(file_of(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert kept.mode == "RGB"
    assert min(kept.getpixel((9, 9))) > 250


def test_the_same_file_is_known_again() -> None:
    content = file_of(corner())
    assert picture_of(content, widths=(480,)).sha256 == picture_of(content, widths=(96,)).sha256


def test_where_one_size_cannot_be_stored_none_stays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    put, kept = storage.put, []

    def full(key: str, content: bytes) -> None:
        if kept:
            raise OSError("No space left on device")
        kept.append(key)
        put(key, content)

    monkeypatch.setattr(storage, "put", full)
    with pytest.raises(OSError, match="No space"):
        keep(picture_of(file_of(corner()), widths=(480, 1200)), folder="photos")
    with pytest.raises(NotFound):
        storage.get(kept[0])
