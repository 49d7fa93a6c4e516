"""What the suites on providers of batches stand on."""

from typing import Protocol

import pytest

from kernel.model.message import Message, ModelRequest, Text
from kernel.ports.batch_model import BatchLine, BatchModel

REFUSED = "refuse this line"


class ProvidersSide(Protocol):
    """What a test does at the provider. Each line is answered with its prompt in capitals.

    A line that says `REFUSED` has an error. An answer took tokens, in and out.
    """

    @property
    def handed_in(self) -> list[list[str]]:
        """The ids of the lines of each batch that was taken."""
        ...

    def work(self) -> None:
        """Let every batch that runs come to its end."""
        ...

    def expire(self, *, answered: int) -> None:
        """Let every batch that runs expire, with so many lines answered."""
        ...

    def fail(self, reason: str) -> None:
        """Let every batch that runs fail as a whole."""
        ...


def lines_of(model: str, *prompts: str, first: int = 0) -> list[BatchLine]:
    return [
        BatchLine(id=f"line-{number}", request=asking(model, prompt))
        for number, prompt in enumerate(prompts, first)
    ]


def asking(model: str, prompt: str) -> ModelRequest:
    messages = (Message(role="user", parts=(Text(text=prompt),)),)
    return ModelRequest(model=model, messages=messages, max_tokens=100)


class BatchModelGround:
    @pytest.fixture
    def batches(self) -> BatchModel:
        raise NotImplementedError

    @pytest.fixture
    def another(self, batches: BatchModel) -> BatchModel:
        """Return the same provider as another process has it."""
        raise NotImplementedError

    @pytest.fixture
    def provider(self) -> ProvidersSide:
        raise NotImplementedError

    @pytest.fixture
    def model(self) -> str:
        return "scripted:one"

    @pytest.fixture
    def lines(self, model: str, batches: BatchModel) -> list[BatchLine]:
        """Return three lines, or as many as a batch must have."""
        words = ("one", "two", "three")
        more = (f"word {number}" for number in range(3, batches.limits(model).least_lines))
        return lines_of(model, *words, *more)
