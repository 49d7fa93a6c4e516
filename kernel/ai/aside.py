"""`ctx.ai.aio`: the same for stages that are `async def`; each call goes beside their loop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeAlias

from kernel.ai.streams import Stream
from kernel.authoring.ai import AI, Prompt
from kernel.authoring.answers import ObjectResult, TextResult
from kernel.model.message import Usage

Aside: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


class AsideHelper:
    """What *ai* does, to be awaited. Stages know it as `AsyncAI`."""

    def __init__(self, ai: AI, aside: Aside) -> None:
        self._ai = ai
        self._aside = aside

    async def generate_text(self, prompt: Prompt, /, **wishes: Any) -> TextResult:
        found: TextResult = await self._aside(lambda: self._ai.generate_text(prompt, **wishes))
        return found

    async def generate_object(self, prompt: Prompt, /, **wishes: Any) -> ObjectResult[Any]:
        ask = self._ai.generate_object
        found: ObjectResult[Any] = await self._aside(lambda: ask(prompt, **wishes))
        return found

    async def embed(self, texts: Any, /, **wishes: Any) -> Any:
        return await self._aside(lambda: self._ai.embed(texts, **wishes))

    def stream_text(self, prompt: Prompt, /, **wishes: Any) -> "AsideStream":
        stream: Any = self._ai.stream_text(prompt, **wishes)
        return AsideStream(stream, self._aside)


class AsideStream:
    """A stream for `async for`."""

    def __init__(self, stream: Stream, aside: Aside) -> None:
        self._stream = stream
        self._aside = aside

    async def __aiter__(self) -> AsyncIterator[str]:
        pieces = iter(self._stream)
        while (piece := await self._aside(lambda: next(pieces, None))) is not None:
            yield piece

    async def close(self) -> None:
        await self._aside(self._stream.close)

    @property
    def text(self) -> str:
        return self._stream.text

    @property
    def reasoning(self) -> str:
        return self._stream.reasoning

    @property
    def usage(self) -> Usage:
        return self._stream.usage

    @property
    def cost(self) -> Decimal | None:
        return self._stream.cost

    @property
    def result(self) -> TextResult:
        return self._stream.result
