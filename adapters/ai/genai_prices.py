"""genai-prices as a PriceBook: its table comes with the package, and no network is asked."""

from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Final

import genai_prices

from kernel.model.message import Usage
from kernel.ports.price_book import Price

# By what stages call a provider; where a name is missing, the library knows it by the same.
_PROVIDERS: Final = {"bedrock": "aws", "google-gla": "google", "google-vertex": "google"}
# What every provider with batches takes for them. The library knows it of some and of others not,
# Bedrock and Azure among them, and does not say so: it is ours, for all.
BATCH_FACTOR: Final = Decimal("0.5")
_MILLION: Final = Decimal(1_000_000)
_NOTHING: Final = Decimal(0)


class GenaiPrices:
    """Prices of one request at the time, by the tables of genai-prices.

    The rates are what the request came to a million tokens: some depend on its length, and on what
    of it came from a cache.
    """

    def __init__(self) -> None:
        self._version = f"genai-prices {version('genai-prices')}"

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        provider, _, name = model.partition(":")
        try:
            found = genai_prices.calc_price(
                _told(usage),
                name,
                provider_id=_PROVIDERS.get(provider, provider),
                genai_request_timestamp=at,
            )
        except LookupError:
            return None
        factor = BATCH_FACTOR if batch else Decimal(1)
        return Price(
            cost=found.total_price * factor,
            input_rate=_rate(found.input_price * factor, usage.input),
            output_rate=_rate(found.output_price * factor, usage.output),
            version=self._version,
        )


def _told(usage: Usage) -> genai_prices.Usage:
    """Return *usage* as the library counts: what was cached is a part of all that went in."""
    return genai_prices.Usage(
        input_tokens=max(usage.input, usage.cached + usage.cache_written),
        output_tokens=usage.output,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_written,
    )


def _rate(price: Decimal, tokens: int) -> Decimal:
    return price * _MILLION / tokens if tokens else _NOTHING
