"""ScriptedModel: says what it was told to say, and remembers what it was asked."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, TypeAlias

from kernel.ai.estimates import of_request, of_texts, tokens
from kernel.errors import UnknownModelError
from kernel.model.message import (
    Delta,
    EmbedReply,
    EmbedRequest,
    ModelReply,
    ModelRequest,
    Text,
    Usage,
)

Line: TypeAlias = str | ModelReply | Exception
Script: TypeAlias = Callable[[ModelRequest], Line]

_DIMENSIONS: Final = 64
_A_PIECE: Final = 7


class ScriptedModel:
    """Answers with the next of *lines*, or what *script* makes of each request.

    An exception among them is raised. It never repeats itself: when the lines are used up, that
    is an error of the test's. Texts become vectors that follow from their words, so that the
    same text is always at the same place.

    Args:
        models: The names that it goes by; any name, if there are none.
    """

    def __init__(
        self, *lines: Line, script: Script | None = None, models: frozenset[str] = frozenset()
    ) -> None:
        self._lines = deque(lines)
        self._script = script
        self._models = models
        self._lock = threading.Lock()
        self.asked: list[ModelRequest] = []
        self.embedded: list[EmbedRequest] = []

    def say(self, *lines: Line) -> None:
        """Add *lines* to what it will say."""
        with self._lock:
            self._lines.extend(lines)

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        self._check(request.model)
        line = self._next(request)
        if isinstance(line, Exception):
            raise line
        if isinstance(line, ModelReply):
            return line
        usage = Usage(input=of_request(request).input, output=tokens(line))
        return ModelReply(parts=(Text(text=line),), usage=usage, model=request.model)

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        reply = self.complete(request, within=within)
        if reply.reasoning:
            yield Delta(reasoning=reply.reasoning)
        for start in range(0, len(reply.text), _A_PIECE):
            yield Delta(text=reply.text[start : start + _A_PIECE])
        yield Delta(reply=reply)

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        self._check(request.model)
        with self._lock:
            self.embedded.append(request)
        size = request.dimensions or _DIMENSIONS
        vectors = tuple(_vector(text, size) for text in request.texts)
        return EmbedReply(vectors=vectors, usage=of_texts(request), model=request.model)

    def _next(self, request: ModelRequest) -> Line:
        with self._lock:
            self.asked.append(request)
            if self._lines:
                return self._lines.popleft()
        if self._script is None:
            raise AssertionError(f"Nobody told the model what to say to {request.messages[-1]}.")
        return self._script(request)

    def _check(self, model: str) -> None:
        if self._models and model not in self._models:
            known = ", ".join(sorted(self._models))
            raise UnknownModelError(f"No model is called {model!r}, only {known}.", model=model)


def _vector(text: str, size: int) -> tuple[float, ...]:
    """Return a unit vector: each word adds to one of its places."""
    numbers = [0.0] * size
    for word in text.lower().split() or [""]:
        numbers[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % size] += 1.0
    length = sum(number * number for number in numbers) ** 0.5
    return tuple(number / length for number in numbers)
