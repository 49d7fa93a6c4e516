"""Forget from a group on, and go again: a new generation, in which nothing of the old one counts.

Outputs of earlier groups are kept. What is replaced was kept as history before; those of its
events that nobody has sent yet move to the run's outbox (protocol step 18).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kernel.decisions.advancing import reenter
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import ConflictError, IdempotencyConflictError, IllegalTransitionError
from kernel.model.change import SaveIdempotency
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.status import Status
from kernel.ports.persistence import Snapshot

DONE: Final = frozenset({Status.COMPLETED, Status.SKIPPED})


@dataclass(frozen=True, kw_only=True)
class RerunRunResult:
    """*generation* is the new one; *rerun* is false where the key had made it before."""

    generation: int
    rerun: bool


@dataclass(frozen=True, kw_only=True)
class RerunRun(Command[RerunRunResult]):
    """*seen* is the run with its stages, as just read; *key* is the caller's, for this run."""

    name = "run.rerun"

    seen: Snapshot
    stage_id: str
    key: str | None = None


def handle(command: RerunRun, context: Context) -> Outcome[RerunRunResult]:
    run_id = command.seen.run.id
    known = _known(command, context)
    if known is not None:
        return Outcome(result=known)
    seen = command.seen if context.is_first_try else context.ports.persistence.snapshot(run_id)
    workflow = context.ports.registry.workflow(seen.run.workflow_id)
    group = workflow.group_of(command.stage_id)
    _check(command, seen, group)
    decision = reenter(context, seen.run, workflow, group, _unsent(seen, group))
    generation = seen.run.generation + 1
    return Outcome(
        result=RerunRunResult(generation=generation, rerun=True),
        changes=(*decision.changes, *_remembered(command, context, generation)),
        bells=decision.bells,
    )


def _check(command: RerunRun, seen: Snapshot, group: int) -> None:
    """Refuse to begin where earlier outputs are missing, or where nobody kept what is there."""
    if seen.run.status.is_terminal and seen.run.generation != command.seen.run.generation:
        message = f"Run {seen.run.id!r} was rerun in between, and is over again. Ask once more."
        raise ConflictError(message, run_id=seen.run.id)
    done = [stage for stage in seen.stages if stage.group < group and stage.status in DONE]
    whole = {stage.group for stage in done} == set(range(1, group)) and not _undone(seen, group)
    if seen.run.status.is_terminal and not whole:
        message = (
            f"Run {seen.run.id!r} cannot be rerun from stage {command.stage_id!r}: an earlier"
            " stage has not completed. Rerun it from that one."
        )
        raise IllegalTransitionError(message, run_id=seen.run.id, stage_id=command.stage_id)


def _undone(seen: Snapshot, group: int) -> bool:
    return any(stage.group < group and stage.status not in DONE for stage in seen.stages)


def _unsent(seen: Snapshot, group: int) -> Iterator[Event]:
    replaced = (stage for stage in seen.stages if stage.group >= group)
    return (event for stage in replaced for event in stage.outbox)


def _known(command: RerunRun, context: Context) -> RerunRunResult | None:
    """Return what the key has made before, if it has."""
    if command.key is None:
        return None
    scoped = f"{command.seen.run.id}/{command.key}"
    record = context.ports.persistence.idempotency("run.rerunFrom", scoped)
    if record is None or record.expires_at < context.now:
        return None
    if record.digest != command.stage_id:
        message = (
            f"The idempotency key {command.key!r} was used to rerun run {record.run_id!r} from"
            f" stage {record.digest!r}. Use a new key."
        )
        raise IdempotencyConflictError(message, run_id=record.run_id)
    return RerunRunResult(generation=record.generation, rerun=False)


def _remembered(command: RerunRun, context: Context, generation: int) -> Iterator[SaveIdempotency]:
    if command.key is None:
        return
    run_id = command.seen.run.id
    record = IdempotencyRecord(
        command="run.rerunFrom",
        key=f"{run_id}/{command.key}",
        digest=command.stage_id,
        run_id=run_id,
        generation=generation,
        expires_at=context.now + context.policy.idempotency_kept,
    )
    yield SaveIdempotency(record=record, now=context.now)
