"""What one due record wants, and doing it."""

from collections.abc import Set as AbstractSet

from kernel.authoring.workflow import Workflow
from kernel.commands.mark_run import MarkRun
from kernel.commands.mark_stage import MarkStage
from kernel.dispatch import Kernel
from kernel.effects import report
from kernel.errors import DefinitionChangedError, NotFoundError
from kernel.model.run import Run
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.ports.persistence import Due, Head
from kernel.procedures.cancel_run import finish
from kernel.procedures.claim_pending import start_one
from kernel.procedures.definition import definition
from kernel.procedures.end_run import end_of_patience, end_stuck
from kernel.procedures.follow_up import follow_up
from kernel.procedures.move import Chore, move
from kernel.procedures.publish_events import publish_run
from kernel.procedures.retirement import retire


def look_at_run(kernel: Kernel, run_id: str, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    """Do what the run wants, and its stage where that is alone; return what was done.

    Raises:
        NotFoundError: The run is gone.
    """
    head = kernel.ports.persistence.head(run_id)
    if head.run.closing is not None:
        finish(kernel, run_id, head.run.generation)
        return {Chore.CLOSE: 1}
    if head.run.status is Status.PENDING:
        return _pending(kernel, head, capped)
    done: dict[Chore, int] = {}
    if head.run.outbox and Chore.PUBLISH not in capped:
        done |= _publish(kernel, run_id)
        head = kernel.ports.persistence.head(run_id)
    if head.run.status.is_terminal:
        return done | _over(kernel, head)
    return done | _running(kernel, head, capped)


def look_at_stage(kernel: Kernel, key: StageKey, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    """Do what one of several siblings wants; return what was done.

    Raises:
        NotFoundError: It is gone.
    """
    found = kernel.ports.persistence.standing(key)
    done: dict[Chore, int] = {}
    if found.stage.outbox and Chore.PUBLISH not in capped:
        done |= _publish(kernel, key.run_id, key)
        found = kernel.ports.persistence.standing(key)
    run = kernel.ports.persistence.run(key.run_id)
    try:
        if found.stage.unadvanced:
            follow_up(kernel, found.stage)
            return {**done, Chore.ADVANCE: 1}
        if run.is_open and not found.stage.status.is_terminal:
            done |= move(kernel, found.stage, _fitting(kernel, run), capped)
    except DefinitionChangedError as error:
        if end_of_patience(kernel, run, found.stage, error):
            return {**done, Chore.CLOSE: 1}
    if Chore.REAP not in done:
        kernel.dispatch(MarkStage(seen=found))
    return done


def put_off(kernel: Kernel, due: Due) -> None:
    """Look again later at a record that could not be moved, so that it holds up no other."""
    if due.stage is None:
        kernel.dispatch(MarkRun(seen=kernel.ports.persistence.head(due.run_id)))
    else:
        kernel.dispatch(MarkStage(seen=kernel.ports.persistence.standing(due.stage)))


def repair(kernel: Kernel, run_id: str) -> dict[Chore, int]:
    """Do what each stage of the run wants; where it has none that could, fail it as STUCK.

    Raises:
        NotFoundError: The run is gone.
    """
    done = look_at_run(kernel, run_id, frozenset())
    made = kernel.ports.persistence.snapshot(run_id)
    if not made.run.is_open or Chore.STUCK in done:
        return done
    place = (made.run.generation, made.run.cursor)
    group = [stage for stage in made.stages if (stage.generation, stage.group) == place]
    for stage in group:
        if not stage.solo and (stage.unadvanced or not stage.status.is_terminal):
            done |= look_at_stage(kernel, stage.key, frozenset())
    if group and all(stage.status.is_terminal for stage in group):
        follow_up(kernel, group[0])
        return {**done, Chore.ADVANCE: 1}
    return done


def _pending(kernel: Kernel, head: Head, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    run = head.run
    if run.start_at is None or run.start_at <= kernel.ports.clock.now():
        if Chore.START in capped:
            return {}
        try:
            return {Chore.START: 1} if start_one(kernel, run) else {}
        except NotFoundError as error:
            # Its definition is not here, or what it was given is nowhere.
            if end_of_patience(kernel, run, None, error):
                return {Chore.CLOSE: 1}
    done: dict[Chore, int] = {}
    if run.outbox and Chore.PUBLISH not in capped:
        done |= _publish(kernel, run.id)
        head = kernel.ports.persistence.head(run.id)
    kernel.dispatch(MarkRun(seen=head))
    return done


def _running(kernel: Kernel, head: Head, capped: AbstractSet[Chore]) -> dict[Chore, int]:
    done: dict[Chore, int] = {}
    try:
        workflow = _fitting(kernel, head.run)
        if head.active is not None:
            done |= move(kernel, head.active, workflow, capped)
        elif end_stuck(kernel, head.run):
            return {Chore.STUCK: 1}
    except DefinitionChangedError as error:
        if end_of_patience(kernel, head.run, head.active, error):
            return {Chore.CLOSE: 1}
    if Chore.REAP not in done:
        kernel.dispatch(MarkRun(seen=head))
    return done


def _over(kernel: Kernel, head: Head) -> dict[Chore, int]:
    if retire(kernel, head.run):
        return {Chore.RETIRE: 1}
    return {}


def _fitting(kernel: Kernel, run: Run) -> Workflow:
    return definition(kernel, run.workflow_id, run.id, known_as=run.fingerprint)


def _publish(kernel: Kernel, run_id: str, *keys: StageKey) -> dict[Chore, int]:
    """Send what waits; whatever is wrong with the sink keeps nobody from the other chores."""
    try:
        done = publish_run(kernel, run_id, keys)
    except Exception as error:  # noqa: BLE001 - the stage must be moved all the same
        report(kernel.ports, f"Events of run {run_id!r} cannot be sent just now.", error)
        return {}
    return {Chore.PUBLISH: done.sent, Chore.BURY: done.buried}
