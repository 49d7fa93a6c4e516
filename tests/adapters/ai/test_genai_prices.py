"""Prices of single requests, as the providers' price lists have them on the day of the test."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.ai.genai_prices import GenaiPrices
from kernel.model.message import Usage
from kernel.ports.price_book import Price

DAY = datetime(2026, 11, 1, tzinfo=UTC)
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def price(model: str, *, batch: bool = False, **usage: int) -> Price | None:
    return GenaiPrices().price(model, Usage(**usage), at=DAY, batch=batch)


def cost(model: str, *, batch: bool = False, **usage: int) -> Decimal:
    found = price(model, batch=batch, **usage)
    assert found is not None
    return found.cost


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        # $0.06 and $0.24, $1.25 and $10, $3 and $15 a million tokens.
        ("bedrock:amazon.nova-lite-v1:0", "0.000084"),
        ("openai:gpt-5", "0.00225"),
        ("azure:gpt-5", "0.00225"),
        ("anthropic:claude-sonnet-4-5", "0.0045"),
        ("google-gla:gemini-2.5-pro", "0.00225"),
    ],
)
def test_a_request_has_its_price_and_half_of_it_in_a_batch(model: str, dollars: str) -> None:
    assert cost(model, input=1_000, output=100) == Decimal(dollars)
    assert cost(model, input=1_000, output=100, batch=True) == Decimal(dollars) / 2


def test_a_profile_of_a_region_costs_a_tenth_more_than_the_global_one() -> None:
    everywhere = cost(f"bedrock:global.{SONNET}", input=1_000, output=100)

    assert everywhere == Decimal("0.0045")
    assert cost(f"bedrock:eu.{SONNET}", input=1_000, output=100) == everywhere * Decimal("1.1")


def test_what_came_from_the_cache_is_cheaper() -> None:
    # Of 1,000 tokens, 900 at a tenth of $3.
    cached = cost("anthropic:claude-sonnet-4-5", input=1_000, cached=900)

    assert cached == Decimal("0.0003") + Decimal("0.00027")


def test_many_requests_cost_less_than_their_sum_as_one() -> None:
    # Beyond 200,000 tokens the rate is another one: so each request is priced by itself.
    one = cost("anthropic:claude-sonnet-4-5", input=10_000, output=1_000)
    summed = cost("anthropic:claude-sonnet-4-5", input=1_000_000, output=100_000)

    assert one * 100 == Decimal("4.5")
    assert summed == Decimal("8.25")


def test_rates_are_what_a_million_tokens_came_to() -> None:
    found = price("openai:gpt-5", input=1_000, output=100)

    assert found is not None
    assert (found.input_rate, found.output_rate) == (Decimal("1.25"), Decimal(10))
    assert found.version.startswith("genai-prices ")


def test_nothing_costs_nothing_and_a_strange_count_is_no_error() -> None:
    assert cost("openai:gpt-5") == 0
    assert cost("openai:gpt-5", input=10, cached=20) > 0


@pytest.mark.parametrize("model", ["bedrock:nonsense-9", "nobody:gpt-5", "openai:", "plain"])
def test_of_others_nobody_knows_the_price(model: str) -> None:
    assert price(model, input=1_000) is None
