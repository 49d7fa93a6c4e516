"""What models charge, by the tables of genai-prices; nothing is fetched for it."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kernel.model.message import Usage
from kernel.ports.price_book import Price

if TYPE_CHECKING:
    # It loads an HTTP client, a third of a second: only who asks for a price waits for it.
    from genai_prices.types import PriceCalculation, TieredPrices

# The library knows what batches cost for some providers, and for Bedrock and Azure it takes the
# whole price without a word. All of them ask for half.
BATCH_FACTOR: Final = Decimal("0.5")
# Our words for providers, where the library has others.
_PROVIDERS: Final = {
    "bedrock": "aws",
    "google-cloud": "google",
    "google-gla": "google",
    "google-vertex": "google",
    "grok": "x-ai",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "xai": "x-ai",
}


class GenaiPrices:
    """Prices as they were when the library was released; `Price.version` says which that is.

    Rates are those of this one request: of models with tiers, of the tier that it reaches.
    """

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        from genai_prices import __version__  # noqa: PLC0415

        provider, _, name = model.partition(":")
        ref = name.rpartition("/")[2] if name.startswith("arn:") else name
        known = _PROVIDERS.get(provider, provider)
        found = _asked(known, ref, usage, at)
        if found is None:
            return None
        factor = BATCH_FACTOR if batch else Decimal(1)
        rates = found.model_price
        return Price(
            cost=found.total_price * factor,
            input_rate=_rate(rates.input_mtok, usage) * factor,
            output_rate=_rate(rates.output_mtok, usage) * factor,
            version=f"genai-prices {__version__}",
        )


def _rate(rate: "Decimal | TieredPrices | None", usage: Usage) -> Decimal:
    """Return what a million cost; all of a request is in the tier that its input reaches."""
    if rate is None or isinstance(rate, Decimal):
        return rate or Decimal(0)
    reached = [tier.price for tier in rate.tiers if usage.input > tier.start]
    return reached[-1] if reached else rate.base


def _asked(provider: str, name: str, usage: Usage, at: datetime) -> "PriceCalculation | None":
    from genai_prices import Usage as Counted  # noqa: PLC0415
    from genai_prices import calc_price  # noqa: PLC0415

    counted = Counted(
        # What is cached is a part of all that went in, or the library will not count it.
        input_tokens=max(usage.input, usage.cached + usage.cache_written),
        output_tokens=usage.output,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_written,
    )
    try:
        found = calc_price(counted, name, provider_id=provider, genai_request_timestamp=at)
    except LookupError:
        return None
    rates = found.model_price
    # What has no rate costs nothing there, and nobody knows what here.
    unknown = (usage.input and rates.input_mtok is None) or (
        usage.output and rates.output_mtok is None
    )
    return None if unknown else found
