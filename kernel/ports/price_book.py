"""What a model charges, or that nobody knows."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from kernel.model.message import Usage


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one request costs, in US dollars; the rates are for a million tokens.

    *version* says which table it is from.
    """

    cost: Decimal
    input_rate: Decimal
    output_rate: Decimal
    version: str


class PriceBook(Protocol):
    """Prices go by the request: some rates depend on how long a single one is.

    So whoever asks about summed usage gets a wrong answer.
    """

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        """Return what one request of *usage* cost *at* that time; None where nobody knows.

        Args:
            model: As in the request, with its provider.
            batch: It was part of a provider's batch.
        """
        ...
