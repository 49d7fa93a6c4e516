"""Every provider that pydantic-ai knows: OpenAI, Anthropic, Google, and many who speak like them.

It is an extra, and loaded when a stage first asks one of them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from pydantic_ai import exceptions as theirs
from pydantic_ai import messages
from pydantic_ai.embeddings import infer_embedding_model
from pydantic_ai.embeddings.base import EmbeddingModel
from pydantic_ai.models import Model, infer_model
from pydantic_ai.providers import Provider, infer_provider_class

from adapters.ai.keys import ModelKeys
from adapters.ai.own_loop import one_by_one, wait_for
from adapters.ai.pydantic_errors import translated
from adapters.ai.pydantic_words import (
    conversation,
    parameters,
    reply_of,
    settings,
    usage_of,
)
from kernel.errors import ModelDeniedError, UnknownModelError
from kernel.model.message import (
    Delta,
    EmbedReply,
    EmbedRequest,
    Finish,
    ModelReply,
    ModelRequest,
    Usage,
)


class PydanticModels:
    """Nothing is tried again here: each call is one line of a bill.

    Where a provider filters a whole answer out, nobody says how many tokens it took.
    """

    def __init__(self, keys: ModelKeys) -> None:
        self._keys = keys
        self._providers: dict[tuple[str, str | None], Provider[Any]] = {}

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        model, seconds = self.model(request.model), within.total_seconds()

        async def ask() -> ModelReply:
            async with asyncio.timeout(seconds):
                return reply_of(
                    await model.request(
                        conversation(request),
                        settings(request, timeout=seconds),
                        parameters(request, model),
                    )
                )

        with translated(request.model):
            try:
                return wait_for(ask())
            except theirs.ContentFilterError:
                return ModelReply(parts=(), usage=Usage(), finish=Finish.REFUSAL)

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        model, seconds = self.model(request.model), within.total_seconds()

        async def ask() -> AsyncIterator[Delta]:
            async with (
                asyncio.timeout(seconds),
                model.request_stream(
                    conversation(request),
                    settings(request, timeout=seconds),
                    parameters(request, model),
                ) as answer,
            ):
                async for event in answer:
                    if delta := _delta(event):
                        yield delta
                yield Delta(reply=reply_of(answer.get()))

        with translated(request.model):
            yield from one_by_one(ask)

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        model, seconds = self._embedding(request.model), within.total_seconds()
        size = {"dimensions": request.dimensions} if request.dimensions else {}
        wishes: Any = {**size, **request.options}

        async def ask() -> EmbedReply:
            async with asyncio.timeout(seconds):
                found = await model.embed([*request.texts], input_type="document", settings=wishes)
            return EmbedReply(
                vectors=tuple(tuple(vector) for vector in found.embeddings),
                usage=usage_of(found.usage),
                model=found.model_name,
            )

        with translated(request.model):
            return wait_for(ask())

    def model(self, name: str) -> Model:
        """Return the model of that name; nothing is asked for it.

        Raises:
            UnknownModelError: pydantic-ai does not know it, or lacks what it needs.
            ModelDeniedError: There is no key.
        """
        with _known(name):
            return infer_model(name, self._provider)

    def _embedding(self, name: str) -> EmbeddingModel:
        with _known(name):
            return infer_embedding_model(name, provider_factory=self._provider)

    def _provider(self, word: str) -> Provider[Any]:
        """Return the provider; it is made anew when its key is another one."""
        key = self._keys.of(word)
        if (word, key) not in self._providers:
            make: Any = infer_provider_class(word)
            try:
                self._providers[word, key] = make(api_key=key) if key else make()
            except theirs.UserError as error:
                message = f"There is no key of {word!r}: {error}"
                raise ModelDeniedError(message, provider=word) from error
        return self._providers[word, key]

    def close(self) -> None:
        """Let go of every connection; one is made anew when it is needed."""
        providers = [*self._providers.values()]
        self._providers.clear()

        async def close() -> None:
            for provider in providers:
                await provider.client.close()

        wait_for(close())


@contextmanager
def _known(model: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        message = f"For {model!r} a library is missing: {error}"
        raise UnknownModelError(message, model=model) from error
    except (ValueError, theirs.UserError) as error:
        message = f"Nobody here knows the model {model!r}: {error}"
        raise UnknownModelError(message, model=model) from error


def _delta(event: object) -> Delta | None:
    match event:
        case messages.PartStartEvent(part=messages.TextPart(content=text)) if text:
            return Delta(text=text)
        case messages.PartStartEvent(part=messages.ThinkingPart(content=text)) if text:
            return Delta(reasoning=text)
        case messages.PartDeltaEvent(delta=messages.TextPartDelta(content_delta=text)):
            return Delta(text=text)
        case messages.PartDeltaEvent(delta=messages.ThinkingPartDelta(content_delta=str(text))):
            return Delta(reasoning=text)
    return None
