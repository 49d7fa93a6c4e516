"""Durable records, and the one way to change them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.model.annotation import Annotation
from kernel.model.call import Bill, ModelCall, Spending
from kernel.model.change import Change, UpdateStage
from kernel.model.dead_letter import DeadLetter
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageKey, StageRecord


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A stage as it stands; with its run, where the stage is alone in its group."""

    stage: StageRecord
    run: Run | None = None


@dataclass(frozen=True, kw_only=True)
class Head:
    """A run, and the unfinished stage that is alone in its present group, if that is so."""

    run: Run
    active: StageRecord | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A run with all its stages that were made, by group and ordinal."""

    run: Run
    stages: tuple[StageRecord, ...]

    @property
    def current(self) -> tuple[StageRecord, ...]:
        """The stages that count: of each group the run has come to, those that were made last.

        Others are left over from an older generation, perhaps of another definition.
        """
        newest: dict[int, int] = {}
        for stage in self.stages:
            newest[stage.group] = max(newest.get(stage.group, 0), stage.generation)
        return tuple(
            stage
            for stage in self.stages
            if stage.group <= self.run.cursor and stage.generation == newest[stage.group]
        )


@dataclass(frozen=True, kw_only=True)
class Due:
    """A nomination: look at this run, or at this stage of it. It may be out of date."""

    run_id: str
    at: datetime
    stage: StageKey | None = None


class Persistence(Protocol):
    """Runs, stages, and what belongs to them.

    Nothing is locked between a read and a commit: each change says what the stored record must
    be like, and the commit as a whole happens or does not. A stage that is alone in its group
    may be kept together with its run; then they share one `due_at` (the earlier) and one
    version, and a change to either moves both. Reads are strongly consistent, but for `due`.
    Every method raises `UnavailableError` when the store does not answer; a write may then have
    happened or not.
    """

    def commit(self, changes: Sequence[Change]) -> None:
        """Apply every change, or none of them.

        Raises:
            ConditionFailedError: A record was not as one of the changes requires. A conflict of
                two commits at the same moment and throttling are not that: they are tried again.
        """
        ...

    def update(self, change: UpdateStage) -> Standing:
        """Apply one change to one stage, and return the stage as it stands after it.

        Raises:
            ConditionFailedError: The record was not as the change requires, or is not there.
        """
        ...

    def run(self, run_id: str) -> Run:
        """Return the run.

        Raises:
            NotFoundError: There is no such run.
        """
        ...

    def head(self, run_id: str) -> Head:
        """Return the run with its active stage, where that is alone in its group.

        Raises:
            NotFoundError: There is no such run.
        """
        ...

    def standing(self, key: StageKey) -> Standing:
        """Return one stage, with its run where the stage is alone, whatever *key* says of that.

        Raises:
            NotFoundError: There is no such stage.
        """
        ...

    def snapshot(self, run_id: str) -> Snapshot:
        """Return the run and its stages, each as it stands. The stages are read after the run.

        Raises:
            NotFoundError: There is no such run.
        """
        ...

    def group(self, run_id: str, group: int) -> Iterator[StageRecord]:
        """Yield the stages of one group, whatever their generation, in pages that begin small.

        A caller that stops early pays for what it saw.
        """
        ...

    def intake(self, run_id: str) -> Intake:
        """Return what the run was given.

        Raises:
            NotFoundError: There is no such run.
        """
        ...

    def idempotency(self, command: str, key: str) -> IdempotencyRecord | None:
        """Return what the key was used for; it may have expired."""
        ...

    def past(self, run_id: str) -> Sequence[StageRecord]:
        """Return the stages as they were kept, by generation, group and ordinal."""
        ...

    def annotations(self, run_id: str) -> Sequence[Annotation]:
        """Return the run's annotations, oldest first."""
        ...

    def erase(self, run_id: str, *, limit: int) -> bool:
        """Remove up to *limit* of the records that belong to the run, but not the run itself.

        Returns whether some may be left. What dies in between has removed a part.
        """
        ...

    def bill(self, run_id: str) -> Bill | None:
        """Return what the run has spent; None where it has called no model and has no budget.

        Its `committed` may be older or newer than its stages, by commits of the same moment.
        """
        ...

    def call(self, run_id: str, stage_id: str, call_id: str) -> ModelCall | None:
        """Return one call of a stage."""
        ...

    def calls(self, run_id: str, stage_id: str | None = None) -> Iterator[ModelCall]:
        """Yield the calls of a run, or of one stage, in pages that begin small.

        Those of a stage are together, by id. A caller that stops early pays for what it saw.
        """
        ...

    def spending(self, topic: str, month: str) -> Iterator[Spending]:
        """Yield what was spent in a month under *topic*, and under all topics that go on from it.

        `workflow.review` is followed by `workflow.review.stage.judge`, not by `workflow.reviews`.
        In no order; each topic, month and run is there once.
        """
        ...

    def dead_letters(self) -> Iterator[DeadLetter]:
        """Yield the dead letters of all runs, oldest first, in pages that begin small.

        A caller that stops early pays for what it saw. One that has expired may still be there.
        """
        ...

    def has_dead_letter(self, letter: DeadLetter) -> bool:
        """Return whether it is still there."""
        ...

    def note_presence(self, presence: Presence) -> None:
        """Keep it in place of what the same worker said of the same queue before."""
        ...

    def presences(self, queue: str) -> Sequence[Presence]:
        """Return who served the queue of late, by id. One that has expired may still be there."""
        ...

    def due(self, *, by: datetime, limit: int) -> Sequence[Due]:
        """Nominate up to *limit* records whose `due_at` is not after *by*, earliest first.

        Runs that are over and have nothing to send come behind all others: there may be any
        number of them to remove, and none of that is urgent.

        Eventually consistent: a nomination may be stale, and a fresh record may be missing.
        """
        ...
