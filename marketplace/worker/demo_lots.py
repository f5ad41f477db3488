"""The demo's lots: read from the .toml files beside this one, described, photographed, listed and bid on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from marketplace.auctions import bidding, offering, questions, service as auctions
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import Format
from marketplace.catalog import photos, service as catalog
from marketplace.catalog.rules import WIDTHS, Category, Claim, Condition, Details, Sureness
from marketplace.groups import moderation
from marketplace.kernel import images
from marketplace.kernel.database import db
from marketplace.kernel.images import Picture
from marketplace.kernel.money import Money
from marketplace.worker import demo_pictures
from marketplace.worker.demo_story import CURRENCY, Deed, Story

FOLDER = Path(__file__).parent

Shot = tuple[str, str, int, str]
"""What is drawn, in which colour, in which light, and what it shows in words."""
Pictures = Mapping[tuple[str, str, int], Picture]


@dataclass(frozen=True, slots=True)
class Script:
    """One lot as the data files tell it. Days are counted back from now; sums are in main units, as people write."""

    key: str
    title: str
    seller: str
    photos: list[Shot]
    opening: str = ""
    """Without one it is a draft, and stays it."""
    about: str = ""
    category: str = "antiques"
    condition: str = "used"
    period: str = ""
    size: str = ""
    grams: int | None = None
    claims: list[list[str]] = field(default_factory=list)
    """What is promised: label, text, how sure."""
    faults: str = ""
    shipping: str | None = None
    """None: it is picked up."""
    shipping_to: str = "Austria and the EU"
    pickup: bool = False
    group: str = "lindengasse-antiques"
    reserve: str | None = None
    buy_now: str | None = None
    format: str = "open"
    listed: float = 0
    """Days ago; for a lot that has ended, a week before its end."""
    starts: str | None = None
    ends: str | None = None
    """A moment to come, as Story.ahead reads it."""
    sale: int | None = None
    """The number of the group's sale that it is in; its start and end are the sale's."""
    ended: float | None = None
    """Days ago: 3 is in that evening, 3.5 at that very moment, where something is to be open still."""
    bids: list[tuple[str, int]] = field(default_factory=list)
    """Who bid up to how much, in order; spread over the time that the lot has run so far."""
    remarks: list[tuple[float, str]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    """Days ago, by whom, what; and when the seller answered what, if he did."""
    offers: list[tuple[float, str, str]] = field(default_factory=list)
    """Days ago, who, how much: on a lot that has passed."""
    hidden: dict[str, Any] | None = None
    reported: dict[str, Any] | None = None
    course: list[list[Any]] = field(default_factory=list)
    """What became of its order: days ago, what was done, and what was said with it."""


def read(name: str) -> list[Script]:
    """The lots of one data file."""
    with (FOLDER / name).open("rb") as file:
        return [Script(**row) for row in tomllib.load(file)["lot"]]


def draw(scripts: Sequence[Script]) -> Pictures:
    """Every picture that the lots need, drawn and made ready once, before anything is written."""
    wanted = list(dict.fromkeys(_drawing(shot) for script in scripts for shot in script.photos))
    with ThreadPoolExecutor(max_workers=2) as hands:  # Pillow works outside the interpreter's lock
        return dict(zip(wanted, hands.map(_made_ready, wanted), strict=True))


def tell(story: Story, script: Script, pictures: Pictures, *, first: Deed | None = None) -> None:
    """A lot, from its description to the last bid; `first` is done right before it is listed."""
    ends = _end(story, script)
    listed = story.ago(script.listed) if script.ended is None or ends is None else ends - timedelta(days=7)
    if first:
        story.at(listed, first)
    story.at(listed, partial(_list, story, script, pictures, ends))
    last = min(ends, story.now) if ends else story.now
    if script.hidden:
        last = story.ago(script.hidden["days"])
    for place, (who, most) in enumerate(script.bids, start=1):
        moment = listed + (last - listed) * place / (len(script.bids) + 1)
        story.at(moment, partial(_bid, story, script.key, who, most))
    for days_ago, text in script.remarks:
        story.at(story.ago(days_ago), partial(_remark, story, script, text))
    for told in script.questions:
        story.at(story.ago(told["days"]), partial(_ask, story, script, told))
    for days_ago, who, amount in script.offers:
        story.at(story.ago(days_ago), partial(_offer, story, script.key, who, amount))
    if script.reported:
        story.at(story.ago(script.reported["days"]), partial(_report, story, script))
    if script.hidden:
        story.at(story.ago(script.hidden["days"]), partial(_hide, story, script))


def _end(story: Story, script: Script) -> datetime | None:
    if isinstance(script.ended, int):
        return story.evening(script.ended)
    if script.ended is not None:
        return story.now - timedelta(days=script.ended)
    return story.ahead(script.ends) if script.ends else None


def _drawing(shot: Shot) -> tuple[str, str, int]:
    return shot[0], shot[1], shot[2]


def _made_ready(drawing: tuple[str, str, int]) -> Picture:
    thing, tint, light = drawing
    return images.picture_of(demo_pictures.picture(thing, tint=tint, light=light), widths=WIDTHS)


def _list(story: Story, script: Script, pictures: Pictures, ends: datetime | None) -> None:
    seller = story.people[script.seller]
    item = catalog.draft_item(
        by=seller, group_id=story.groups[script.group], client_key=story.key("item"), details=_details(script)
    )
    for shot in script.photos:
        photos.add_picture(item_id=item.id, by=seller, picture=pictures[_drawing(shot)], alt=shot[3])
    if not script.opening:
        return
    catalog.publish(item_id=item.id, by=seller)
    if ends is None and script.sale is None:
        return
    lot = auctions.list_lot(
        by=seller, item_id=item.id, opening=euros(script.opening),
        reserve=euros(script.reserve) if script.reserve else None,
        buy_now=euros(script.buy_now) if script.buy_now else None, format=Format(script.format),
        starts_at=story.ahead(script.starts) if script.starts else None, ends_at=ends, sale=script.sale,
        client_key=story.key("lot"),
    )  # fmt: skip
    story.items[script.key], story.lots[script.key] = item.id, lot.id


def _details(script: Script) -> Details:
    return Details(
        title=script.title, description=script.about or f"{script.title}, from a house in Vienna.",
        category=Category(script.category), condition=Condition(script.condition), period=script.period,
        dimensions=script.size, weight_grams=script.grams, faults=script.faults,
        claims=tuple(Claim(label, text, Sureness(sure)) for label, text, sure in script.claims),
        shipping=None if script.shipping is None else Decimal(script.shipping),
        shipping_to="" if script.shipping is None else script.shipping_to, pickup_possible=script.pickup,
    )  # fmt: skip


def _bid(story: Story, key: str, who: str, most: int) -> None:
    bidding.place_bid(
        lot_id=story.lots[key], by=story.people[who], maximum=euros(str(most)), client_key=story.key("bid"),
        confirmed=True,
    )  # fmt: skip


def _remark(story: Story, script: Script, text: str) -> None:
    seller = story.people[script.seller]
    catalog.add_remark(item_id=story.items[script.key], by=seller, client_key=story.key("remark"), text=text)


def _ask(story: Story, script: Script, told: Mapping[str, Any]) -> None:
    number = questions.ask(
        lot_id=story.lots[script.key], by=story.people[told["by"]], text=told["text"], client_key=story.key("question")
    )
    if "answer" in told:
        story.at(story.ago(told["answered"]), partial(_answer, story, script, number, told["answer"]))


def _answer(story: Story, script: Script, number: int, text: str) -> None:
    questions.answer(
        lot_id=story.lots[script.key], number=number, by=story.people[script.seller], text=text,
        client_key=story.key("answer"),
    )  # fmt: skip


def _offer(story: Story, key: str, who: str, amount: str) -> None:
    lot = db.session.get_one(Lot, story.lots[key])
    offering.make_offer(
        lot_id=lot.id, by=story.people[who], amount=euros(amount), shipping_seen=lot.shipping,
        client_key=story.key("offer"),
    )  # fmt: skip


def _report(story: Story, script: Script) -> None:
    told = script.reported or {}
    report = moderation.report(
        by=story.people[told["by"]], group_id=story.groups[script.group], subject=f"lot:{story.lots[script.key]}",
        about_id=story.people[script.seller], reason=told["reason"],
    )  # fmt: skip
    if "note" in told:
        story.at(story.ago(told["closed"]), partial(_close_report, story, report.id, told["closed_by"], told["note"]))


def _close_report(story: Story, report_id: int, by: str, note: str) -> None:
    moderation.close_report(by=story.people[by], report_id=report_id, note=note)


def _hide(story: Story, script: Script) -> None:
    told = script.hidden or {}
    auctions.hide_lot(lot_id=story.lots[script.key], by=story.people[told["by"]], reason=told["reason"])


def euros(amount: str) -> Money:
    """A sum as the data files write it."""
    return Money.of(Decimal(amount), CURRENCY)
