"""What something takes of AWS, in numbers that can be added, subtracted and priced."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Self, TypeAlias


class Kind(StrEnum):
    """What is counted. A call is one of our own; event source mappings make theirs besides."""

    CALL = "AWS calls"
    WRITE = "write units"
    READ = "read units"
    SEND = "billed SQS sends"
    BELL = "bells delivered"
    EVENT = "events"
    BLOB_PUT = "S3 puts"
    BLOB_GET = "S3 gets"


Amounts: TypeAlias = Mapping[tuple[Kind, str], Decimal]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much of each kind, and of what: which operation, or which item or index entry."""

    amounts: Amounts = field(default_factory=dict)

    @classmethod
    def sum(cls, usages: Iterable[Self]) -> "Usage":
        return sum(usages, start=Usage())

    def __add__(self, other: "Usage") -> "Usage":
        return self._with(other, 1)

    def __sub__(self, other: "Usage") -> "Usage":
        return self._with(other, -1)

    def __mul__(self, number: int) -> "Usage":
        return Usage(amounts={key: amount * number for key, amount in self.amounts.items()})

    def __truediv__(self, number: int) -> "Usage":
        return Usage(amounts={key: amount / number for key, amount in self.amounts.items()})

    def of(self, kind: Kind) -> dict[str, Decimal]:
        return {what: amount for (each, what), amount in self.amounts.items() if each is kind}

    def total(self, kind: Kind) -> Decimal:
        return sum(self.of(kind).values(), start=Decimal())

    def _with(self, other: "Usage", sign: int) -> "Usage":
        keys = [*self.amounts, *(key for key in other.amounts if key not in self.amounts)]
        both = {
            key: self.amounts.get(key, Decimal()) + sign * other.amounts.get(key, Decimal())
            for key in keys
        }
        return Usage(amounts={key: amount for key, amount in both.items() if amount})


class Meter:
    """Adds up what is noted, until somebody takes it."""

    def __init__(self) -> None:
        self._amounts: defaultdict[tuple[Kind, str], Decimal] = defaultdict(Decimal)

    def note(self, kind: Kind, what: str, amount: Decimal | int = 1) -> None:
        self._amounts[kind, what] += amount

    def taken(self) -> Usage:
        """Return what was noted since this was last asked."""
        amounts, self._amounts = self._amounts, defaultdict(Decimal)
        return Usage(amounts=dict(amounts))
