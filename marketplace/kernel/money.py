"""Sums of money, exact to the minor unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering

# Decimals of the currencies that do not have two, from ISO 4217 (list one, 2024).
_EXPONENTS = {
    **dict.fromkeys(("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(), 0),
    **dict.fromkeys(("BHD IQD JOD KWD LYD OMR TND").split(), 3),
}

# The largest sum anyone can type: ten thousand million of the main unit of a two-decimal currency.
LARGEST_MINOR = 10**12


class CurrencyMismatch(TypeError):
    """Two sums of different currencies cannot be added or compared."""


class NotExact(ValueError):
    """An amount has more decimals than its currency."""


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@total_ordering
@dataclass(frozen=True, slots=True, eq=True)
class Money:
    """A whole number of minor units (cents, pence) of one currency.

    There is no division: a sum is shared with `split`, which loses nothing.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("Money counts whole minor units")

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Money:
        """The sum a person wrote, in main units. Raises NotExact where the currency has fewer decimals."""
        scaled = amount.scaleb(exponent(currency))
        if scaled != scaled.to_integral_value():
            raise NotExact(f"{currency} has {exponent(currency)} decimals")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """The sum in main units, as it is written: 12.50 for 1250 cents."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        """For logs and tests; pages write money with Babel."""
        return f"{self.currency} {self.amount:,}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def share(self, basis_points: int) -> Money:
        """The given share of this sum, rounded down. 100 basis points are one percent."""
        return Money(self.minor * basis_points // 10_000, self.currency)

    def split(self, *weights: int) -> list[Money]:
        """Parts in proportion to `weights` that add up to exactly this sum."""
        whole = sum(weights)
        if whole <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights are not negative and not all zero")
        parts, given, weight_seen = [], 0, 0
        for weight in weights:
            weight_seen += weight
            upto = self.minor * weight_seen // whole
            parts.append(Money(upto - given, self.currency))
            given = upto
        return parts

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor


def zero(currency: str) -> Money:
    """No money, of the given currency."""
    return Money(0, currency)
