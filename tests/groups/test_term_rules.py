"""The ranges of the terms, and how terms are kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from marketplace.groups.term_rules import RANGES, Ladder, Terms, check_terms
from marketplace.kernel.errors import RuleBroken


def test_the_default_terms_are_allowed() -> None:
    check_terms(Terms())


@pytest.mark.parametrize("name", RANGES)
def test_a_term_outside_its_range_is_refused_at_its_field(name: str) -> None:
    least, most = RANGES[name]
    for wrong in (least - 1, most + 1, -1, 10**9):
        with pytest.raises(RuleBroken) as refusal:
            check_terms(replace(Terms(), **{name: wrong}))
        assert refusal.value.field == name


def test_every_term_that_is_a_number_has_a_range_that_holds_its_default() -> None:
    numbers = {name: value for name, value in Terms().as_dict().items() if not isinstance(value, (bool, str))}
    assert set(numbers) == set(RANGES)
    assert all(RANGES[name].least <= value <= RANGES[name].most for name, value in numbers.items())


def test_the_refund_of_what_is_not_shipped_comes_after_the_time_to_ship() -> None:
    with pytest.raises(RuleBroken) as refusal:
        check_terms(Terms(days_to_ship=7, days_until_unshipped_refund=7))
    assert refusal.value.field == "days_until_unshipped_refund"


def test_terms_survive_their_storage_and_unknown_ones_are_left_out() -> None:
    terms = Terms(fee_basis_points=250, seller_pays_return=False)
    assert Terms.from_dict(terms.as_dict()) == terms
    house = Terms.from_dict(json.loads(json.dumps(Terms(ladder=Ladder.HOUSE).as_dict())))
    assert house.ladder is Ladder.HOUSE
    assert Terms.from_dict({"fee_basis_points": 250, "days_of_yore": 9}) == Terms(fee_basis_points=250)
