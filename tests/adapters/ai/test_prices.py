"""Prices of genai-prices, and what we know better than it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import pytest
from genai_prices import __version__

from adapters.ai.prices import BATCH_FACTOR, GenaiPrices
from kernel.model.message import Usage
from kernel.ports.price_book import Price

NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
NOVA: Final = "bedrock:eu.amazon.nova-lite-v1:0"
TIERED: Final = "anthropic:claude-sonnet-4-5"


@pytest.fixture
def prices() -> GenaiPrices:
    return GenaiPrices()


def test_a_request_costs_its_tokens_at_the_rates_of_its_model(prices: GenaiPrices) -> None:
    price = prices.price(NOVA, Usage(input=1_000, output=100), at=NOW)

    assert price == Price(
        cost=Decimal("0.000084"),
        input_rate=Decimal("0.06"),
        output_rate=Decimal("0.24"),
        version=f"genai-prices {__version__}",
    )


def test_what_is_cached_costs_less(prices: GenaiPrices) -> None:
    usage = Usage(input=1_000, output=0, cached=400)

    price = prices.price(NOVA, usage, at=NOW)

    assert price is not None
    assert price.cost == Decimal("0.000042")
    assert price.input_rate == Decimal("0.06")


def test_a_provider_that_counts_its_cache_beside_the_rest_is_priced(prices: GenaiPrices) -> None:
    price = prices.price(NOVA, Usage(input=10, cached=400), at=NOW)

    assert price is not None
    assert price.cost > 0


@pytest.mark.parametrize(
    "model",
    [
        "bedrock:nobody.knows-this",
        "bedrock:arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc",
        "nobody:gpt-4o",
        "offline:reviewer",
        "nonsense",
        "",
    ],
)
def test_nobody_knows_what_an_unknown_model_costs(prices: GenaiPrices, model: str) -> None:
    price = prices.price(model, Usage(input=1_000, output=100), at=NOW)

    assert price is None


def test_what_has_no_rate_is_unknown_and_not_free(prices: GenaiPrices) -> None:
    embedding = "bedrock:amazon.titan-embed-text-v2:0"

    vectors = prices.price(embedding, Usage(input=1_000_000), at=NOW)
    text = prices.price(embedding, Usage(input=1_000_000, output=1), at=NOW)

    assert vectors is not None
    assert vectors.cost == Decimal("0.02")
    assert text is None


@pytest.mark.parametrize(
    "model",
    [
        NOVA,
        "azure:gpt-4o",
        "openai:gpt-4o",
        "openai-responses:gpt-4o",
        "anthropic:claude-sonnet-4-5",
        "google:gemini-2.5-flash",
        "google-gla:gemini-2.5-flash",
    ],
)
def test_a_batch_costs_half_wherever_it_is_handed_in(prices: GenaiPrices, model: str) -> None:
    usage = Usage(input=10_000, output=1_000, cached=5_000)

    direct = prices.price(model, usage, at=NOW)
    batch = prices.price(model, usage, at=NOW, batch=True)

    assert direct is not None
    assert batch is not None
    assert batch.cost == direct.cost * BATCH_FACTOR
    assert batch.input_rate == direct.input_rate * BATCH_FACTOR
    assert batch.output_rate == direct.output_rate * BATCH_FACTOR


def test_a_profile_of_one_region_costs_more_than_a_global_one(prices: GenaiPrices) -> None:
    usage = Usage(input=1_000, output=100)
    name = "anthropic.claude-sonnet-4-5-20250929-v1:0"

    regional = prices.price(f"bedrock:eu.{name}", usage, at=NOW)
    worldwide = prices.price(f"bedrock:global.{name}", usage, at=NOW)

    assert regional is not None
    assert worldwide is not None
    assert regional.cost == worldwide.cost * Decimal("1.1")


def test_a_profile_may_be_named_by_its_arn(prices: GenaiPrices) -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0"
    usage = Usage(input=1_000, output=100)

    price = prices.price(f"bedrock:{arn}", usage, at=NOW)

    assert price == prices.price(NOVA, usage, at=NOW)


def test_a_long_request_has_the_rates_of_its_tier(prices: GenaiPrices) -> None:
    short = prices.price(TIERED, Usage(input=3_000, output=10), at=NOW)
    long = prices.price(TIERED, Usage(input=300_000, output=1_000), at=NOW)

    assert short is not None
    assert long is not None
    assert (short.input_rate, long.input_rate) == (Decimal(3), Decimal(6))
    assert long.cost == Decimal("1.8225")


def test_a_hundred_requests_are_not_one_of_their_sum(prices: GenaiPrices) -> None:
    each = prices.price(TIERED, Usage(input=3_000, output=10), at=NOW)
    summed = prices.price(TIERED, Usage(input=300_000, output=1_000), at=NOW)

    assert each is not None
    assert summed is not None
    assert each.cost * 100 < summed.cost
