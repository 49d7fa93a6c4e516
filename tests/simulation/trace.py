"""What a schedule did, line by line, for whoever reads why a seed failed."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from kernel.model.bell import Bell
from kernel.model.change import (
    AddAnnotation,
    CreateRun,
    CreateStage,
    SaveIdempotency,
    UpdateRun,
    UpdateStage,
)
from kernel.model.event import Event
from kernel.model.stage import StageKey
from kernel.ports.job_transport import Delivery
from tests.simulation.calls import Call

WIDEST = 200


class Trace:
    """Keeps nothing unless it is *kept*: lines are costly, and most schedules are not read."""

    def __init__(self, *, kept: bool = False) -> None:
        self.lines: list[str] = []
        self._kept = kept

    def note(self, step: int, now: datetime, call: Call, peril: str) -> None:
        if self._kept:
            told = [_told(one) for one in (*call.given, *call.named.values())]
            what = f"{call.name}({', '.join(filter(None, told))})"[:WIDEST]
            befell = f"   !! {peril}" if peril else ""
            self.add(step, now, f"{call.process.name:9} {what}{befell}")

    def add(self, step: int, now: datetime, line: str) -> None:
        if self._kept:
            self.lines.append(f"{step:5} {now:%H:%M:%S.%f}"[:-3] + f" {line}")


def _told(argument: Any) -> str:
    if isinstance(argument, list | tuple):
        return ", ".join(filter(None, map(_told, argument)))
    told = next((how for kinds, how in HOW if isinstance(argument, kinds)), None)
    return told(argument) if told else ""


def _written(change: UpdateRun | UpdateStage) -> Iterator[str]:
    record = change.run if isinstance(change, UpdateRun) else change.stage
    yield f"{record.id}:"
    for name in sorted(change.writes & {"status", "attempt", "cursor", "due_at", "unadvanced"}):
        value = getattr(record, name)
        yield f"{name}={value:%H:%M:%S}" if isinstance(value, datetime) else f"{name}={value}"
    if "closing" in change.writes:
        yield f"closing={record.closing.target if record.closing else None}"  # type: ignore[union-attr]
    yield from (f"+{event.type}" for event in change.events)
    if change.clears:
        yield "outbox cleared"


def _create_run(change: CreateRun) -> str:
    return f"create {change.run.id}"


def _create_stage(change: CreateStage) -> str:
    return f"create {change.stage.id} of generation {change.stage.generation}"


def _bell(bell: Bell) -> str:
    return f"{bell.kind} {bell.stage_id or 'run'} #{bell.attempt}"


HOW: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (
    (UpdateRun | UpdateStage, lambda change: " ".join(_written(change))),
    (CreateRun, _create_run),
    (CreateStage, _create_stage),
    (SaveIdempotency | AddAnnotation, lambda change: type(change).__name__),
    (Bell, _bell),
    (Delivery, lambda each: f"{_bell(each.bell)}, delivered {each.count} times"),
    (StageKey, lambda key: str(key.stage_id)),
    (Event, lambda event: f"{event.type} {event.stage_id or ''}".strip()),
    (str | int | datetime, str),
)
