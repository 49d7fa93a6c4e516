"""A book with nothing in it."""

from datetime import datetime

from kernel.model.message import Usage
from kernel.ports.price_book import Price


class NoPrices:
    """Knows no model's price."""

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        return None
