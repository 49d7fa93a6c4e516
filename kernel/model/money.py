"""Money: `Decimal` where people and programs read it, whole nanodollars where it is added up."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

_NANOS: Final = Decimal(1_000_000_000)
_ONE: Final = Decimal(1)


class Usd(Decimal):
    """An amount in US dollars; write it as text, `Usd("2.50")`, so that it is exact."""


def nanos(amount: Decimal) -> int:
    """Return *amount* in nanodollars, which a store can add up without losing any.

    Rounded half to even: a call is off by half a nanodollar at most.
    """
    return int((amount * _NANOS).quantize(_ONE, rounding=ROUND_HALF_EVEN))


def dollars(nanos_: int) -> Decimal:
    """Return the amount behind that many nanodollars, exactly."""
    return Decimal(nanos_) / _NANOS


MOST: Final = Decimal(1_000_000_000)


def fault_of(amount: object) -> str:
    """Say why *amount* is no sum that a run may spend; no words if it is one."""
    if not isinstance(amount, Decimal):
        return f'it must be written Usd("2.50"), and not {amount!r}'
    if not amount.is_finite() or not 0 < amount <= MOST:
        return f"it is more than nothing and at most {MOST:,} US dollars, but not {amount}"
    return ""
