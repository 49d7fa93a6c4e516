"""What models charge: a book that is opened when a price is first asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from collections.abc import Callable
    from datetime import datetime

    from kernel.model.message import Usage
    from kernel.ports.price_book import Price, PriceBook


class NoPrices:
    """Knows no model's price."""

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        return None


class LatePrices:
    """Makes the book when it is first needed: tables take some tenths of a second to load."""

    def __init__(self, make: Callable[[], PriceBook]) -> None:
        self._make = make
        self._book: PriceBook | None = None
        self._making = threading.Lock()

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        with self._making:
            self._book = self._book or self._make()
        return self._book.price(model, usage, at=at, batch=batch)
