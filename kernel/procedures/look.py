"""What one due record wants, and doing it."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from kernel.commands.mark_run import MarkRun
from kernel.commands.mark_stage import MarkStage
from kernel.decisions.bells import execute_bell, poll_bell
from kernel.decisions.due import earliest
from kernel.dispatch import Kernel
from kernel.effects import report, ring
from kernel.errors import UnavailableError
from kernel.model.bell import Bell
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Due, Standing
from kernel.procedures.cancel_run import finish
from kernel.procedures.claim_pending import start_one
from kernel.procedures.follow_up import follow_up
from kernel.procedures.publish_events import publish_run
from kernel.procedures.reap_leases import reap_one


class Chore(StrEnum):
    """What a look can come to; the names are those of `TickResult`."""

    START = "claimed"
    POLL = "suspended_checked"
    REAP = "stale_released"
    PUBLISH = "events_flushed"
    RING = "rung"
    ADVANCE = "advanced"
    CLOSE = "closed"
    BURY = "dead_lettered"


def look_at_run(kernel: Kernel, run_id: str, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    """Do what the run wants, and its stage where that is alone; return what was done.

    Raises:
        NotFoundError: The run is gone, or this process does not know its workflow.
    """
    head = kernel.ports.persistence.head(run_id)
    run = head.run
    if run.closing is not None:
        finish(kernel, run_id, run.generation)
        return {Chore.CLOSE: 1}
    done: dict[Chore, int] = {}
    if run.status is Status.PENDING and _is_time(kernel, run.start_at):
        if Chore.START not in capped and start_one(kernel, run):
            return {Chore.START: 1}
        return done
    if run.outbox and Chore.PUBLISH not in capped:
        done |= _publish(kernel, run_id)
        head = kernel.ports.persistence.head(run_id)
    if head.active is not None:
        done |= _move(kernel, Standing(stage=head.active, run=run), capped)
    if Chore.REAP not in done:
        kernel.dispatch(MarkRun(seen=head))
    return done


def look_at_stage(kernel: Kernel, key: StageKey, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    """Do what one of several siblings wants; return what was done.

    Raises:
        NotFoundError: It is gone, or this process does not know its workflow.
    """
    found = kernel.ports.persistence.standing(key)
    done: dict[Chore, int] = {}
    if found.stage.outbox and Chore.PUBLISH not in capped:
        done |= _publish(kernel, key.run_id, key)
        found = kernel.ports.persistence.standing(key)
    if found.stage.unadvanced:
        follow_up(kernel, found.stage)
        return {**done, Chore.ADVANCE: 1}
    done |= _move(kernel, found, capped)
    if Chore.REAP not in done:
        kernel.dispatch(MarkStage(seen=found))
    return done


def put_off(kernel: Kernel, due: Due) -> None:
    """Look again later at a record that could not be moved, so that it holds up no other."""
    if due.stage is None:
        kernel.dispatch(MarkRun(seen=kernel.ports.persistence.head(due.run_id)))
    else:
        kernel.dispatch(MarkStage(seen=kernel.ports.persistence.standing(due.stage)))


def _publish(kernel: Kernel, run_id: str, *keys: StageKey) -> dict[Chore, int]:
    """Send what waits; a sink that is down keeps nobody from the other chores."""
    try:
        done = publish_run(kernel, run_id, keys)
    except UnavailableError as error:
        report(kernel.ports, f"Events of run {run_id!r} cannot be sent just now.", error)
        return {}
    return {Chore.PUBLISH: done.sent, Chore.BURY: done.buried}


def _move(kernel: Kernel, found: Standing, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    """Ring for a stage that nobody came for, or free it of a worker that died."""
    stage = found.stage
    match stage.status:
        case Status.PENDING if _is_late(kernel, stage.not_before or stage.created_at):
            return _ring(kernel, Chore.RING, execute_bell(stage))
        case Status.RUNNING if Chore.REAP not in capped:
            return {Chore.REAP: 1} if reap_one(kernel, stage.key) else {}
        case Status.SUSPENDED if Chore.POLL not in capped and _wants_poll(kernel, stage):
            return _ring(kernel, Chore.POLL, poll_bell(stage, at=None))
        case _:
            return {}


def _ring(kernel: Kernel, chore: Chore, bell: Bell) -> dict[Chore, int]:
    definition = kernel.ports.registry.workflow(bell.workflow_id).stage(bell.stage_id or "")
    ring(kernel.ports, [replace(bell, queue=definition.queue)])
    return {chore: 1}


def _is_time(kernel: Kernel, moment: datetime | None) -> bool:
    return moment is None or moment <= kernel.ports.clock.now()


def _is_late(kernel: Kernel, since: datetime) -> bool:
    return since + kernel.policy.grace <= kernel.ports.clock.now()


def _wants_poll(kernel: Kernel, stage: StageRecord) -> bool:
    waits = stage.suspension
    if waits is None:
        return False
    now = kernel.ports.clock.now()
    moment = earliest(waits.next_poll_at, waits.deadline)
    taken = waits.lease is not None and waits.lease.is_live(now)
    return not taken and moment is not None and moment <= now
