"""The bill of one attempt, or of one poll: each line is committed as it happens."""

from itertools import count
from typing import Final

from kernel.ai.ledger import Draft
from kernel.commands.begin_call import BeginCall
from kernel.commands.record_call import RecordCall
from kernel.commands.settle_call import SettleCall
from kernel.effects import report
from kernel.errors import ConflictError, UnavailableError
from kernel.model.call import ModelCall, Tally
from kernel.procedures.job import Job

_UNSETTLED: Final = "A call of a model was made, and could not be written down as ended."


class JobLedger:
    """Writes down what the code of *job* spends. Threads never give two calls one number."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._numbers = count()

    def begin(self, draft: Draft) -> ModelCall:
        job = self._job
        command = BeginCall(
            call=self.drafted(draft),
            key=job.stage.key,
            token=job.token,
            is_poll=job.poll_no > 0,
            is_priced=draft.reserve is not None,
            is_named=draft.id is not None,
        )
        return job.kernel.dispatch(command).call

    def drafted(self, draft: Draft) -> ModelCall:
        job, stage = self._job, self._job.stage
        return ModelCall(
            id=draft.id or f"{stage.job_id}:{job.poll_no:04}:{next(self._numbers):04}",
            run_id=stage.run_id,
            workflow_id=stage.workflow_id,
            stage_id=stage.id,
            generation=stage.generation,
            attempt=stage.attempt,
            topic=draft.topic,
            model=draft.model,
            kind=draft.kind,
            begun_at=job.kernel.ports.clock.now(),
            requests=draft.requests,
            reserved=draft.reserve or 0,
            prompt=draft.prompt,
        )

    def settle(self, call: ModelCall) -> None:
        """Keep trouble with the store from the body: it has its answer, and that was paid for.

        The call stays begun then, and what it may have cost stays held back.
        """
        try:
            self._job.kernel.dispatch(SettleCall(call=call))
        except (ConflictError, UnavailableError) as error:
            report(self._job.kernel.ports, _UNSETTLED, error)

    def record(self, call: ModelCall) -> None:
        self._job.kernel.dispatch(RecordCall(call=call))

    def tally(self, prefix: str = "") -> Tally:
        calls = self._job.kernel.ports.persistence.calls(self._job.stage.run_id)
        return sum((call.tally for call in calls if call.is_under(prefix)), start=Tally())
