"""Answering a bank that asks money back: what the seller adds, what an officer sends, and giving it up.

What is sent is exactly what was read before: the page hands in a digest of it. The pictures become two files outside of
any unit of work; files that no answer came to name are removed again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from sqlalchemy import select

from marketplace.disputes import claim_record, evidence
from marketplace.disputes.claim_finding import Hearing, hearing_for
from marketplace.disputes.claim_models import ClaimPicture, ClaimWords
from marketplace.disputes.claim_rules import MOST_PICTURES
from marketplace.disputes.evidence import LARGE, Prepared, Upload
from marketplace.disputes.evidence_rules import Chosen, Exhibit, evidence_of, exhibits_of
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock, images, storage
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.picture_pages import pages_of
from marketplace.payments import contesting
from marketplace.payments.contest_rules import LEAD, Evidence, Verb, check_fits, check_pages, check_size

FOLDER = "contests"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What would be sent: the texts, and the pictures of the two files."""

    evidence: Evidence
    parcel: list[Exhibit]
    pictures: list[Exhibit]

    @property
    def digest(self) -> str:
        """The same for the same, and for nothing else."""
        shown = [[each.key for each in self.parcel], [each.key for each in self.pictures]]
        return hashlib.sha256(json.dumps([asdict(self.evidence), shown]).encode()).hexdigest()


def add(
    *, claim_id: int, by: int, words: str, uploads: Iterable[Upload], is_of_parcel: bool = False,
    client_key: str,
) -> None:  # fmt: skip
    """The seller says or shows more for the bank to read, until it is sent. Raises RuleBroken where it was."""
    _check_may_add(hearing_for(claim_id, by))
    let_go()
    with evidence.prepared(uploads) as sent:
        sent.kept = _enter(claim_id, by, words, sent, is_of_parcel=is_of_parcel, client_key=client_key)


def gathered(*, claim_id: int, by: int, chosen: Chosen) -> Gathered:
    """What would be sent, for whoever may send it. Raises RuleBroken where the bank would not take it."""
    hearing = hearing_for(claim_id, by)
    _check_may_contest(hearing)
    return _gathered(hearing, chosen)


def contest(*, claim_id: int, by: int, chosen: Chosen, digest: str) -> None:
    """An officer sends what he has just read. Raises Stale where it is not that any more, RuleBroken where it was
    sent already or cannot be."""
    found = gathered(claim_id=claim_id, by=by, chosen=chosen)
    let_go()
    with _as_files(found) as (files, kept):
        _intend(claim_id, by, chosen, digest, files)
        kept.update(files.values())


@use_case
def give_up(*, claim_id: int, by: int) -> None:
    """An officer without conflict leaves the money to the bank: that is final."""
    hearing = hearing_for(claim_id, by, locked=True)
    if not hearing.may_give_up:
        raise NotAllowed("Who gives up must be an officer without conflict. You may send evidence.")
    groups.require(by, hearing.order.group_id, Permission.ANSWER_BANK)
    contesting.intend(claim=hearing.claim.reference, group_id=hearing.order.group_id, by=by, verb=Verb.GIVE_UP)
    hearing.claim.remind_at = None


def picture_for(claim_id: int, person_id: int, name: str) -> str:
    """Where a picture is kept that may be sent to the bank; the seller sees his own. Raises NotFound."""
    hearing = hearing_for(claim_id, person_id)
    if hearing.may_contest:
        shown = {each.name: each.key for each in claim_record.record_of(hearing.order, hearing.claim).exhibits}
    else:
        shown = {f"picture-{each.id}": each.key for each in claim_record.pictures_of(claim_id)}
    if name not in shown:
        raise _no_picture()
    return images.file_of(shown[name], LARGE)


def file_for(claim_id: int, person_id: int, contest_id: int, name: str) -> bytes:
    """A file that was sent, for whoever may answer the bank. Raises NotFound."""
    hearing = hearing_for(claim_id, person_id)
    row = next((each for each in hearing.answers if each.id == contest_id), None)
    key = {"parcel": row.parcel_key, "pictures": row.pictures_key}.get(name) if row else None
    if not hearing.may_contest or key is None:
        raise _no_picture()
    return storage.get(key)


@use_case
def _enter(
    claim_id: int, by: int, words: str, sent: Prepared, *, is_of_parcel: bool, client_key: str
) -> frozenset[str]:
    hearing = hearing_for(claim_id, by, locked=True)
    _check_may_add(hearing)
    same = select(ClaimWords.id).where(ClaimWords.claim_id == claim_id, ClaimWords.client_key == client_key)
    there = claim_record.pictures_of(claim_id)
    hashes = {each.sha256 for each in there}
    new = [each for each in sent.shown if each.sha256 not in hashes]
    if db.session.scalar(same) is not None or not (words or new):
        return frozenset()
    if len(there) + len(new) > MOST_PICTURES:
        raise RuleBroken(
            "The bank is shown %(most)s photographs of yours at most, and has %(there)s. Choose fewer.",
            field="photo_1", most=MOST_PICTURES, there=len(there),
        )  # fmt: skip
    now = clock.now()
    if words:
        db.session.add(ClaimWords(claim_id=claim_id, person_id=by, words=words, at=now, client_key=client_key))
    for number, each in enumerate(new, len(there) + 1):
        db.session.add(
            ClaimPicture(
                claim_id=claim_id, number=number, person_id=by, key=each.key, sha256=each.sha256, alt=each.alt,
                is_of_parcel=is_of_parcel, added_at=now,
            )
        )  # fmt: skip
    audit.note("add for bank", f"order:{hearing.order.id}", by=by, group_id=hearing.order.group_id)
    return frozenset(each.key for each in new)


@use_case
def _intend(claim_id: int, by: int, chosen: Chosen, digest: str, files: dict[str, str]) -> None:
    hearing = hearing_for(claim_id, by, locked=True)
    _check_may_contest(hearing)
    groups.require(by, hearing.order.group_id, Permission.ANSWER_BANK)
    found = _gathered(hearing, chosen)
    if found.digest != digest:
        raise Stale("This is not what you have read. Read once more what would be sent.", field="statement")
    contesting.intend(
        claim=hearing.claim.reference, group_id=hearing.order.group_id, by=by, verb=Verb.CONTEST,
        evidence=found.evidence, parcel_key=files.get("parcel"), pictures_key=files.get("pictures"),
    )  # fmt: skip
    hearing.claim.remind_at = None


def _gathered(hearing: Hearing, chosen: Chosen) -> Gathered:
    record = claim_record.record_of(hearing.order, hearing.claim)
    found = Gathered(
        evidence_of(record, chosen), exhibits_of(record, chosen, of_parcel=True),
        exhibits_of(record, chosen, of_parcel=False),
    )  # fmt: skip
    check_fits(found.evidence)
    check_pages(len(found.parcel) + len(found.pictures))
    return found


@contextmanager
def _as_files(found: Gathered) -> Iterator[tuple[dict[str, str], set[str]]]:
    """Each of the two files, stored under a key that nobody can guess. Those that are not `kept` are forgotten."""
    pages = {name: _pages(shown) for name, shown in (("parcel", found.parcel), ("pictures", found.pictures)) if shown}
    check_size(sum(len(content) for content in pages.values()))
    keys = {name: f"{FOLDER}/{secrets.token_hex(16)}.pdf" for name in pages}
    kept: set[str] = set()
    try:
        for name, content in pages.items():
            storage.put(keys[name], content)
        yield keys, kept
    finally:
        for key in set(keys.values()) - kept:
            storage.remove(key)


def _pages(shown: Sequence[Exhibit]) -> bytes:
    return pages_of([(storage.get(images.file_of(each.key, LARGE)), each.title) for each in shown])


def _check_may_add(hearing: Hearing) -> None:
    if not hearing.is_seller:
        raise NotAllowed("This is for the seller to do. Your own words stand in what you send.")
    _check_is_open(hearing)


def _check_may_contest(hearing: Hearing) -> None:
    if not hearing.may_contest:
        raise NotAllowed("An officer who is party to neither side sends it. You can add to it.")
    _check_is_open(hearing)


def _check_is_open(hearing: Hearing) -> None:
    due_at = hearing.claim.evidence_due_at
    if not hearing.is_open:
        raise RuleBroken("The bank was answered already, or has decided. Nothing can be added to that.")
    if due_at is not None and clock.now() >= due_at - LEAD:
        raise RuleBroken("The bank heard evidence until %(until)s.", until=due_at)


def _no_picture() -> NotFound:
    return NotFound("There is no such picture.")
