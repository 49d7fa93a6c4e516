"""What every way in does with a bell and with a tick; nothing survives the call."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final

from functions.outcomes import JobResult, MaintenanceResult, ProcessedJobs
from kernel.dispatch import Kernel
from kernel.effects import ring
from kernel.errors import (
    DefinitionChangedError,
    EngineError,
    IdempotencyInProgressError,
    RejectedError,
)
from kernel.model.bell import Bell, BellKind
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.moment import to_text
from kernel.model.stage import Poll
from kernel.ports.job_transport import Delivery
from kernel.ports.logbook import Level, LogEntry
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.definition import definition
from kernel.procedures.execute_job import ExecuteJob, JobOutcome
from kernel.procedures.job import located
from kernel.procedures.move import Chore
from kernel.procedures.poll_stages import PollStages
from kernel.procedures.tick import Tick

# A delivery that failed comes again after the first of these, and then each time later.
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300))
# So often a bell is left to a process of another version, before it is left to the tick.
LEFT_TO_OTHERS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a delivery. *again_in*: it is to come again; None: it is done with."""

    outcome: JobOutcome
    again_in: timedelta | None = None


class ServerlessHost:
    """Answers one bell, some bells, or one tick.

    There is no threshold for stale leases: each carries its own end, with a margin in it
    (`Policy.lease_margin`), and waiting beyond that would only put off recovery.

    Args:
        worker_id: Who this is, in the log.
        max_claims_per_tick: How many runs one tick may start; the others likewise. None: as many
            as there is time for. What is capped waits for a later tick.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        worker_id: str = "serverless",
        max_claims_per_tick: int | None = None,
        max_suspended_checks_per_tick: int | None = None,
        max_outbox_flush_per_tick: int | None = None,
    ) -> None:
        self._kernel = kernel
        self._worker_id = worker_id
        caps = {
            Chore.START: max_claims_per_tick,
            Chore.POLL: max_suspended_checks_per_tick,
            Chore.PUBLISH: max_outbox_flush_per_tick,
        }
        self._caps = {chore: cap for chore, cap in caps.items() if cap is not None}

    @property
    def tainted(self) -> bool:
        """Whether a body that could not be stopped may still be running in this process."""
        return self._kernel.ports.executor.tainted

    def handle_job(
        self,
        message: Bell,
        time_left: timedelta | None = None,
        lease: timedelta | None = None,
    ) -> JobResult:
        """Answer a bell. When this returns, the bell can be put away, whatever became of it.

        Args:
            time_left: What the process has for it; None where nobody will stop it.
            lease: How long a lease is taken for, and renewed while a body runs; None where it is
                taken once, for all the time that the body may take.

        Raises:
            ConflictError: Others kept getting there first. Let the bell come again.
            UnavailableError: A dependency did not answer. Let the bell come again.
        """
        try:
            result = self._answered(message, time_left, lease)
        except (RejectedError, IdempotencyInProgressError) as error:
            # It would be refused again. What is due by then is rung anew by the tick.
            result = JobResult.discarded(error)
        if result.again_at is not None:
            ring(self._kernel.ports, [replace(message, not_before=result.again_at)])
        self._note(message, result)
        return result

    def process_available_jobs(self, max_jobs: int = 1) -> ProcessedJobs:
        """Take and answer up to *max_jobs* bells, one after the other.

        Raises:
            UnavailableError: The queue did not answer.
        """
        done = ProcessedJobs()
        for _ in range(max_jobs):
            deliveries = self._kernel.ports.transport.receive(limit=1)
            if not deliveries:
                break
            answer = self.answer(deliveries[0])
            self.put_away(deliveries[0], answer)
            done = done.counting(answer.outcome)
        return done

    def answer(self, delivery: Delivery, *, lease: timedelta | None = None) -> Answer:
        """Answer a bell that was taken from a queue; what to do with it then is in the answer.

        A bell for what this process knows otherwise, or not at all, is left to one of another
        version.
        """
        try:
            result = self.handle_job(delivery.bell, lease=lease)
        except Exception as error:  # noqa: BLE001 - one bell's trouble is not that of the others
            reason = error.message if isinstance(error, EngineError) else repr(error)
            return self._given_back(delivery, JobOutcome.FAILED, reason)
        why = result.error
        if why and why.code == DefinitionChangedError.code and delivery.count <= LEFT_TO_OTHERS:
            return self._given_back(delivery, result.outcome, why.message)
        return Answer(outcome=result.outcome)

    def put_away(self, delivery: Delivery, answer: Answer) -> None:
        """Take the bell out of its queue, or let it come again.

        Raises:
            UnavailableError: The queue did not answer; the bell comes again by itself.
        """
        if answer.again_in is None:
            self._kernel.ports.transport.acknowledge(delivery)
        else:
            self._kernel.ports.transport.give_back(delivery, delay=answer.again_in)

    def run_maintenance_tick(self, time_left: timedelta | None = None) -> MaintenanceResult:
        """Do what is due, within *time_left*.

        Raises:
            UnavailableError: The store is out of reach; the next tick will do it.
        """
        until = None if time_left is None else self._kernel.ports.clock.now() + time_left
        done = self._kernel.dispatch(Tick(until=until, caps=self._caps))
        return MaintenanceResult(**asdict(done))

    def _answered(
        self, bell: Bell, time_left: timedelta | None, lease: timedelta | None
    ) -> JobResult:
        if time_left is not None and time_left < self._kernel.policy.least_time:
            # A process that has more gets it at once; given back, it would come in an hour.
            now = self._kernel.ports.clock.now()
            return JobResult(outcome=JobOutcome.DISCARDED, again_at=now)
        match bell.kind:
            case BellKind.START:
                return self._started(bell)
            case BellKind.EXECUTE:
                command = ExecuteJob(bell=bell, time_left=time_left, lease=lease)
                return JobResult.of_attempt(self._kernel.dispatch(command))
            case BellKind.POLL:
                return self._polled(bell, time_left)

    def _started(self, bell: Bell) -> JobResult:
        result = self._kernel.dispatch(ClaimPending(run_ids=(bell.run_id,)))
        if bell.run_id in result.claimed:
            return JobResult(outcome=JobOutcome.COMPLETED)
        reason = result.failed.get(bell.run_id)
        error = None if reason is None else Failure.of("NOT_STARTED", reason)
        return JobResult(outcome=JobOutcome.DISCARDED, error=error)

    def _polled(self, bell: Bell, time_left: timedelta | None) -> JobResult:
        workflow = definition(
            self._kernel, bell.workflow_id, bell.run_id, known_as=bell.fingerprint
        )
        _, key = located(workflow, bell)
        fits = workflow.fingerprint
        poll = Poll(workflow_id=workflow.id, key=key, number=bell.attempt, fingerprint=fits)
        result = self._kernel.dispatch(PollStages(polls=(poll,), time_left=time_left))
        if result.left:
            return JobResult.of_poll(result.left[0])
        return JobResult(outcome=JobOutcome.DISCARDED, again_at=result.again_at)

    def _given_back(self, delivery: Delivery, outcome: JobOutcome, reason: str) -> Answer:
        self._write(Level.ERROR, "bell given back", delivery.bell, error=reason)
        return Answer(
            outcome=outcome, again_in=PAUSES[min(max(delivery.count, 1), len(PAUSES)) - 1]
        )

    def _note(self, bell: Bell, result: JobResult) -> None:
        fields: dict[str, Json] = {"outcome": result.outcome.value}
        if result.error is not None:
            fields |= {"code": result.error.code, "error": result.error.message}
            fields |= {"will_retry": result.will_retry}
        if result.again_at is not None:
            fields |= {"again_at": to_text(result.again_at)}
        level = Level.WARNING if result.is_worrying else Level.INFO
        self._write(level, "bell answered", bell, **fields)

    def _write(self, level: Level, message: str, bell: Bell, **fields: Json) -> None:
        told = {"worker_id": self._worker_id, **_told(bell), **fields}
        self._kernel.ports.logbook.write(LogEntry(level=level, message=message, fields=told))


def _told(bell: Bell) -> Mapping[str, Json]:
    return {
        "bell": bell.kind.value,
        "run_id": bell.run_id,
        "workflow_id": bell.workflow_id,
        "stage_id": bell.stage_id,
        "generation": bell.generation,
        "attempt": bell.attempt,
    }
