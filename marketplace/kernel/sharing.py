"""Deeds that wait in one process share a unit of work: one lock, one commit, few statements for all of them.

While one of them waits for the database, others of the same kind come in; the first of these does all that have come,
and so on. Nobody waits longer than for the deed before his, and under load a commit costs each of them a part of it.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition
from typing import Generic, TypeVar

from flask import current_app

from marketplace.kernel import clock
from marketplace.kernel.database import is_working, let_go
from marketplace.kernel.errors import EarnestError

Asked = TypeVar("Asked")
Given = TypeVar("Given")

MOST = 32
"""So many deeds share one commit: enough for all threads of a process, few enough for a short lock."""


class _Ticket(Generic[Asked, Given]):
    """One deed that waits, and what came of it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.outcome: Given | BaseException = RuntimeError("nothing came of it")  # never taken for an answer
        self.is_done = False


class _Desk(Generic[Asked, Given]):
    """Where the deeds of one kind wait in one process. One of those who wait does the work of all."""

    def __init__(self, do_all: Callable[[Sequence[Asked]], Sequence[Given | EarnestError]]) -> None:
        self._do_all = do_all
        self._waiting: deque[_Ticket[Asked, Given]] = deque()
        self._turn = Condition()
        self._is_busy = False

    def do(self, asked: Asked) -> Given:
        ticket: _Ticket[Asked, Given] = _Ticket(asked)
        with self._turn:
            self._waiting.append(ticket)
        while taken := self._turn_of(ticket):  # who came before him may be more than share one commit
            self._work(taken)
        if isinstance(ticket.outcome, BaseException):
            raise ticket.outcome
        return ticket.outcome

    def _turn_of(self, ticket: _Ticket[Asked, Given]) -> list[_Ticket[Asked, Given]]:
        """Wait until somebody has done the deed, or nobody is at work: then those who are next, to be done by him."""
        with self._turn:
            self._turn.wait_for(lambda: ticket.is_done or not self._is_busy)
            if ticket.is_done:
                return []
            self._is_busy = True
            return [self._waiting.popleft() for _each in range(min(MOST, len(self._waiting)))]

    def _work(self, taken: list[_Ticket[Asked, Given]]) -> None:
        try:
            self._do_together(taken)
        finally:
            with self._turn:
                for ticket in taken:
                    ticket.is_done = True
                self._is_busy = False
                self._turn.notify_all()

    def _do_together(self, taken: list[_Ticket[Asked, Given]]) -> None:
        try:
            outcomes: Sequence[Given | BaseException] = self._do_all([ticket.asked for ticket in taken])
        except BaseException as error:
            if len(taken) > 1:  # one of them is at fault, and nothing was kept: each by itself then
                for ticket in taken:
                    self._do_together([ticket])
                return
            outcomes = [error]
        for ticket, outcome in zip(taken, outcomes, strict=True):
            ticket.outcome = outcome


def shares_a_commit(
    do_all: Callable[[Sequence[Asked]], Sequence[Given | EarnestError]],
) -> Callable[[Asked], Given]:
    """Make of a use case for many deeds at once, which gives what became of each, a function for one of them.

    The function raises the deed's own refusal. Who is in a unit of work already, or has been told the time, does his
    alone: he shares neither with others.
    """

    @functools.wraps(do_all)
    def do_one(asked: Asked) -> Given:
        if is_working() or clock.is_told():
            (outcome,) = do_all([asked])
            if isinstance(outcome, EarnestError):
                raise outcome
            return outcome
        let_go()  # who waits holds no snapshot of the database
        desks = current_app.extensions.setdefault("earnest_desks", {})
        desk: _Desk[Asked, Given] = desks.get(do_all) or desks.setdefault(do_all, _Desk(do_all))
        return desk.do(asked)

    return do_one
