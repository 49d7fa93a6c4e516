"""Where calls are written down: what the helper needs of whoever keeps the bill."""

from dataclasses import dataclass
from typing import Protocol

from kernel.model.call import CallKind, ModelCall, Tally


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A call about to be made.

    Args:
        reserve: What it may come to, in nanodollars; None where nobody knows.
        id: Given for what must be one line however often it is begun; else the ledger numbers.
        prompt: What is said, as far as it may be kept.
    """

    topic: str
    model: str
    kind: CallKind
    reserve: int | None
    requests: int = 1
    id: str | None = None
    prompt: str | None = None


class Ledger(Protocol):
    """The bill of one attempt, or of whatever else calls models."""

    def begin(self, draft: Draft) -> ModelCall:
        """Write the call down before it is made, and hold back what it may come to.

        What was begun under the same id before is returned as it stands, perhaps settled.

        Raises:
            BudgetExceededError: The budget does not allow it.
            UnpricedModelError: There is a budget, and *reserve* is None.
            ConflictError: The attempt is no longer ours; it must not spend anything.
        """
        ...

    def drafted(self, draft: Draft) -> ModelCall:
        """Return the line that *draft* would be, without writing it down."""
        ...

    def settle(self, call: ModelCall) -> None:
        """Write down how a call that was begun has ended; once is enough, twice does no harm."""
        ...

    def record(self, call: ModelCall) -> None:
        """Write down a call that was made elsewhere, with all it came to."""
        ...

    def tally(self, prefix: str = "") -> Tally:
        """Return what the calls whose topic begins with *prefix* came to, in this run."""
        ...
