"""Pictures of the demo's things, drawn with Pillow: an object on a table, in a light of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1600, 1200
INK = "#2b2622"

Point = tuple[float, float]


@dataclass
class Sheet:
    """A picture in the making. Lengths are in pixels of the finished picture."""

    wall: str
    table: str
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH, HEIGHT), self.wall)
        self.draw = ImageDraw.Draw(self.image)
        self.draw.rectangle((0, 830, WIDTH, HEIGHT), fill=self.table)

    def shadow(self, x: float, y: float, width: float) -> None:
        dark = Image.new("RGB", (WIDTH, HEIGHT), INK)
        mask = Image.new("L", (WIDTH, HEIGHT), 0)
        ImageDraw.Draw(mask).ellipse((x - width, y - 34, x + width, y + 34), fill=70)
        self.image.paste(dark, (0, 0), mask)

    def disc(self, x: float, y: float, radius: float, fill: str, line: int = 7) -> None:
        self.oval(x, y, radius, radius, fill, line)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str, line: int = 7) -> None:
        self.draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill, outline=INK, width=line)

    def box(self, x: float, y: float, width: float, height: float, fill: str, corner: float = 0, line: int = 7) -> None:
        self.draw.rounded_rectangle((x, y, x + width, y + height), corner, fill=fill, outline=INK, width=line)

    def shape(self, points: list[Point], fill: str, line: int = 7) -> None:
        self.draw.polygon(points, fill=fill)
        self.draw.line([*points, points[0], points[1]], fill=INK, width=line, joint="curve")

    def stroke(self, points: list[Point], colour: str = INK, line: int = 7) -> None:
        self.draw.line(points, fill=colour, width=line, joint="curve")

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, line: int = 7, colour: str = INK
    ) -> None:
        self.draw.arc((x - rx, y - ry, x + rx, y + ry), start, end, fill=colour, width=line)


def around(x: float, y: float, radius: float, degrees: float) -> Point:
    """The point at `degrees` clockwise from twelve o'clock."""
    turn = math.radians(degrees - 90)
    return x + radius * math.cos(turn), y + radius * math.sin(turn)


def _dial(sheet: Sheet, x: float, y: float, radius: float, face: str) -> None:
    sheet.disc(x, y, radius, face)
    for hour in range(12):
        inner = radius * (0.76 if hour % 3 else 0.68)
        sheet.stroke([around(x, y, inner, hour * 30), around(x, y, radius * 0.88, hour * 30)], line=9)
    sheet.stroke([(x, y), around(x, y, radius * 0.5, 305)], line=14)
    sheet.stroke([(x, y), around(x, y, radius * 0.72, 60)], line=9)
    sheet.disc(x, y, 14, INK)


def watch(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 985, 340)
    sheet.disc(800, 190, 74, sheet.wall, 16)
    sheet.box(762, 236, 76, 90, tint, 14)
    sheet.disc(800, 640, 350, tint, 9)
    _dial(sheet, 800, 640, 292, "#fbf6e9")
    sheet.disc(800, 770, 74, "#f1e9d6", 5)
    sheet.stroke([(800, 770), around(800, 770, 58, 130)], line=5)


def clock(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 1010, 470)
    sheet.shape([(440, 430), (800, 200), (1160, 430)], tint)
    sheet.box(470, 430, 660, 540, tint)
    sheet.box(400, 960, 800, 60, "#39332d", 8)
    sheet.disc(800, 650, 226, "#c9a64d", 9)
    _dial(sheet, 800, 650, 196, "#fbf6e9")


def teapot(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 970, 400)
    sheet.arc(1150, 640, 170, 190, -110, 110, 44)
    sheet.arc(1150, 640, 162, 182, -108, 108, 28, "#f7f3ea")
    sheet.shape([(520, 800), (330, 540), (270, 480), (330, 450), (450, 560), (560, 640)], "#f7f3ea")
    sheet.oval(800, 700, 350, 270, "#f7f3ea")
    sheet.oval(800, 455, 190, 44, "#efe8d8")
    sheet.shape([(640, 440), (700, 370), (900, 370), (960, 440)], "#f7f3ea")
    sheet.disc(800, 330, 42, tint)
    for x, y in ((680, 700), (800, 650), (920, 700)):
        for turn in range(0, 360, 72):
            sheet.disc(*around(x, y, 36, turn), 24, tint, 4)
        sheet.disc(x, y, 17, "#e9c65b", 4)


def locomotive(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 1000, 620)
    sheet.box(180, 960, 1240, 26, "#6b5b49", 4)
    sheet.box(330, 520, 690, 250, tint, 60)
    sheet.box(980, 380, 330, 390, tint, 14)
    sheet.box(940, 340, 410, 60, "#39332d", 12)
    sheet.box(1050, 450, 190, 140, "#cfe0e4", 8)
    sheet.shape([(420, 520), (400, 330), (530, 330), (510, 520)], "#39332d")
    sheet.box(640, 430, 110, 90, "#c9a64d", 40)
    sheet.box(230, 770, 1090, 70, "#7d2c22", 8)
    for x, radius in ((400, 74), (590, 112), (830, 112), (1070, 112), (1250, 74)):
        sheet.disc(x, 960 - radius, radius, "#39332d", 9)
        sheet.disc(x, 960 - radius, radius * 0.72, "#9a3b2f", 6)
        sheet.disc(x, 960 - radius, 18, "#c9a64d", 5)
    sheet.stroke([(590, 870), (1070, 870)], "#d9d4c8", 20)


def camera(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 985, 430)
    sheet.box(430, 330, 740, 620, "#2e2a27", 26)
    sheet.box(470, 370, 660, 540, "#3d3733", 14)
    for step in range(5):
        inset = step * 34
        sheet.box(
            530 + inset, 430 + inset * 0.7, 540 - 2 * inset, 430 - inset * 1.4, tint if step % 2 else "#5b2f28", 10
        )
    sheet.disc(800, 645, 128, "#b9b2a4", 9)
    sheet.disc(800, 645, 86, "#1f2a33")
    sheet.disc(772, 616, 24, "#a9c4cf", 2)
    sheet.box(700, 260, 200, 76, "#b9b2a4", 12)


def vase(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 1010, 260)
    outline: list[Point] = []
    for side in (-1, 1):
        steps = range(0, 101, 4) if side < 0 else range(100, -1, -4)
        for step in steps:
            height = step / 100
            radius = 110 + 190 * math.sin(math.pi * (0.16 + 0.8 * height)) ** 2 - 70 * height
            outline.append((800 + side * radius, 250 + 750 * height))
    sheet.shape(outline, tint)
    sheet.oval(800, 250, 150, 34, "#2f4a46")
    for turn in range(3):
        y = 480 + 150 * turn
        sheet.arc(800, y, 210, 130, 200 + 20 * turn, 340, 14, "#e9d9a8")


def stamp(sheet: Sheet, tint: str) -> None:
    sheet.box(470, 170, 660, 820, "#fbf7ec", 0, 3)
    for step in range(14):
        for x in (470, 1130):
            sheet.disc(x, 200 + step * 58.5, 17, sheet.wall if 200 + step * 58.5 < 830 else sheet.table, 0)
    sheet.box(540, 240, 520, 680, tint, 0, 5)
    sheet.box(580, 280, 440, 600, "#fbf7ec", 0, 4)
    sheet.oval(800, 520, 130, 170, tint, 5)
    sheet.shape([(640, 850), (700, 700), (900, 700), (960, 850)], tint, 5)
    sheet.arc(1010, 300, 190, 190, 0, 360, 9)
    sheet.arc(1010, 300, 130, 130, 0, 360, 5)
    sheet.stroke([(880, 300), (1140, 300)], line=5)


def card(sheet: Sheet, tint: str) -> None:
    sheet.shadow(810, 1040, 350)
    sheet.box(480, 130, 640, 900, "#fdf9ee", 34)
    sheet.box(530, 180, 540, 620, "#bcd3dc", 12, 5)
    sheet.oval(800, 440, 220, 90, tint)
    sheet.box(730, 530, 140, 50, "#6b5b49", 10)
    sheet.shape([(985, 440), (1060, 370), (1060, 510)], tint)
    for line in range(3):
        sheet.box(560, 850 + 46 * line, 480 - 120 * line, 14, "#8d8474", 4, 0)


def compass(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 990, 340)
    sheet.disc(800, 620, 350, tint, 9)
    sheet.disc(800, 620, 290, "#fbf6e9")
    for degree in range(0, 360, 15):
        sheet.stroke([around(800, 620, 250 if degree % 90 else 220, degree), around(800, 620, 276, degree)], line=6)
    sheet.shape([around(800, 620, 215, 32), around(800, 620, 34, 122), around(800, 620, 34, 302)], "#9a3b2f", 5)
    sheet.shape([around(800, 620, 215, 212), around(800, 620, 34, 122), around(800, 620, 34, 302)], "#39332d", 5)
    sheet.disc(800, 620, 20, "#c9a64d", 5)


def pen(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 900, 560)
    sheet.shape([(300, 700), (960, 480), (1000, 600), (340, 820)], tint)
    sheet.shape([(960, 480), (1120, 440), (1150, 530), (1000, 600)], "#39332d")
    sheet.shape([(1120, 440), (1360, 400), (1150, 530)], "#d9b85a")
    sheet.stroke([(1180, 470), (1330, 412)], line=5)
    sheet.shape([(700, 566), (730, 556), (770, 676), (740, 686)], "#d9b85a", 5)
    sheet.stroke([(330, 690), (620, 594)], "#c9a64d", 22)


def candlesticks(sheet: Sheet, tint: str) -> None:
    for x in (560, 1040):
        sheet.shadow(x, 1000, 190)
        sheet.oval(x, 965, 170, 46, tint)
        sheet.shape([(x - 60, 950), (x - 26, 780), (x - 44, 640), (x - 22, 520), (x - 40, 430), (x + 40, 430),
                     (x + 22, 520), (x + 44, 640), (x + 26, 780), (x + 60, 950)], tint)  # fmt: skip
        sheet.oval(x, 430, 84, 24, tint)
        sheet.box(x - 30, 190, 60, 236, "#fbf3dc", 6)
        sheet.stroke([(x, 190), (x, 150)], line=6)


def orchid(sheet: Sheet, tint: str) -> None:
    sheet.shadow(800, 1020, 240)
    sheet.shape([(610, 800), (990, 800), (940, 1010), (660, 1010)], "#a65a3a")
    sheet.box(590, 760, 420, 60, "#b96a47", 8)
    for lean in (-1, 1):
        sheet.shape([(800, 770), (800 + lean * 300, 560), (800 + lean * 360, 620), (800 + lean * 120, 770)], "#4d7a4a")
    sheet.stroke([(800, 770), (790, 520), (860, 300), (980, 230)], "#4d7a4a", 18)
    for x, y in ((980, 240), (880, 330), (810, 470)):
        for turn in range(0, 360, 72):
            sheet.disc(*around(x, y, 54, turn), 40, tint, 5)
        sheet.disc(x, y, 24, "#e9c65b", 5)


DRAWINGS: dict[str, Callable[[Sheet, str], None]] = {
    drawing.__name__: drawing
    for drawing in (watch, clock, teapot, locomotive, camera, vase, stamp, card, compass, pen, candlesticks, orchid)
}

# Wall and table of the light in which a thing stands.
LIGHTS = (("#cfd6cf", "#b3bcb2"), ("#ddd3c1", "#c2b49b"), ("#cdd5da", "#adb8bf"), ("#dccfca", "#bfaea7"))


def picture(thing: str, *, tint: str, light: int = 0) -> bytes:
    """A JPEG of `thing` (a name in DRAWINGS), the object in colour `tint`."""
    sheet = Sheet(*LIGHTS[light % len(LIGHTS)])
    DRAWINGS[thing](sheet, tint)
    out = BytesIO()
    sheet.image.save(out, "JPEG", quality=88)
    return out.getvalue()
