"""Each model goes to its provider, which is made and loaded when it is first used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from kernel.errors import UnknownModelError

if TYPE_CHECKING:
    from datetime import datetime

    # Loaded by those who use it: it takes milliseconds of every start.
    from kernel.model.message import (
        Delta,
        EmbedReply,
        EmbedRequest,
        ModelReply,
        ModelRequest,
        Usage,
    )
    from kernel.ports.batch_model import (
        BatchAnswer,
        BatchLimits,
        BatchLine,
        BatchModel,
        BatchStanding,
        BatchTicket,
    )
    from kernel.ports.language_model import LanguageModel
    from kernel.ports.price_book import Price, PriceBook

# Those that pydantic-ai asks, by its words for them. Some need a library of their own besides.
OTHERS: Final = (
    *("alibaba", "anthropic", "azure", "azure-responses", "cerebras", "cohere", "crusoe"),
    *("deepseek", "fireworks", "github", "google", "google-cloud", "groq", "heroku"),
    *("huggingface", "litellm", "meta", "mistral", "moonshotai", "nebius", "ollama"),
    *("openai", "openai-chat", "openai-responses", "openrouter", "ovhcloud", "sambanova"),
    *("snowflake", "together", "vercel", "vllm", "voyageai", "xai", "zai"),
)

ProviderT = TypeVar("ProviderT")


class Providers(Generic[ProviderT]):
    """Providers by the word before the colon in a model's name."""

    def __init__(self, makers: Mapping[str, Callable[[], ProviderT]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, ProviderT] = {}
        self._making = threading.Lock()

    def of(self, model: str) -> ProviderT:
        """Return the provider of *model*.

        Raises:
            UnknownModelError: There is none of that name.
        """
        name, colon, _ = model.partition(":")
        if not colon or name not in self._makers:
            known = ", ".join(f"{each}:..." for each in sorted(self._makers)) or "none"
            message = f"No provider here has a model {model!r}. There are: {known}."
            raise UnknownModelError(message, model=model)
        with self._making:
            if name not in self._made:
                self._made[name] = self._makers[name]()
        return self._made[name]


class RoutedModels:
    """All providers' models as one."""

    def __init__(self, makers: Mapping[str, Callable[[], LanguageModel]]) -> None:
        self._providers = Providers(makers)

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        return self._providers.of(request.model).complete(request, within=within)

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        return self._providers.of(request.model).stream(request, within=within)

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        return self._providers.of(request.model).embed(request, within=within)


class RoutedBatches:
    """All providers' batches as one."""

    def __init__(self, makers: Mapping[str, Callable[[], BatchModel]]) -> None:
        self._providers = Providers(makers)

    def limits(self, model: str) -> BatchLimits:
        return self._providers.of(model).limits(model)

    def submit(self, name: str, model: str, lines: Iterable[BatchLine]) -> BatchTicket:
        return self._providers.of(model).submit(name, model, lines)

    def find(self, name: str, model: str) -> BatchTicket | None:
        return self._providers.of(model).find(name, model)

    def standing(self, ticket: BatchTicket) -> BatchStanding:
        return self._providers.of(ticket.model).standing(ticket)

    def answers(self, ticket: BatchTicket) -> Iterator[BatchAnswer]:
        return self._providers.of(ticket.model).answers(ticket)

    def cancel(self, ticket: BatchTicket) -> None:
        self._providers.of(ticket.model).cancel(ticket)


class LatePrices:
    """The book of prices, made when a price is first asked for."""

    def __init__(self, make: Callable[[], PriceBook]) -> None:
        self._make = make
        self._books: list[PriceBook] = []

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        if not self._books:
            # Two threads may make one each; they say the same.
            self._books.append(self._make())
        return self._books[0].price(model, usage, at=at, batch=batch)
