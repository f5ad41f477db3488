"""Questions under a lot: asked by members, answered by the seller, hidden by moderators, and kept as they were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from marketplace.auctions import finding, question_rules
from marketplace.auctions.events import QuestionAnswered, QuestionAsked, WordsHidden
from marketplace.auctions.models import Lot
from marketplace.auctions.question_models import Hiding, Said
from marketplace.auctions.question_rules import Part, Party, Reason, State
from marketplace.auctions.rules import State as LotState
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce

PAGE = 20


@dataclass(frozen=True, slots=True)
class Words:
    """One thing that was said."""

    id: int
    author_id: int
    text: str
    """Shown to officers alone, where it is hidden."""
    said_at: datetime
    hidden_for: str
    """One of question_rules.Reason; empty where it is not hidden."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A question and what came of it."""

    number: int
    words: dict[Part, Words]

    @property
    def question(self) -> Words:
        return self.words[Part.QUESTION]

    @property
    def state(self) -> State:
        return question_rules.state_of(self.words, self.hidden)

    @property
    def hidden(self) -> set[Part]:
        return {part for part, words in self.words.items() if words.hidden_for}


@use_case
def ask(*, lot_id: int, by: int, text: str, client_key: str) -> int:
    """Ask the seller something, for all to read. Gives the question's number; the same key again asks nothing new.

    Raises NotFound, NotAllowed, TooLate or RuleBroken.
    """
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    if (earlier := _sent_before(lot, by, client_key)) is not None:
        return earlier.number
    groups.require(by, lot.group_id, Permission.ASK_ABOUT_LOT)
    now = clock.now()
    question_rules.judge(State.NONE, Part.QUESTION, by=_party(lot, by), is_open=_is_open(lot, now))
    question_rules.check_room(_waiting(lot.id, by))
    last = db.session.scalar(select(func.max(Said.number)).where(Said.lot_id == lot.id)) or 0
    said = _write(lot, last + 1, Part.QUESTION, text, by=by, client_key=client_key, now=now)
    announce(QuestionAsked(*_about(lot), lot.seller_id, said.number, text))
    return said.number


@use_case
def answer(*, lot_id: int, number: int, by: int, text: str, client_key: str, part: Part = Part.ANSWER) -> None:
    """Answer a question, or add to the answer: each once, and for good. The same key again does nothing.

    Raises NotFound, NotAllowed, TooLate or Stale.
    """
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    if _sent_before(lot, by, client_key) is not None:
        return
    thread, now = thread_of(lot.id, number), clock.now()
    question_rules.judge(thread.state, part, by=_party(lot, by), is_open=_is_open(lot, now))
    _write(lot, number, part, text, by=by, client_key=client_key, now=now)
    announce(QuestionAnswered(*_about(lot), thread.question.author_id, number, part, text))


@use_case
def hide(*, lot_id: int, number: int, by: int, part: Part, reason: Reason) -> None:
    """Put a reason in the place of what was said, for everybody but the officers.

    Raises NotFound, NotAllowed or Stale.
    """
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    groups.require(by, lot.group_id, Permission.HIDE_QUESTION)
    thread = thread_of(lot.id, number)
    is_close = by in {lot.seller_id, thread.question.author_id}
    question_rules.check_may_hide(part, said=thread.words, hidden=thread.hidden, is_close=is_close)
    words = thread.words[part]
    db.session.add(Hiding(said_id=words.id, reason=reason, hidden_by_id=by, hidden_at=clock.now()))
    audit.note(f"hide {part}", f"lot:{lot.id}", by=by, group_id=lot.group_id, why=reason)
    announce(WordsHidden(*_about(lot), words.author_id, words.id, reason))


def check_may_ask(lot: Lot, person_id: int) -> None:
    """Raise what `ask` would, before anything is typed."""
    groups.require(person_id, lot.group_id, Permission.ASK_ABOUT_LOT)
    is_open = _is_open(lot, clock.now())
    question_rules.judge(State.NONE, Part.QUESTION, by=_party(lot, person_id), is_open=is_open)


def next_part(thread: Thread) -> Part:
    """What the seller would say next."""
    return Part.ANSWER if thread.state in {State.OPEN, State.HIDDEN} else Part.ADDITION


def check_may_answer(lot: Lot, thread: Thread, person_id: int) -> None:
    """Raise what `answer` would, before anything is typed."""
    is_open = _is_open(lot, clock.now())
    question_rules.judge(thread.state, next_part(thread), by=_party(lot, person_id), is_open=is_open)


def thread_of(lot_id: int, number: int) -> Thread:
    """One question of a lot. Raises NotFound."""
    found = _threads(_said(lot_id).where(Said.number == number))
    if not found:
        raise NotFound("There is no such question.")
    return found[0]


def said_to(said_id: int, person_id: int) -> tuple[Lot, Said]:
    """One thing that was said and its lot, for somebody who sees it. Raises NotFound, of what is hidden, too."""
    hidden = select(Hiding.said_id).where(Hiding.said_id == said_id)
    said = db.session.scalar(select(Said).where(Said.id == said_id, ~hidden.exists()))
    if said is None:
        raise NotFound("There is no such question.")
    return finding.lot_for(said.lot_id, person_id), said


def said_in(group_id: int, said_ids: Sequence[int]) -> list[tuple[Said, Lot, str]]:
    """Those of them that were said in a group, each with its lot and the reason for which it is hidden. One query."""
    wanted = select(Said, Lot, Hiding.reason).join(Lot, Lot.id == Said.lot_id)
    wanted = wanted.outerjoin(Hiding, Hiding.said_id == Said.id)
    rows = db.session.execute(wanted.where(Said.id.in_(said_ids), Lot.group_id == group_id))
    return [(said, lot, reason or "") for said, lot, reason in rows]


def latest(lot_id: int, *, before: int | None = None, limit: int = PAGE) -> tuple[list[Thread], int | None]:
    """The last questions of a lot, newest first, those before a number; and the number to go on before. One query."""
    wanted = _said(lot_id) if before is None else _said(lot_id).where(Said.number < before)
    most = (limit + 1) * len(Part)
    threads = _threads(wanted.order_by(Said.number.desc(), Said.id).limit(most))
    return threads[:limit], threads[limit - 1].number if len(threads) > limit else None


def evidence_of(lot_id: int) -> list[Thread]:
    """All that was asked and answered under a lot, in order: what a dispute may rest on."""
    return _threads(_said(lot_id).order_by(Said.number, Said.id))


def _said(lot_id: int) -> Select[Said, str | None]:
    wanted = select(Said, Hiding.reason).outerjoin(Hiding, Hiding.said_id == Said.id)
    return wanted.where(Said.lot_id == lot_id)


def _threads(wanted: Select[Said, str | None]) -> list[Thread]:
    found: dict[int, Thread] = {}
    for said, reason in db.session.execute(wanted):
        words = Words(said.id, said.author_id, said.text, said.said_at, reason or "")
        found.setdefault(said.number, Thread(said.number, {})).words[Part(said.part)] = words
    return list(found.values())


def _waiting(lot_id: int, person_id: int) -> int:
    """How many of his questions have neither an answer nor been hidden."""
    theirs = aliased(Said)
    answers = select(theirs.id).where(
        theirs.lot_id == Said.lot_id, theirs.number == Said.number, theirs.part == Part.ANSWER
    )
    wanted = select(func.count()).select_from(Said).outerjoin(Hiding, Hiding.said_id == Said.id)
    wanted = wanted.where(Said.lot_id == lot_id, Said.author_id == person_id, Said.part == Part.QUESTION)
    return db.session.scalar(wanted.where(Hiding.said_id.is_(None), ~answers.exists())) or 0


def _sent_before(lot: Lot, person_id: int, client_key: str) -> Said | None:
    his = (Said.lot_id == lot.id, Said.author_id == person_id, Said.client_key == client_key)
    return db.session.scalar(select(Said).where(*his))


def _write(lot: Lot, number: int, part: Part, text: str, *, by: int, client_key: str, now: datetime) -> Said:
    said = Said(
        lot_id=lot.id, number=number, part=part, author_id=by, client_key=client_key, text=text, said_at=now
    )  # fmt: skip
    db.session.add(said)
    db.session.flush()
    audit.note(f"write {part}", f"lot:{lot.id}", by=by, group_id=lot.group_id)
    return said


def _party(lot: Lot, person_id: int) -> Party:
    return Party.SELLER if person_id == lot.seller_id else Party.MEMBER


def _is_open(lot: Lot, now: datetime) -> bool:
    return question_rules.is_open_to_questions(LotState(lot.state), ends_at=lot.ends_at, now=now)


def _about(lot: Lot) -> tuple[int, int, int, str]:
    return lot.id, lot.group_id, lot.number, lot.title
