"""Records in dictionaries, under one lock: the port's promises with nothing else in the way."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from adapters.memory.bills import MemoryBills
from adapters.memory.records import (
    LetterId,
    StageId,
    id_of,
    letter_id,
    place_of,
    require,
    require_each,
    written,
)
from kernel.errors import NotFoundError
from kernel.model.annotation import Annotation
from kernel.model.call import Bill, ModelCall, Spending
from kernel.model.change import (
    AddAnnotation,
    AddSpending,
    AddToBill,
    Change,
    CreateRun,
    CreateStage,
    DeleteRun,
    KeepPast,
    RemoveDeadLetter,
    RequireRun,
    RequireStage,
    SaveCall,
    SaveDeadLetter,
    SaveIdempotency,
    SetLimit,
    UpdateRun,
    UpdateStage,
)
from kernel.model.dead_letter import DeadLetter
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.persistence import Due, Head, Snapshot, Standing

_Beside: TypeAlias = KeepPast | SaveIdempotency | AddAnnotation | SaveDeadLetter | RemoveDeadLetter


class MemoryPersistence:
    """Everything in one process. Records are frozen, so handing them out is safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._intakes: dict[str, Intake] = {}
        self._stages: dict[StageId, StageRecord] = {}
        self._idempotency: dict[tuple[str, str], IdempotencyRecord] = {}
        self._past: dict[str, dict[tuple[str, int, str, int, int], StageRecord]] = {}
        self._annotations: dict[str, dict[str, Annotation]] = {}
        self._dead: dict[LetterId, DeadLetter] = {}
        self._presences: dict[tuple[str, str], Presence] = {}
        self._bills = MemoryBills()
        self._stages_of: dict[str, dict[StageId, None]] = {}
        self._due: dict[tuple[str, StageId | None], datetime] = {}

    def commit(self, changes: Sequence[Change]) -> None:
        with self._lock:
            for change in changes:
                self._check(change)
            for change in changes:
                self._apply(change)

    def update(self, change: UpdateStage) -> Standing:
        self.commit([change])
        return self.standing(change.stage.key)

    def run(self, run_id: str) -> Run:
        with self._lock:
            return self._run(run_id)

    def head(self, run_id: str) -> Head:
        with self._lock:
            run = self._run(run_id)
            stages = (self._stages[id_] for id_ in self._stages_of.get(run_id, ()))
            active = (
                stage
                for stage in stages
                if stage.solo
                and (stage.group, stage.generation) == (run.cursor, run.generation)
                and not stage.status.is_terminal
            )
            return Head(run=run, active=next(active, None))

    def standing(self, key: StageKey) -> Standing:
        with self._lock:
            stage = self._stages.get(id_of(key))
            if stage is None:
                message = f"Run {key.run_id!r} has no stage {key.stage_id!r} in group {key.group}."
                raise NotFoundError(message, run_id=key.run_id, stage_id=key.stage_id)
            return Standing(stage=stage, run=self._run(key.run_id) if stage.solo else None)

    def snapshot(self, run_id: str) -> Snapshot:
        with self._lock:
            run = self._run(run_id)
            stages = (self._stages[id_] for id_ in self._stages_of.get(run_id, ()))
            return Snapshot(run=run, stages=tuple(sorted(stages, key=place_of)))

    def group(self, run_id: str, group: int) -> Iterator[StageRecord]:
        with self._lock:
            ids = [id_ for id_ in self._stages_of.get(run_id, ()) if id_[1] == group]
            found = [self._stages[id_] for id_ in ids]
        yield from found

    def intake(self, run_id: str) -> Intake:
        with self._lock:
            self._run(run_id)
            return self._intakes[run_id]

    def idempotency(self, command: str, key: str) -> IdempotencyRecord | None:
        with self._lock:
            return self._idempotency.get((command, key))

    def past(self, run_id: str) -> Sequence[StageRecord]:
        with self._lock:
            kept = self._past.get(run_id, {}).values()
            return sorted(kept, key=lambda stage: (stage.generation, *place_of(stage)))

    def annotations(self, run_id: str) -> Sequence[Annotation]:
        with self._lock:
            rows = self._annotations.get(run_id, {}).values()
            return sorted(rows, key=lambda row: (row.at, row.id))

    def erase(self, run_id: str, *, limit: int) -> bool:
        with self._lock:
            stages = [*self._stages_of.get(run_id, ())]
            for id_ in stages[:limit]:
                del self._stages[id_], self._stages_of[run_id][id_]
                self._due.pop((run_id, id_), None)
            if len(stages) > limit:
                return True
            for rows in (self._intakes, self._past, self._annotations, self._stages_of):
                rows.pop(run_id, None)
            self._bills.forget(run_id)
            return False

    def dead_letters(self) -> Iterator[DeadLetter]:
        with self._lock:
            found = [self._dead[id_] for id_ in sorted(self._dead)]
        yield from found

    def has_dead_letter(self, letter: DeadLetter) -> bool:
        with self._lock:
            return letter_id(letter) in self._dead

    def note_presence(self, presence: Presence) -> None:
        with self._lock:
            self._presences[presence.queue, presence.worker_id] = presence

    def presences(self, queue: str) -> Sequence[Presence]:
        with self._lock:
            found = [each for each in self._presences.values() if each.queue == queue]
        return sorted(found, key=lambda each: each.worker_id)

    def bill(self, run_id: str) -> Bill | None:
        with self._lock:
            return self._bills.bill(run_id)

    def call(self, run_id: str, stage_id: str, call_id: str) -> ModelCall | None:
        with self._lock:
            return self._bills.call(run_id, stage_id, call_id)

    def calls(self, run_id: str, stage_id: str | None = None) -> Iterator[ModelCall]:
        with self._lock:
            found = self._bills.calls(run_id, stage_id)
        yield from found

    def spending(self, topic: str, month: str) -> Iterator[Spending]:
        with self._lock:
            found = self._bills.spending(topic, month)
        yield from found

    def due(self, *, by: datetime, limit: int) -> Sequence[Due]:
        with self._lock:
            found = [(at, *key) for key, at in self._due.items() if at <= by]
            in_order = sorted(found, key=lambda row: (self._is_settled(row[1]), *row[:2]))
            return [self._nomination(*row) for row in in_order[:limit]]

    def _is_settled(self, run_id: str) -> bool:
        return run_id in self._runs and self._runs[run_id].is_settled

    def _nomination(self, at: datetime, run_id: str, id_: StageId | None) -> Due:
        stage = self._stages[id_].key if id_ else None
        return Due(run_id=run_id, at=at, stage=stage)

    def _run(self, run_id: str) -> Run:
        run = self._runs.get(run_id)
        if run is None:
            message = f"No run has the id {run_id!r}."
            raise NotFoundError(message, run_id=run_id)
        return run

    def _check(self, change: Change) -> None:
        match change:
            case CreateRun(run=run):
                require(run.id not in self._runs, f"Run {run.id!r} exists already.")
            case CreateStage(stage=stage):
                old = self._stages.get(id_of(stage.key))
                fresh = old is None or old.generation < stage.generation
                require(fresh, f"Stage {stage.id!r} exists already in this generation.")
            case UpdateRun(run=run):
                require_each(self._runs.get(run.id), change.requires)
            case UpdateStage(stage=stage):
                require_each(self._stages.get(id_of(stage.key)), change.requires)
            case RequireStage(key=key, requires=requires):
                require_each(self._stages.get(id_of(key)), requires)
            case SaveCall() | AddToBill() | SetLimit() | AddSpending():
                self._bills.check(change)
            case (
                DeleteRun(run_id=run_id, requires=requires)
                | RequireRun(run_id=run_id, requires=requires)
            ):
                require_each(self._runs.get(run_id), requires)
            case _:
                self._check_beside(change)

    def _check_beside(self, change: _Beside) -> None:
        match change:
            case SaveIdempotency(record=record, now=now):
                known = self._idempotency.get((record.command, record.key))
                free = known is None or known.expires_at < now
                require(free, f"The key {record.key!r} was used before.")
            case RemoveDeadLetter(letter=letter):
                there = letter_id(letter) in self._dead
                require(there, f"Event {letter.event.id!r} is no dead letter any more.")
            case KeepPast() | AddAnnotation() | SaveDeadLetter():
                pass

    def _apply(self, change: Change) -> None:
        match change:
            case CreateRun(run=run, intake=intake):
                self._keep_run(run)
                self._intakes[run.id] = intake
            case UpdateRun(run=run):
                self._keep_run(written(self._runs[run.id], change))
            case DeleteRun(run_id=run_id):
                del self._runs[run_id]
                self._due.pop((run_id, None), None)
            case CreateStage(stage=stage):
                self._keep_stage(stage)
            case UpdateStage(stage=stage):
                self._keep_stage(written(self._stages[id_of(stage.key)], change))
            case RequireRun() | RequireStage():
                pass
            case SaveCall() | AddToBill() | SetLimit() | AddSpending():
                self._bills.apply(change)
            case _:
                self._apply_beside(change)

    def _apply_beside(self, change: _Beside) -> None:
        match change:
            case KeepPast(stage=stage):
                attempt = (*id_of(stage.key), stage.generation, stage.attempt)
                history = replace(stage, outbox=(), due_at=None)
                self._past.setdefault(stage.run_id, {})[attempt] = history
            case SaveIdempotency(record=record):
                self._idempotency[record.command, record.key] = record
            case AddAnnotation(annotation=row):
                self._annotations.setdefault(row.run_id, {})[row.id] = row
            case SaveDeadLetter(letter=letter):
                self._dead[letter_id(letter)] = letter
            case RemoveDeadLetter(letter=letter):
                del self._dead[letter_id(letter)]

    def _keep_run(self, run: Run) -> None:
        self._runs[run.id] = run
        self._nominate((run.id, None), run.due_at)

    def _keep_stage(self, stage: StageRecord) -> None:
        id_ = id_of(stage.key)
        self._stages[id_] = stage
        self._stages_of.setdefault(stage.run_id, {})[id_] = None
        self._nominate((stage.run_id, id_), stage.due_at)

    def _nominate(self, key: tuple[str, StageId | None], at: datetime | None) -> None:
        if at is None:
            self._due.pop(key, None)
        else:
            self._due[key] = at
