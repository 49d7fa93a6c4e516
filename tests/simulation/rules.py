"""What every single write must fulfil, whoever makes it: one more line is one more rule."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from kernel.model.run import Run
from kernel.model.stage import StageRecord, Suspension
from kernel.model.status import RUN_ARROWS, STAGE_ARROWS, Status
from tests.simulation.attention import due_in_time
from tests.simulation.docket import Rules, Step
from tests.simulation.outputs import wrong_output

Record = TypeVar("Record", Run, StageRecord)

DONE: Final = frozenset({Status.COMPLETED, Status.SKIPPED})
# What may still change of a record that is over.
AFTERWARDS: Final = ("retired_at", "due_at", "version", "outbox", "unadvanced")


def stage_follows_its_arrows(step: Step[StageRecord]) -> Iterator[str]:
    old, new = step.old, step.new
    if step.made and old is not None and old.generation >= new.generation:
        yield f"{new.id} was made twice in generation {new.generation}"
    if old is None or old.generation != new.generation or old.status is new.status:
        return
    if new.status not in STAGE_ARROWS[old.status]:
        yield f"{new.id} went from {old.status} to {new.status}"


def generations_go_up(step: Step[Any]) -> Iterator[str]:
    if step.old is not None and step.new.generation < step.old.generation:
        yield f"{step.new.id} went back to generation {step.new.generation}"


def attempts_go_up_and_end(step: Step[StageRecord]) -> Iterator[str]:
    old, new = step.old, step.new
    free = min(new.stumbles, step.docket.policy.stumbles) + new.pauses
    if new.attempt > new.max_attempts + free:
        yield f"{new.id} is at attempt {new.attempt} of {new.max_attempts}"
    if old is None or old.generation != new.generation:
        return
    begins = old.status is Status.PENDING and new.status is Status.RUNNING
    if new.attempt != old.attempt + begins:
        yield f"{new.id} went from attempt {old.attempt} to {new.attempt}, {new.status}"


def leases_fit_the_status(step: Step[StageRecord]) -> Iterator[str]:
    new = step.new
    if (new.lease is not None) != (new.status is Status.RUNNING):
        yield f"{new.id} is {new.status} with the lease {new.lease}"
    if (new.suspension is not None) != (new.status is Status.SUSPENDED):
        yield f"{new.id} is {new.status} with the suspension {new.suspension}"


def leases_only_grow(step: Step[StageRecord]) -> Iterator[str]:
    held, kept = step.old.lease if step.old else None, step.new.lease
    if held is None or kept is None or held.token != kept.token:
        return
    if kept.expires_at < held.expires_at:
        yield f"the lease of {step.new.id} shrank from {held.expires_at} to {kept.expires_at}"


def only_the_holder_settles(step: Step[StageRecord]) -> Iterator[str]:
    """What was held is let go by its holder, by a reaper in its time, or by a closing.

    A stage that waits for a call is also let go by the right one, whoever holds it.
    The time is that of the reaper's own clock: one that is ahead takes what is live for others.
    That costs an attempt, but there is one winner still.
    """
    old, new = step.old, step.new
    if old is None or new.status is Status.CANCELLED or old.generation != new.generation:
        return
    waits = old.suspension
    if waits is not None and new.suspension is None and _is_answered(step, waits):
        return
    held = old.lease or (waits.lease if waits else None)
    kept = new.lease or (new.suspension.lease if new.suspension else None)
    if held is None:
        if waits is not None and new.suspension is None:
            yield f"{old.id} left its suspension and nobody was polling it, or had its token"
        return
    is_taken = held != kept and held.token not in step.process.tokens
    if is_taken and held.expires_at >= step.now:
        yield f"{old.id} became {new.status} under the live lease of somebody else"


def _is_answered(step: Step[StageRecord], waits: Suspension) -> bool:
    secret, mark = waits.callback_digest, step.new.settled_by or ""
    return secret in step.process.answers and mark.startswith(f"{secret}.")


def what_is_over_stays(step: Step[Record]) -> Iterator[str]:
    old, new = step.old, step.new
    if old is None or old.generation != new.generation or not old.status.is_terminal:
        return
    changed = _changed(old, new)
    if changed:
        yield f"{new.id} was {old.status}, and then this changed: {changed}"


def nothing_follows_a_cancel(step: Step[Record]) -> Iterator[str]:
    """Once a cancel has returned, nothing of the run commits any more."""
    new = step.new
    run_id = _run_of(new)
    until = step.docket.cancelled.get(run_id)
    if until is None or new.generation > until:
        return
    changed = "everything" if step.old is None else _changed(step.old, new)
    if changed:
        yield f"{new.id} was written after the cancel had returned: {changed}"


def no_event_is_lost(step: Step[Any]) -> Iterator[str]:
    """An event leaves an outbox only after it arrived outside, or as a dead letter."""
    if step.old is None:
        return
    kept = {event.id for event in step.new.outbox}
    if step.made:
        # What is replaced hands its events to the run.
        kept |= {event.id for event in step.docket.runs[step.new.run_id].outbox}
    kept |= step.docket.dead
    for event in step.old.outbox:
        if event.id not in kept and event.id not in step.docket.heard:
            yield f"{event.id} left the outbox of {step.new.id} and was never published"


def versions_go_up(step: Step[Any]) -> Iterator[str]:
    """A stage that leaves its run's item counts anew: that item is never written again."""
    old, new = step.old, step.new
    if old is None or step.made or old == new:
        return
    if isinstance(new, StageRecord) and new.solo and new.status.is_terminal:
        return
    if new.version <= old.version and replace(new, due_at=old.due_at) != old:
        yield f"{new.id} changed and kept its version {new.version}"


def outputs_are_their_makers(step: Step[StageRecord]) -> Iterator[str]:
    done = step.new.status is Status.COMPLETED
    if done and (step.old is None or step.old.status is not Status.COMPLETED):
        yield from wrong_output(step.docket, step.new)


def only_a_closing_cancels(step: Step[StageRecord]) -> Iterator[str]:
    old, new = step.old, step.new
    run = step.docket.runs[new.run_id]
    begins = old is not None and old.status is not new.status and new.status is Status.CANCELLED
    if begins and (run.closing is None or run.generation != new.generation):
        yield f"{new.id} of generation {new.generation} was cancelled and its run is not closing"


def stages_are_made_where_the_run_is(step: Step[StageRecord]) -> Iterator[str]:
    new, run = step.new, step.docket.runs[step.new.run_id]
    if step.made and (new.generation, new.group) != (run.generation, run.cursor):
        yield f"{new.id} was made for {new.generation}.{new.group}, away from its run"


def what_is_retired_stays_so(step: Step[Run]) -> Iterator[str]:
    """A run that is being removed is over, has told everything, and only goes."""
    old, new = step.old, step.new
    if old is None or (old.retired_at is None and new.retired_at is None):
        return
    if new.retired_at is None or not new.status.is_terminal or new.outbox:
        yield f"the run is retired, and {new.status} with {len(new.outbox)} events"
    if new.id in step.docket.deleted:
        yield "the run was deleted, and written after that"


def only_what_is_over_is_rerun(step: Step[Run]) -> Iterator[str]:
    old, new = step.old, step.new
    if old is None or old.generation == new.generation:
        return
    if not old.status.is_terminal or old.closing is not None:
        yield f"the run was rerun while it was {old.status}, closing {old.closing}"
    if new.generation != old.generation + 1 or new.status is not Status.RUNNING:
        yield f"the run went to generation {new.generation}, {new.status}"
    for stage in step.docket.stages_of(new):
        if stage.group < new.cursor and stage.status not in DONE:
            yield f"the run was rerun from group {new.cursor} and {stage.id} is {stage.status}"
        if stage.generation < new.generation and not stage.status.is_terminal:
            yield f"the run was rerun while {stage.id} was {stage.status}"


def run_follows_its_arrows(step: Step[Run]) -> Iterator[str]:
    old, new = step.old, step.new
    if old is None or old.generation != new.generation:
        return
    if old.status is not new.status and new.status not in RUN_ARROWS[old.status]:
        yield f"the run went from {old.status} to {new.status}"
    if new.cursor not in {old.cursor, old.cursor + 1}:
        yield f"the run went from group {old.cursor} to group {new.cursor}"
    if old.closing is not None and new.closing is None and not new.status.is_terminal:
        yield "the run was being closed and goes on"
    if old.closing is not None and new.cursor != old.cursor:
        yield "the run was being closed and moved on"


def groups_end_before_the_run_moves(step: Step[Run]) -> Iterator[str]:
    """A run moves on when all of its group's stages are done, and ends when all are over."""
    old, new = step.old, step.new
    if old is None or old.generation != new.generation or old.cursor == 0:
        return
    ended = new.status.is_terminal and not old.status.is_terminal
    if not ended and new.cursor == old.cursor:
        return
    stages = [s for s in step.docket.group(new, old.cursor) if s.generation == new.generation]
    moved = new.status in {Status.RUNNING, Status.COMPLETED}
    wanted = DONE if moved else None
    for stage in stages:
        if stage.status not in wanted if wanted else not stage.status.is_terminal:
            yield f"the run became {new.status} while {stage.id} was {stage.status}"


RUN_RULES: Final[Rules] = (
    what_is_retired_stays_so,
    generations_go_up,
    run_follows_its_arrows,
    only_what_is_over_is_rerun,
    groups_end_before_the_run_moves,
    what_is_over_stays,
    nothing_follows_a_cancel,
    no_event_is_lost,
    versions_go_up,
    due_in_time,
)
STAGE_RULES: Final[Rules] = (
    generations_go_up,
    stage_follows_its_arrows,
    stages_are_made_where_the_run_is,
    only_a_closing_cancels,
    attempts_go_up_and_end,
    leases_fit_the_status,
    leases_only_grow,
    only_the_holder_settles,
    what_is_over_stays,
    nothing_follows_a_cancel,
    no_event_is_lost,
    versions_go_up,
    outputs_are_their_makers,
    due_in_time,
)


def _run_of(record: Run | StageRecord) -> str:
    return record.id if isinstance(record, Run) else record.run_id


def _changed(old: Record, new: Record) -> str:
    """Return which fields differ, of those that must not; no words if none does."""
    return ", ".join(
        name
        for name in vars(old)
        if name not in AFTERWARDS and getattr(old, name) != getattr(new, name)
    )
