"""`ctx.ai`: what a stage asks of language models, with every call on the bill."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from kernel.ai import topics
from kernel.ai.answers import conversation, refuse_useless, request_of, text_result
from kernel.ai.aside import Aside, AsideHelper
from kernel.ai.desk import Desk, Effort, priced, used
from kernel.ai.ledger import Draft
from kernel.ai.objects import asked_for
from kernel.ai.streams import Stream
from kernel.ai.tools import talked
from kernel.authoring.ai import Prompt
from kernel.authoring.answers import CallStats, ObjectResult, TextResult
from kernel.authoring.batches import StageBatch
from kernel.authoring.schema import Schema
from kernel.errors import InvalidInputError, NotConfiguredError
from kernel.model.call import CallKind, CallState
from kernel.model.message import EmbedRequest, Usage
from kernel.model.money import dollars, nanos

# Makes the batch of a model under a topic.
Batching: TypeAlias = Callable[[str, str], StageBatch]
_EFFORT = ("timeout", "retries")


class AIHelper:
    """Asks models at a *desk*, under a topic. Stages know it as `AI`."""

    def __init__(
        self,
        topic: str,
        desk: Desk,
        *,
        batching: Batching | None = None,
        aside: Aside | None = None,
    ) -> None:
        self.topic = topics.checked(topic)
        self._desk = desk
        self._batching = batching
        self._aside = aside

    @property
    def aio(self) -> AsideHelper:
        if self._aside is None:
            message = "What is awaited needs an executor beside its loop; there is none here."
            raise NotConfiguredError(message)
        return AsideHelper(self, self._aside)

    def generate_text(
        self, prompt: Prompt, /, *, tools: Sequence[Any] = (), rounds: int = 8, **wishes: Any
    ) -> TextResult:
        request, effort = _asked(prompt, wishes)
        if tools:
            request, answers, calls = talked(
                self._desk, self.topic, request, tools, rounds=rounds, effort=effort
            )
        else:
            kind = CallKind.TEXT
            answers = [self._desk.complete(self.topic, request, kind=kind, effort=effort)]
            calls = []
        partial = bool(wishes.get("partial"))
        refuse_useless(request, answers[-1].reply, partial=partial)
        return text_result(request, answers, calls)

    def generate_object(
        self, prompt: Prompt, /, *, schema: Any, repairs: int = 2, **wishes: Any
    ) -> ObjectResult[Any]:
        wanted = Schema(of=schema, role="The answer")
        request, effort = _asked(prompt, wishes)
        request = replace(request, schema=wanted.json_schema())
        return asked_for(
            self._desk, self.topic, request, wanted, repairs=max(repairs, 0), effort=effort
        )

    def stream_text(self, prompt: Prompt, /, **wishes: Any) -> Stream:
        request, effort = _asked(prompt, wishes)
        partial = bool(wishes.get("partial"))
        return Stream(self._desk, self.topic, request, effort=effort, partial=partial)

    def embed(self, texts: Any, /, **wishes: Any) -> Any:
        many = (texts,) if isinstance(texts, str) else tuple(texts)
        if not many or not all(isinstance(text, str) and text.strip() for text in many):
            message = "Vectors are made of texts, and each must have something in it."
            raise InvalidInputError(message, problems=[message])
        request = EmbedRequest(
            model=wishes["model"],
            texts=many,
            dimensions=wishes.get("dimensions"),
            options=dict(wishes.get("options", {})),
        )
        made = self._desk.embed(self.topic, request, effort=_effort(wishes))
        vectors = list(made.reply.vectors)
        return vectors[0] if isinstance(texts, str) else vectors

    def record_call(
        self,
        model: str,
        usage: Usage,
        *,
        cost: Decimal | None = None,
        latency: timedelta | None = None,
    ) -> None:
        desk = self._desk
        draft = Draft(topic=self.topic, model=model, kind=CallKind.RECORDED, reserve=None)
        call = used(desk.ledger.drafted(draft), usage)
        price = desk.prices.price(model, usage, at=call.begun_at)
        told = priced(call, price) if cost is None else replace(call, cost=nanos(cost))
        desk.ledger.record(replace(told, state=CallState.SETTLED, latency=latency))

    def stats(self, prefix: str | None = None) -> CallStats:
        tally = self._desk.ledger.tally(self.topic if prefix is None else prefix)
        return CallStats(
            calls=tally.calls,
            failed=tally.failed,
            unpriced=tally.unpriced,
            input_tokens=tally.input_tokens,
            output_tokens=tally.output_tokens,
            cached_tokens=tally.cached_tokens,
            cost=dollars(tally.cost),
        )

    def child(self, segment: str) -> "AIHelper":
        topic = topics.below(self.topic, segment)
        return AIHelper(topic, self._desk, batching=self._batching, aside=self._aside)

    def batch(self, model: str) -> StageBatch:
        if self._batching is None:
            message = "A batch needs a stage that waits for it; there is none here."
            raise NotConfiguredError(message)
        return self._batching(self.topic, model)


def _asked(prompt: Prompt, wishes: dict[str, Any]) -> tuple[Any, Effort]:
    messages = conversation(prompt, wishes.get("media", ()))
    return request_of(messages, wishes), _effort(wishes)


def _effort(wishes: dict[str, Any]) -> Effort:
    """Raise `InvalidInputError` for what makes no sense."""
    effort = Effort(**{name: wishes[name] for name in _EFFORT if name in wishes})
    if effort.timeout <= timedelta() or effort.retries < 0:
        message = "A timeout is more than no time, and retries are 0 or more."
        raise InvalidInputError(message, problems=[message])
    return effort
