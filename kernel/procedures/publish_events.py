"""Outbox to sink, then mark. What dies in between is sent again, under the same ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel.commands.mark_run import MarkRun
from kernel.commands.mark_stage import MarkStage
from kernel.dispatch import Command, Kernel
from kernel.errors import ConflictError, EngineError, NotFoundError
from kernel.events import is_terminal
from kernel.model.event import Event
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.persistence import Head, Standing
from kernel.queries.list_due import due_run_ids


@dataclass(frozen=True, kw_only=True)
class PublishEventsResult:
    """*failed* counts the runs whose events could not be sent just now."""

    published: int
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class PublishEvents(Command[PublishEventsResult]):
    """Of the given runs; of what is due, up to *limit* records, where none is given."""

    name = "outbox.flush"

    run_ids: Sequence[str] | None = None
    limit: int = 100


def publish_events(command: PublishEvents, kernel: Kernel) -> PublishEventsResult:
    run_ids = command.run_ids
    if run_ids is None:
        run_ids = due_run_ids(kernel.ports, limit=command.limit)
    published = failed = 0
    for run_id in run_ids:
        try:
            published += publish_run(kernel, run_id, ())
        except EngineError:
            failed += 1
    return PublishEventsResult(published=published, failed=failed)


def publish_run(kernel: Kernel, run_id: str, stages: Sequence[StageKey]) -> int:
    """Send what waits with the run and with *stages*, in order; return how much went out.

    The event that ends a run goes last: before it, the outboxes of all stages are emptied.

    Raises:
        ConflictError: The run is rerun again and again.
    """
    head, outboxes = _read(kernel, run_id, stages)
    events = [event for stage in outboxes for event in stage.outbox]
    ordered = sorted([*head.run.outbox, *events], key=lambda event: event.sequence)
    sent = {event.id for event in kernel.ports.sink.publish(ordered)} if ordered else set()
    for stage in outboxes:
        if _all(stage.outbox, sent):
            run = head.run if stage.solo else None
            kernel.dispatch(MarkStage(seen=Standing(stage=stage, run=run), published=True))
    if head.run.outbox and _all(head.run.outbox, sent):
        kernel.dispatch(MarkRun(seen=head, published=True))
    return len(sent)


def _read(kernel: Kernel, run_id: str, keys: Sequence[StageKey]) -> tuple[Head, list[StageRecord]]:
    """Return the run, and the stages that have something to send.

    A rerun takes what its stages have not sent along to the run: where one came in between, the
    run is read again, or the end of its last generation would overtake that.
    """
    for _ in range(kernel.policy.conflict_tries):
        head = kernel.ports.persistence.head(run_id)
        stages = list(_stages(kernel, head, keys))
        if all(stage.generation <= head.run.generation for stage in stages):
            return head, [stage for stage in stages if stage.outbox]
    raise ConflictError(f"Run {run_id!r} is being rerun all the time.", run_id=run_id)


def _stages(kernel: Kernel, head: Head, keys: Sequence[StageKey]) -> Iterator[StageRecord]:
    """Yield the stages that may have something to send."""
    persistence = kernel.ports.persistence
    if any(is_terminal(event) for event in head.run.outbox):
        yield from persistence.snapshot(head.run.id).stages
        return
    if head.active is not None:
        yield head.active
    for key in keys:
        if head.active is None or head.active.key != key:
            yield from _found(kernel, key)


def _found(kernel: Kernel, key: StageKey) -> Iterator[StageRecord]:
    try:
        yield kernel.ports.persistence.standing(key).stage
    except NotFoundError:
        return


def _all(events: Sequence[Event], sent: set[str]) -> bool:
    return all(event.id in sent for event in events)
