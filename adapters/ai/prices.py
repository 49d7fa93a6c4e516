"""What models charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from datetime import datetime

    from kernel.model.message import Usage
    from kernel.ports.price_book import Price


class NoPrices:
    """Knows no model's price."""

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        return None
