"""What a batch's answers come to: each in its type, each with its price, each item once.

The answers are gone through twice, so that what is kept does not depend on their order, and only
ids are in memory.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from kernel.ai.batch_ground import BatchFolder
from kernel.ai.batch_staging import Staged
from kernel.authoring.schema import Schema
from kernel.errors import InvalidInputError
from kernel.model.failure import Failure
from kernel.model.message import Finish, ModelReply, Usage
from kernel.model.money import nanos
from kernel.ports.batch_model import BatchAnswer, BatchStanding, BatchState, BatchTicket
from kernel.ports.price_book import Price

MISSING: Final = Failure.of(
    "ANSWER_MISSING", "The provider's batch has no answer to it.", retryable=True
)
DOUBLED: Final = Failure.of(
    "ANSWER_DOUBLED", "The provider's batch has several answers to it.", retryable=True
)
CUT_OFF: Final = Failure.of(
    "ANSWER_CUT_OFF", "The answer reached the most tokens it may have before it ended."
)


@dataclass(frozen=True, kw_only=True)
class BatchEnding:
    """How one batch ended.

    Args:
        of: Its ticket, where it has answers to read.
        lacking: The error of every item that has no answer.
        is_known: Whether what it cost can be told from its answers.
    """

    lacking: Failure
    of: BatchTicket | None = None
    is_known: bool = True


TOO_SMALL: Final = BatchEnding(
    lacking=Failure.of(
        "BATCH_TOO_SMALL", "The provider takes no batch of so few requests.", retryable=True
    )
)


def ended(of: BatchTicket, standing: BatchStanding | None) -> BatchEnding:
    """Return what can be read of a batch, as it stands; None: its provider knows none such."""
    if standing is None:
        return BatchEnding(lacking=_whole("BATCH_LOST", "is not known there"), is_known=False)
    if standing.state is BatchState.ENDED:
        return BatchEnding(of=of, lacking=MISSING)
    words = {
        BatchState.EXPIRED: ("BATCH_EXPIRED", "expired"),
        BatchState.CANCELLED: ("BATCH_CANCELLED", "was cancelled"),
        BatchState.FAILED: ("BATCH_FAILED", f"failed: {standing.reason}"),
        BatchState.RUNNING: ("BATCH_EXPIRED", "did not stop when it was told to"),
    }
    is_running = standing.state is BatchState.RUNNING
    has_answers = standing.state in (BatchState.EXPIRED, BatchState.CANCELLED)
    return BatchEnding(
        of=of if has_answers else None,
        lacking=_whole(*words[standing.state]),
        is_known=not is_running,
    )


def _whole(code: str, what: str) -> Failure:
    return Failure.of(code, f"The provider's batch {what}.", retryable=True)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What answers took. *cost* in nanodollars; None as soon as one of them has no price."""

    replies: int = 0
    failed: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0
    cost: int | None = 0
    input_rate: int | None = None
    output_rate: int | None = None
    version: str | None = None

    def __add__(self, other: Self) -> Self:
        mine, others = vars(self), vars(other)
        added = {
            one.name: mine[one.name] + others[one.name]
            for one in fields(self)
            if isinstance(one.default, int) and one.name != "cost"
        }
        known = self.cost is not None and other.cost is not None
        cost = (self.cost or 0) + (other.cost or 0) if known else None
        rates = ("input_rate", "output_rate", "version")
        kept = {name: others[name] if mine[name] is None else mine[name] for name in rates}
        return type(self)(**added, cost=cost, **kept)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One answer, as it is kept, and what it took."""

    record: dict[str, Any]
    totals: Totals


class Judge:
    """Reads replies in the type that was asked for, and prices each by itself."""

    def __init__(self, folder: BatchFolder, model: str, schema: Any, at: datetime) -> None:
        self._prices = folder.ground.prices
        self._model = model
        self._schema = None if schema is None else Schema(of=schema, role="The answer")
        self._at = at

    def of_answer(self, ids: dict[str, str], answer: BatchAnswer) -> Judged:
        who = ids | {"line": answer.id}
        if answer.reply is None:
            error = answer.error or MISSING
            return Judged(record=failed(who, error), totals=Totals(failed=1))
        return self.of_reply(who, answer.reply)

    def of_reply(self, who: dict[str, str], reply: ModelReply) -> Judged:
        price = self._prices.price(self._model, reply.usage, at=self._at, batch=True)
        totals = _totals(reply.usage, price)
        record = self.record(who, reply) | {"cost": None if price is None else str(price.cost)}
        return Judged(record=record, totals=totals)

    def record(self, who: dict[str, str], reply: ModelReply) -> dict[str, Any]:
        """Return *reply* as it is kept, without what it cost."""
        match reply.finish:
            case Finish.REFUSAL:
                message = f"The model declined: {reply.text}"
                return failed(who, Failure.of("MODEL_REFUSED", message))
            case Finish.LENGTH if self._schema is not None:
                return failed(who, CUT_OFF)
        if self._schema is None:
            return _succeeded(who, reply.text, reply.usage)
        return self._fitted(who, reply, self._schema)

    def _fitted(self, who: dict[str, str], reply: ModelReply, schema: Schema) -> dict[str, Any]:
        try:
            value = json.loads(reply.text)
            schema.parse(value)
        except InvalidInputError as error:
            misfit = error.message
        except ValueError as error:
            misfit = f"The answer is no JSON: {error}"
        else:
            return _succeeded(who, value, reply.usage)
        return failed(who, Failure.of("ANSWER_MISFIT", misfit, retryable=True))


def read(
    folder: BatchFolder, what: Staged, number: int, judge: Judge, *, ending: BatchEnding
) -> None:
    """Keep what the answers of one batch come to."""
    answers = _Answers(folder, ending.of)
    totals = Totals(cost=0 if ending.is_known else None)

    def records() -> Iterator[dict[str, Any]]:
        nonlocal totals
        items = _items(folder, what, number)
        for answer in answers:
            if answer.id in items and answers.counted[answer.id] == 1:
                judged = judge.of_answer({"item": items[answer.id]}, answer)
                totals += judged.totals
                yield judged.record
            elif answer.id in items:
                totals += judge.of_answer({}, answer).totals
        for line, item in items.items():
            times = answers.counted[line]
            if times != 1:
                error = DOUBLED if times else ending.lacking
                totals += Totals(failed=1)
                yield failed({"item": item, "line": line}, error)

    keys = folder.write_parts(f"answers-{number}", records())
    folder.write(f"answered-{number}", {"keys": keys, "totals": vars(totals)})


def answered(folder: BatchFolder, number: int) -> tuple[list[str], Totals] | None:
    """Return what `read` kept of one batch, or None where it was not read yet."""
    kept = folder.read(f"answered-{number}")
    return None if kept is None else (kept["keys"], Totals(**kept["totals"]))


def failed(who: dict[str, str], error: Failure) -> dict[str, Any]:
    said = {"code": error.code, "message": error.message, "retryable": error.retryable}
    return who | {"error": said}


class _Answers:
    """The answers of a batch, counted by their ids before they are gone through."""

    def __init__(self, folder: BatchFolder, of: BatchTicket | None) -> None:
        self._folder = folder
        self._of = of
        self.counted = Counter(answer.id for answer in self)

    def __iter__(self) -> Iterator[BatchAnswer]:
        return iter(()) if self._of is None else self._folder.ground.batches.answers(self._of)


def _items(folder: BatchFolder, what: Staged, number: int) -> dict[str, str]:
    parts = what.chunks[number].parts
    return {record["line"]: record["item"] for record in folder.read_parts(parts)}


def _succeeded(who: dict[str, str], value: Any, usage: Usage) -> dict[str, Any]:
    return who | {"value": value, "input": usage.input, "output": usage.output}


def _totals(usage: Usage, price: Price | None) -> Totals:
    return Totals(
        replies=1,
        **vars(usage),
        cost=None if price is None else nanos(price.cost),
        input_rate=None if price is None else nanos(price.input_rate),
        output_rate=None if price is None else nanos(price.output_rate),
        version=None if price is None else price.version,
    )
