"""Batches of models that a workflow brought along: answered as they are handed in.

They are for examples and tests: there is no provider who takes them on, so the answers are worked
out by whoever hands them in, and kept as a blob until the stage reads them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from kernel.ai.batch_wire import encoded, json_lines, message_of, message_wire, records_of
from kernel.ai.private import OwnModels
from kernel.authoring.private_model import PrivateModel
from kernel.errors import EngineError, NotFoundError
from kernel.model.failure import Failure
from kernel.model.message import Finish, ModelReply, Usage
from kernel.ports.batch_model import (
    BatchAnswer,
    BatchLimits,
    BatchLine,
    BatchModel,
    BatchStanding,
    BatchState,
    BatchTicket,
)
from kernel.ports.blob_store import BlobStore
from kernel.ports.clock import Clock

LIMITS: Final = BatchLimits(most_lines=1_000, most_bytes=10_000_000)
_KEY: Final = "blob"
_A_MINUTE: Final = timedelta(minutes=1)


class OwnBatches:
    """Takes batches of the models that *models* answers itself, and hands all others on.

    Args:
        prefix: Where in the blob store the answers are kept.
    """

    def __init__(
        self,
        own: Sequence[PrivateModel],
        models: OwnModels,
        others: BatchModel,
        *,
        blobs: BlobStore,
        clock: Clock,
        prefix: str,
    ) -> None:
        self._own = {model.name for model in own if model.answer is not None}
        self._models = models
        self._others = others
        self._blobs = blobs
        self._clock = clock
        self._prefix = prefix

    def limits(self, model: str) -> BatchLimits:
        return LIMITS if model in self._own else self._others.limits(model)

    def submit(self, name: str, model: str, lines: Iterable[BatchLine]) -> BatchTicket:
        if model not in self._own:
            return self._others.submit(name, model, lines)
        known = self.find(name, model)
        if known is not None:
            return known
        records = [encoded(self._answer(line)) for line in lines]
        key = self._key(name)
        self._blobs.put(key, json_lines(records), content_type="application/jsonl")
        return self._ticket(name, model)

    def find(self, name: str, model: str) -> BatchTicket | None:
        if model not in self._own:
            return self._others.find(name, model)
        return self._ticket(name, model) if self._blobs.exists(self._key(name)) else None

    def standing(self, ticket: BatchTicket) -> BatchStanding:
        if ticket.model not in self._own:
            return self._others.standing(ticket)
        if not self._blobs.exists(ticket.handle[_KEY]):
            raise NotFoundError(f"There is no batch {ticket.name!r} any more.", batch=ticket.name)
        return BatchStanding(state=BatchState.ENDED)

    def answers(self, ticket: BatchTicket) -> Iterator[BatchAnswer]:
        if ticket.model not in self._own:
            yield from self._others.answers(ticket)
            return
        yield from map(_answer_of, records_of(self._blobs.get(ticket.handle[_KEY])))

    def cancel(self, ticket: BatchTicket) -> None:
        if ticket.model not in self._own:
            self._others.cancel(ticket)

    def _answer(self, line: BatchLine) -> dict[str, Any]:
        try:
            reply = self._models.complete(line.request, within=_A_MINUTE)
        except Exception as error:  # noqa: BLE001 - one line that fails leaves the others alone
            code = error.code if isinstance(error, EngineError) else "MODEL_ERROR"
            return {"id": line.id, "code": code, "message": str(error)}
        return {
            "id": line.id,
            "said": message_wire(reply.parts),
            "usage": vars(reply.usage),
            "finish": reply.finish.value,
        }

    def _ticket(self, name: str, model: str) -> BatchTicket:
        handle = {_KEY: self._key(name)}
        return BatchTicket(name=name, model=model, handle=handle, submitted_at=self._clock.now())

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}.jsonl"


def _answer_of(record: dict[str, Any]) -> BatchAnswer:
    if "said" not in record:
        failure = Failure.of(record["code"], record["message"])
        return BatchAnswer(id=record["id"], error=failure)
    reply = ModelReply(
        parts=message_of(record["said"]),
        usage=Usage(**record["usage"]),
        finish=Finish(record["finish"]),
    )
    return BatchAnswer(id=record["id"], reply=reply)
