"""Habits that the engine must not have: what else it might do, in the place of what it does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from adapters.dynamodb import patience
from adapters.dynamodb.items import STAGE
from adapters.dynamodb.keys import STAGES
from adapters.dynamodb.operations import THERE, Operation, Put, Update
from adapters.memory.persistence import MemoryPersistence
from kernel.commands import advance_run, mark_run, mark_stage, rerun_run
from kernel.commands.advance_run import AdvanceRun
from kernel.commands.close_run import CloseRun
from kernel.commands.fence_stage import FenceStage, FenceStageResult
from kernel.commands.fence_stage import handle as fence_stage
from kernel.commands.finish_closing import FinishClosing
from kernel.commands.mark_stage import MarkStage
from kernel.commands.renew_lease import RenewLease, RenewLeaseResult
from kernel.commands.renew_lease import handle as renew_lease
from kernel.commands.settle_stage import SettleStage
from kernel.decisions import outbox
from kernel.decisions.outbox import Sending, Sifted
from kernel.dispatch import Context, Kernel, Outcome
from kernel.model.change import Change, CreateStage
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.run import Closing, Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred
from kernel.ports.executor import BodyStoppedError, BodyTimeoutError
from kernel.procedures import attempt, cancel_run, execute_job, look, poll_stages, publish_events
from kernel.procedures.allowance import CutOffError
from kernel.procedures.attempt import Attempt
from kernel.procedures.cancel_run import CancelRun, CancelRunResult
from kernel.procedures.execute_job import ExecuteJobResult, JobOutcome
from kernel.procedures.job import Job
from kernel.procedures.renewal import Renewal
from kernel.procedures.stage_context import JobContext
from kernel.procedures.verdicts import of_stop
from tests.simulation.tampering import Tampering


class LaxItems:
    """A store that makes stages over those that are there."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, operations: Sequence[Operation]) -> None:
        self._inner.write([_lax(operation) for operation in operations])


def _lax(operation: Operation) -> Operation:
    match operation:
        case Put() if operation.key.sk.startswith(STAGES):
            return replace(operation, requires=())
        case Update() if (STAGE,) in operation.sets:
            made = {(STAGE, "id"), (STAGE, "ge")}
            kept = (c for c in operation.requires if not {check.path for check in c} & made)
            return replace(operation, requires=(THERE, *kept))
        case _:
            return operation


_strict_check = vars(MemoryPersistence)["_check"]


def _lax_check(store: MemoryPersistence, change: Change) -> None:
    if not isinstance(change, CreateStage):
        _strict_check(store, change)


def _cancel_listed_first(command: CancelRun, kernel: Kernel) -> CancelRunResult:
    listed = kernel.ports.persistence.snapshot(command.run_id).stages
    closing = Closing(target=Status.CANCELLED, reason=command.reason)
    closed = kernel.dispatch(CloseRun(run_id=command.run_id, closing=closing))
    if closed.generation is not None:
        for stage in listed:
            if not stage.status.is_terminal:
                kernel.dispatch(FenceStage(seen=stage))
        kernel.dispatch(FinishClosing(run_id=command.run_id, generation=closed.generation))
    status = kernel.ports.persistence.run(command.run_id).status
    return CancelRunResult(cancelled=status is Status.CANCELLED, status=status)


def _cancel_once(command: CancelRun, kernel: Kernel) -> CancelRunResult:
    if kernel.ports.persistence.run(command.run_id).closing is not None:
        return CancelRunResult(cancelled=True, status=Status.CANCELLED)
    return cancel_run.cancel_run(command, kernel)


def _finish_everything(kernel: Kernel, run_id: str, generation: int) -> None:
    for stage in kernel.ports.persistence.snapshot(run_id).stages:
        if not stage.status.is_terminal:
            kernel.dispatch(FenceStage(seen=stage))
    kernel.dispatch(FinishClosing(run_id=run_id, generation=generation))


def _fence_once(command: FenceStage, context: Context) -> Outcome[FenceStageResult]:
    if context.is_first_try:
        return fence_stage(command, context)
    return Outcome(result=FenceStageResult(fenced=False))


def _rerun_anyhow(run: Run, *, group: int, fingerprint: str, at: Any) -> Run:
    return replace(
        run,
        status=Status.RUNNING,
        generation=run.generation + 1,
        cursor=group,
        fingerprint=fingerprint,
        started_at=at,
        completed_at=None,
        closing=None,
        error=None,
    )


def _settled_after_reading(job: Job, made: Attempt) -> ExecuteJobResult:
    stage = job.stage
    siblings = list(job.kernel.ports.persistence.group(stage.run_id, stage.group))
    others = [each for each in siblings if each.id != stage.id]
    settle = SettleStage(
        seen=job.standing, token=job.token, verdict=made.verdict, config=made.config
    )
    settled = job.kernel.dispatch(settle).stage
    if settled is not None and settled.status.is_terminal and not settled.solo:
        seen = job.kernel.ports.persistence.standing(settled.key)
        if all(each.status.is_terminal for each in others):
            job.kernel.dispatch(AdvanceRun(run_id=stage.run_id))
        job.kernel.dispatch(MarkStage(seen=seen, advanced=True))
    return ExecuteJobResult(outcome=JobOutcome.COMPLETED)


_patient_finished = vars(advance_run)["_finished"]


def _finished_in_haste(context: Context, run: Run) -> list[StageRecord] | None:
    made = context.ports.persistence.group(run.id, run.cursor)
    stages = [stage for stage in made if stage.generation == run.generation]
    if any(stage.status is Status.FAILED for stage in stages):
        return stages
    finished: list[StageRecord] | None = _patient_finished(context, run)
    return finished


def _nothing(*_given: object) -> Iterator[Any]:
    return iter(())


def _of_generation_zero(change: Change) -> Change:
    if isinstance(change, CreateStage):
        return replace(change, stage=replace(change.stage, generation=0))
    return change


def _own_outboxes_only(kernel: Kernel, head: Any, keys: Sequence[Any]) -> Iterator[StageRecord]:
    yield from (
        stage for key in keys if (stage := kernel.ports.persistence.standing(key).stage).outbox
    )


_sifted = outbox.sifted


def _sifted_to_nothing(
    context: Context, events: tuple[Event, ...], sending: Sending | None
) -> Sifted:
    return replace(_sifted(context, events, sending), letters=())


def _given_up_at_once(event: Event, _context: Context, sending: Sending) -> bool:
    return event.id == sending.refused


def _held_anyhow(command: RenewLease, context: Context) -> Outcome[RenewLeaseResult]:
    if context.is_first_try:
        return renew_lease(command, context)
    return Outcome(result=RenewLeaseResult(held=True))


_beat = Renewal.beat


def _beat_on(renewal: Renewal) -> bool:
    _beat(renewal)
    return True


def _carried_out_anyhow(job: Job, context: JobContext, code: Callable[[], Any]) -> Any:
    within, executor = context.remaining(), job.kernel.ports.executor
    try:
        return executor.run(code, of=job.attempt_key, within=within, pulse=job.pulse)
    except BodyTimeoutError as error:
        raise CutOffError(job.allowance.exceeded()) from error


def _of_costly_stop(error: BodyStoppedError) -> Erred:
    return replace(of_stop(error), stumbled=False)


def _stopped_for_good() -> Erred:
    return Erred(failure=Failure.of("WORKER_STOPPED", "The check was stopped."))


STAGES_MADE_TWICE: Final = Tampering(
    items=LaxItems, names=((MemoryPersistence, "_check", _lax_check),)
)
ENDLESS_ATTEMPTS: Final = Tampering(
    names=((StageRecord, "has_attempts_left", property(lambda _stage: True)),)
)
LISTS_FIRST: Final = Tampering(procedures={CancelRun: _cancel_listed_first})
SECOND_CANCEL_EARLY: Final = Tampering(procedures={CancelRun: _cancel_once})
LISTS_EVERYTHING: Final = Tampering(
    names=((cancel_run, "finish", _finish_everything), (look, "finish", _finish_everything))
)
FENCES_ONCE: Final = Tampering(handlers={FenceStage: _fence_once})
RERUNS_ANYTHING: Final = Tampering(names=((Run, "rerun", _rerun_anyhow),))
DROPS_OUTBOX: Final = Tampering(names=((rerun_run, "_unsent", _nothing),))
GENERATION_ZERO: Final = replace(STAGES_MADE_TWICE, change=_of_generation_zero)
ALWAYS_HELD: Final = Tampering(handlers={RenewLease: _held_anyhow})
BEATS_ON: Final = Tampering(names=((Renewal, "beat", _beat_on),))
HALF_DONE_COUNTS: Final = Tampering(names=((attempt, "carried_out", _carried_out_anyhow),))
STOPS_COST: Final = Tampering(names=((attempt, "of_stop", _of_costly_stop),))
STOPPED_CHECK_FAILS: Final = Tampering(names=((poll_stages, "GivenBack", _stopped_for_good),))
END_FIRST: Final = Tampering(names=((publish_events, "_stages", _own_outboxes_only),))
NO_LETTERS: Final = Tampering(
    names=((mark_run, "sifted", _sifted_to_nothing), (mark_stage, "sifted", _sifted_to_nothing))
)
IMPATIENT: Final = Tampering(names=((outbox, "_is_given_up", _given_up_at_once),))
CONFLICT_IS_LOSS: Final = Tampering(
    names=((patience, "_REFUSED", vars(patience)["_REFUSED"] | {"TransactionConflict"}),)
)
READS_FIRST: Final = Tampering(names=((execute_job, "_settled", _settled_after_reading),))
FAILS_FAST: Final = Tampering(names=((advance_run, "_finished", _finished_in_haste),))
