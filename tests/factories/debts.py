"""What members owe a group, and what it has earned, as the books say."""

from __future__ import annotations

import itertools

from marketplace.accounts.models import Person
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import service as ledger
from marketplace.ledger.rules import Move, fees, gateway, guarantee_fund, receivable
from marketplace.payments.rules import Through

_numbers = itertools.count(1)


def a_debt(group: Group, person: Person, minor: int = 40_00) -> None:
    """A bank took back what had been paid out to him."""
    _post(group, Move(receivable(group.id, person.id), gateway(group.id, Through.STRIPE), _money(group, minor)))


def earned(group: Group, minor: int) -> None:
    """Fees that lie at the processor, and more, of which nothing is anybody else's: what debts took is there again."""
    _post(group, Move(gateway(group.id, Through.STRIPE), fees(group.id), _money(group, minor)))


def in_fund(group: Group, minor: int) -> None:
    _post(group, Move(gateway(group.id), guarantee_fund(group.id), _money(group, minor)))


def _money(group: Group, minor: int) -> Money:
    return Money(minor, group.currency)


def _post(group: Group, move: Move) -> None:
    number = next(_numbers)
    with unit_of_work():
        ledger.post(group_id=group.id, moves=[move], reference=f"made:{group.id}:{number}", memo="Made", at=clock.now())
