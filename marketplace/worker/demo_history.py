"""What was traded in the demo's group before: small deals that went as they should, and the standing that they gave."""

from __future__ import annotations

from collections.abc import Iterator

from marketplace.worker.demo_lots import Script, Shot

_WATCH: Shot = ("watch", "#a9b0b5", 2, "Dial")
_TEAPOT: Shot = ("teapot", "#3f66a0", 0, "From the left")
_CARD: Shot = ("card", "#9fb3bd", 0, "Front")
_STAMP: Shot = ("stamp", "#b5544d", 1, "The stamp")
_CLOCK: Shot = ("clock", "#7a5638", 1, "From the front")
_TRAIN: Shot = ("locomotive", "#33383b", 1, "From the left")
_CAMERA: Shot = ("camera", "#3b3230", 0, "From the front")
_VASE: Shot = ("vase", "#a9c8b4", 2, "The vase")
_PEN: Shot = ("pen", "#2f3234", 2, "The pen")

# Days ago, seller, buyer, what, its photograph, category, hammer price.
# The moderators trade with neither side of the disputes that wait for a ruling: a deal within a year is a conflict.
_PAST = (
    (380, "hedwig", "leopold", "Cup and saucer, gold rim", _TEAPOT, "porcelain", 34),
    (371, "jonas", "leopold", "Verge watch, silver pair case", _WATCH, "watches", 120),
    (362, "hedwig", "marta", "Cream jug, strewn flowers", _TEAPOT, "porcelain", 28),
    (350, "ottilie", "leopold", "Table clock, case only", _CLOCK, "antiques", 41),
    (341, "jonas", "ferenc", "Railway watch of the Südbahn", _WATCH, "watches", 86),
    (333, "agnes", "viktor", "Sheet of nine stamps, unused", _STAMP, "other", 22),
    (318, "rosa", "jonas", "Coal wagon, gauge 0", _TRAIN, "models", 39),
    (305, "hedwig", "irma", "Glass beaker, cut", _VASE, "porcelain", 45),
    (289, "ottilie", "jonas", "Box of watch keys", _WATCH, "watches", 31),
    (271, "jonas", "klara", "Lady’s watch on a chain", _WATCH, "watches", 74),
    (262, "tilda", "ferenc", "Plate camera without lens", _CAMERA, "cameras", 58),
    (248, "marta", "rosa", "Folding camera, bellows patched", _CAMERA, "cameras", 27),
    (236, "jonas", "ferenc", "Lever watch, black dial", _WATCH, "watches", 63),
    (221, "hedwig", "klara", "Butter dish with a cow on the lid", _TEAPOT, "porcelain", 52),
    (204, "rosa", "ferenc", "Station master, painted lead", _TRAIN, "models", 18),
    (192, "jonas", "marta", "Watch stand, carved bear", _CLOCK, "watches", 47),
    (178, "ottilie", "marta", "Fountain pen, mother-of-pearl", _PEN, "other", 66),
    (165, "hedwig", "agnes", "Postcard album, empty", _CARD, "cards", 15),
    (151, "jonas", "tilda", "Stop watch, one button", _WATCH, "watches", 33),
    (128, "leopold", "hedwig", "Clock key for eight sizes", _CLOCK, "antiques", 12),
    (112, "jonas", "agnes", "Postcards of the Pöstlingberg railway", _CARD, "cards", 19),
    (97, "hedwig", "ferenc", "Tea caddy, blue and white", _TEAPOT, "porcelain", 71),
    (84, "jonas", "leopold", "Watchmaker’s eyeglass and tweezers", _WATCH, "watches", 24),
    (70, "klara", "marta", "Sugar tongs, silver", _TEAPOT, "antiques", 30),
    (58, "jonas", "rosa", "Clockwork motor, new spring", _TRAIN, "models", 42),
    (43, "hedwig", "jonas", "Candle extinguisher, faience", _VASE, "porcelain", 36),
)

# Three grades as the data files write them, and words. They are given in turn.
_OF_SELLERS = (
    ("ggg", "Exactly as described, and packed as if it were an egg."),
    ("ggg", ""),
    ("gfg", "Took a week to the post, and said so beforehand."),
    ("ggg", "The fault was in the listing, in the first line. So it should be."),
    ("fgg", "A little more worn than the photograph showed. Still content."),
    ("ggg", "Not my first from here, and not my last."),
    ("gff", "Slow to answer, slow to ship. The piece is good."),
)
_OF_BUYERS = (
    ("ggg", "Paid the same day."),
    ("ggg", "Wrote when it arrived, and again after a look at it under the lens."),
    ("ggf", "Paid on the third day."),
    ("ggg", ""),
)


def scripts() -> Iterator[Script]:
    """Every deal of the past as a lot with its course."""
    for number, (days_ago, seller, buyer, title, photo, category, price) in enumerate(_PAST):
        yield Script(
            key=f"past-{number}", title=title, seller=seller, photos=[photo], category=category, opening=str(price),
            shipping="6.00", ended=days_ago, bids=[(buyer, price + 5)], course=_course(days_ago, number),
        )  # fmt: skip


def _course(ended: int, number: int) -> list[list[object]]:
    """From the hammer to the words, as it goes when nothing goes wrong."""
    of_seller, of_buyer = _OF_SELLERS[number % len(_OF_SELLERS)], _OF_BUYERS[number % len(_OF_BUYERS)]
    days: tuple[tuple[float, str, dict[str, str]], ...] = (
        (1.3, "buyer says sent", {}),
        (2.2, "treasurer finds", {}),
        (3.6, "seller ships", {}),
        (6.2, "buyer has it", {}),
        (7.4, "buyer confirms", {}),
        (8.7, "treasurer pays out", {}),
        (9.9, "buyer rates", {"grades": of_seller[0], "words": of_seller[1]}),
        (11.6 + number % 3, "seller rates", {"grades": of_buyer[0], "words": of_buyer[1]}),
    )
    return [[ended - day, deed, said] for day, deed, said in days]
