"""What may come in about a person."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from marketplace.accounts.schemas import DescribePerson

UNSEEN = [
    "\u200b",
    "\u200d",
    "\u00ad",
    "\u2060",
    "\U000e0041",
    "\u115f",
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u2800",
    "\u034f",
]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_name_is_what_one_sees_of_it(unseen: str) -> None:
    assert DescribePerson().load({"name": f"A{unseen}gnes {unseen} Thaler"})["name"] == "Agnes Thaler"


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_name_that_nobody_sees_is_none(unseen: str) -> None:
    with pytest.raises(ValidationError, match="Write something here"):
        DescribePerson().load({"name": f" {unseen} "})


@pytest.mark.parametrize("name", ["Jürgen O’Neill-Šťastný", "毛利 蘭", "김민준", "عائشة", "Zoë 🏺"])
def test_names_of_all_the_world_stay_as_they_are(name: str) -> None:
    assert DescribePerson().load({"name": name})["name"] == name
