"""A line of the queue of what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import LazyString


@dataclass(frozen=True, slots=True)
class Task:
    """What to do, what is at stake, until when, and the button that leads there."""

    title: str
    url: str
    button: str
    text: str
    deadline: datetime | None = None
    zone: str = "UTC"
    then: str = ""
    """What happens at the deadline if nobody acts."""
    item_id: int | None = None
    """Whose first photograph stands beside the line."""


class Words(NamedTuple):
    """How a task is named, what its button says, what is at stake, and what happens at the deadline."""

    title: LazyString
    button: LazyString
    text: LazyString
    then: LazyString | str

    def task(self, details: dict[str, str], **facts: Any) -> Task:
        """The line of the queue, its details filled in."""
        title, button, text, then = (str(words) % details for words in self)
        return Task(title=title, button=button, text=text, then=then, **facts)
