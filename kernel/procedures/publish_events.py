"""Outbox to sink, then mark. What dies in between is sent again, under the same ids.

An event that is refused holds up those behind it in its run, until it is given up on; it holds up
no other run. Two who send at once send twice, and one of them marks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel.commands.mark_run import MarkRun
from kernel.commands.mark_stage import MarkStage
from kernel.decisions.outbox import Sending
from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.errors import ConflictError, NotFoundError
from kernel.events import is_terminal
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.logbook import Level, LogEntry
from kernel.ports.persistence import Head, Standing
from kernel.queries.list_due import due_run_ids


@dataclass(frozen=True, kw_only=True)
class PublishEventsResult:
    """*failed* counts the runs whose events could not be sent just now.

    *dead_lettered* counts the events that were given up on.
    """

    published: int
    failed: int = 0
    dead_lettered: int = 0


@dataclass(frozen=True, kw_only=True)
class Publication:
    """How many events of a run went out, and how many became dead letters."""

    sent: int = 0
    buried: int = 0


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
    published = failed = dead = 0
    for run_id in run_ids:
        try:
            done = publish_run(kernel, run_id, ())
        except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
            report(kernel.ports, f"Events of run {run_id!r} cannot be sent just now.", error)
            failed += 1
        else:
            published += done.sent
            dead += done.buried
    return PublishEventsResult(published=published, failed=failed, dead_lettered=dead)


def publish_run(kernel: Kernel, run_id: str, stages: Sequence[StageKey]) -> Publication:
    """Send what waits with the run and with *stages*, in order.

    The event that ends a run goes last: before it, the outboxes of all stages are emptied. Where
    one was given up on, those behind it have their turn at once.
    """
    sent = buried = 0
    while True:
        done = _publish(kernel, run_id, stages)
        sent, buried = sent + done.sent, buried + done.buried
        if not done.buried:
            return Publication(sent=sent, buried=buried)


def _publish(kernel: Kernel, run_id: str, stages: Sequence[StageKey]) -> Publication:
    head, outboxes = _read(kernel, run_id, stages)
    events = [event for stage in outboxes for event in stage.outbox]
    ordered = sorted([*head.run.outbox, *events], key=lambda event: event.sequence)
    if not ordered:
        return Publication()
    sending = Sending.of(ordered, kernel.ports.sink.publish(ordered))
    buried = sum(_mark(kernel, head, outboxes, sending))
    if buried:
        _tell(kernel, run_id, sending)
    return Publication(sent=len(sending.accepted), buried=buried)


def _read(kernel: Kernel, run_id: str, keys: Sequence[StageKey]) -> tuple[Head, list[StageRecord]]:
    """Return the run, and the stages that have something to send.

    A rerun takes what its stages have not sent along to the run: where one came in between, the
    run is read again, or the end of its last generation would overtake that.
    """
    for _ in range(kernel.policy.conflict_tries):
        head = kernel.ports.persistence.head(run_id)
        stages = list(_stages(kernel, head, keys))
        if all(stage.generation <= head.run.generation for stage in stages):
            return head, stages
    raise ConflictError(f"Run {run_id!r} is being rerun all the time.", run_id=run_id)


def _mark(
    kernel: Kernel, head: Head, outboxes: Sequence[StageRecord], sending: Sending
) -> Iterator[bool]:
    """Note what became of every outbox; yield whether an event of it was given up on."""
    for stage in outboxes:
        if sending.concerns(stage.outbox):
            seen = Standing(stage=stage, run=head.run if stage.solo else None)
            yield kernel.dispatch(MarkStage(seen=seen, sending=sending)).buried
    if sending.concerns(head.run.outbox):
        yield kernel.dispatch(MarkRun(seen=head, sending=sending)).buried


def _tell(kernel: Kernel, run_id: str, sending: Sending) -> None:
    message = f"An event of run {run_id!r} was refused too often; it is a dead letter now."
    fields = {"event_id": sending.refused, "reason": sending.reason}
    kernel.ports.logbook.write(LogEntry(level=Level.WARNING, message=message, fields=fields))


def _stages(kernel: Kernel, head: Head, keys: Sequence[StageKey]) -> Iterator[StageRecord]:
    """Yield the stages that have something to send, and those that *head* does not know of yet."""
    persistence = kernel.ports.persistence
    if any(is_terminal(event) for event in head.run.outbox):
        stages = persistence.snapshot(head.run.id).stages
        known = head.run.generation
        yield from (stage for stage in stages if stage.outbox or stage.generation > known)
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
