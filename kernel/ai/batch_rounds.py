"""What is final after a round, and what is left for the next one, or to be asked directly."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kernel.ai.batch_ground import BatchFolder
from kernel.ai.batch_handing import begun
from kernel.ai.batch_reading import Judge, Totals, answered, failed
from kernel.ai.batch_staging import Staged, found
from kernel.ai.batch_wire import encoded, request_of
from kernel.authoring.batches import ItemFailed, ItemResult, ItemSucceeded
from kernel.authoring.schema import Schema
from kernel.errors import BudgetExceededError, RejectedError, UnpricedModelError
from kernel.model.call import CallState
from kernel.model.failure import Failure


def settle(folder: BatchFolder, what: Staged) -> None:
    """Write down what the round came to; once is enough, and twice does no harm."""
    call = begun(folder, what)
    if call.state is not CallState.BEGUN:
        return
    totals = Totals()
    for number in range(len(what.chunks)):
        kept = answered(folder, number)
        totals += kept[1] if kept else Totals()
    ended = replace(
        call,
        state=CallState.SETTLED if totals.replies else CallState.FAILED,
        latency=folder.ground.clock.now() - call.begun_at,
        input_tokens=totals.input,
        output_tokens=totals.output,
        cached_tokens=totals.cached,
        cache_written_tokens=totals.cache_written,
        reasoning_tokens=totals.reasoning,
        cost=totals.cost,
        input_price=totals.input_rate,
        output_price=totals.output_rate,
        price_version=totals.version,
    )
    folder.ground.ledger.settle(ended)


def outcomes(folder: BatchFolder, what: Staged) -> Iterator[dict[str, Any]]:
    """Yield what is kept of each item of the round."""
    for number in range(len(what.chunks)):
        kept = answered(folder, number)
        yield from folder.read_parts(kept[0] if kept else ())


def is_left(outcome: dict[str, Any]) -> bool:
    """Whether another try may find a better answer."""
    return "error" in outcome and bool(outcome["error"]["retryable"])


def left(folder: BatchFolder, what: Staged) -> Iterator[dict[str, Any]]:
    """Yield the requests of the round that have no answer of use yet."""
    lines = {outcome["line"] for outcome in outcomes(folder, what) if is_left(outcome)}
    for chunk in what.chunks:
        for record in folder.read_parts(chunk.parts):
            if record["line"] in lines:
                yield record


def ask_directly(
    folder: BatchFolder, what: Staged, judge: Judge, has_time: Callable[[], bool]
) -> bool:
    """Ask the model for what is left, one by one, and keep each; return whether all are there."""
    there = {*folder.ground.blobs.keys(f"{folder.prefix}direct/")}
    for record in left(folder, what):
        key = _direct_key(folder, record["line"])
        if key in there:
            continue
        if not has_time():
            return False
        content = encoded(_asked(folder, record, judge)).encode("utf-8", "surrogatepass")
        folder.ground.blobs.put(key, content, content_type="application/json")
    return True


def results(first: BatchFolder, schema: Any) -> Iterator[ItemResult[Any]]:
    """Yield what every item came to, in the last round that tried it."""
    reader = None if schema is None else Schema(of=schema, role="The answer")
    folder: BatchFolder | None = first
    while folder is not None and (what := found(folder)) is not None:
        later = folder.next if found(folder.next) is not None else None
        direct = {*folder.ground.blobs.keys(f"{folder.prefix}direct/")}
        for outcome in outcomes(folder, what):
            key = _direct_key(folder, outcome["line"])
            if is_left(outcome) and key in direct:
                (asked,) = folder.read_parts([key])
                yield _result(asked, reader)
            elif later is None or not is_left(outcome):
                yield _result(outcome, reader)
        folder = later


def _asked(folder: BatchFolder, record: dict[str, Any], judge: Judge) -> dict[str, Any]:
    who = {"item": record["item"], "line": record["line"]}
    try:
        asked = folder.ground.ask(request_of(record["request"]))
    except (BudgetExceededError, UnpricedModelError):
        raise
    except RejectedError as error:
        return failed(who, Failure.of(error.code, error.message))
    cost = None if asked.cost is None else str(asked.cost)
    return judge.record(who, asked.reply) | {"cost": cost}


def _result(outcome: dict[str, Any], reader: Schema | None) -> ItemResult[Any]:
    if "error" in outcome:
        return ItemFailed(id=outcome["item"], error=Failure(**outcome["error"]))
    value = outcome["value"]
    cost = outcome["cost"]
    return ItemSucceeded(
        id=outcome["item"],
        value=value if reader is None else reader.parse(value),
        input_tokens=outcome["input"],
        output_tokens=outcome["output"],
        cost=None if cost is None else Decimal(cost),
    )


def _direct_key(folder: BatchFolder, line: str) -> str:
    return f"{folder.prefix}direct/{line}.json"
