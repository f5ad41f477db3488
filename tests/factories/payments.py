"""Movements, and a gateway that answers as a test tells it to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from marketplace.kernel.money import Money
from marketplace.payments import service
from marketplace.payments.gateway import Asked, Instruction, Outcome
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind
from tests.factories.accounts import a_person

_count = itertools.count(1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def a_movement(
    kind: Kind = Kind.PAYOUT,
    amount: Money = Money(95_00, "EUR"),  # noqa: B008 - it is frozen
    *,
    group_id: int = 1,
    order_id: int | None = 7,
    person_id: int | None = None,
    key: str | None = None,
    gateway: str = "treasurer",
) -> Movement:
    """An intended payout of an order, unless told otherwise."""
    return service.intend(
        group_id=group_id,
        kind=kind,
        amount=amount,
        person_id=a_person().id if person_id is None else person_id,
        purpose=f"order:{order_id}:{kind}",
        key=key or f"test:{next(_count)}",
        order_id=order_id,
        gateway=gateway,
    )


@dataclass
class Processor:
    """A gateway with a memory of its own: carries out each key once, and may lose its answer on the way back."""

    name: str = "processor"
    answer: Callable[[Instruction], Outcome] = lambda instruction: Asked(f"their:{instruction.key}")
    tell: Callable[[Instruction], Outcome] | None = None
    """What it answers, whatever it has done."""
    loses_answers: bool = False
    is_down: bool = False
    carried_out: dict[str, Outcome] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Verb and key of everything that arrived."""

    def collect(self, instruction: Instruction) -> Outcome:
        return self._carry_out("collect", instruction)

    def refund(self, instruction: Instruction) -> Outcome:
        return self._carry_out("refund", instruction)

    def pay_out(self, instruction: Instruction) -> Outcome:
        return self._carry_out("pay_out", instruction)

    def reverse(self, instruction: Instruction) -> Outcome:
        return self._carry_out("reverse", instruction)

    def look_up(self, instruction: Instruction) -> Outcome | None:
        self._arrive("look_up", instruction)
        return self.carried_out.get(instruction.key)

    def _carry_out(self, verb: str, instruction: Instruction) -> Outcome:
        self._arrive(verb, instruction)
        if self.tell is not None:
            return self.tell(instruction)
        outcome = self.carried_out.setdefault(instruction.key, self.answer(instruction))
        if self.loses_answers:
            raise TimeoutError
        return outcome

    def _arrive(self, verb: str, instruction: Instruction) -> None:
        if self.is_down:
            raise ConnectionError
        self.heard.append((verb, instruction.key))
