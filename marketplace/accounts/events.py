"""What happens to people that others should hear of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PayoutDetailsChanged:
    """Somebody gave new payout details. Until `usable_from` he is paid by the old ones."""

    person_id: int
    details_id: int
    usable_from: datetime


@dataclass(frozen=True, slots=True)
class PayoutChangeWithdrawn:
    """New payout details were taken back before they were used: the old ones stay."""

    person_id: int


@dataclass(frozen=True, slots=True)
class SignInPaused:
    """Somebody failed so often to sign in as this person that nobody can, until then, on a device that is new."""

    person_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class SecondFactorTakenOff:
    """The operator took off the second factor of somebody who could not come in any more."""

    person_id: int
