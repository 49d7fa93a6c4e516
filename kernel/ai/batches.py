"""A provider's batch as a suspended stage: handed in once, read once, paid once.

Nothing of it is in the memory of a process. What was staged, handed in and read are records under
names that follow from run, stage, generation and round, so that every attempt and every poll goes
on where the last one came to.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from kernel.ai.batch_ground import BatchFolder, BatchGround
from kernel.ai.batch_handing import begun, hand_in, ticket
from kernel.ai.batch_reading import TOO_SMALL, Judge, answered, ended, read
from kernel.ai.batch_rounds import ask_directly, is_left, left, outcomes, results, settle
from kernel.ai.batch_staging import Staged, found, records_from, settle_on, staged
from kernel.authoring.batches import (
    A_BATCH_WAITS,
    AtDeadline,
    BatchItem,
    BatchProgress,
    BatchResults,
)
from kernel.authoring.verdict import Failed, NotReady, Suspend
from kernel.errors import InvalidInputError, ModelBusyError, ModelTimeoutError, NotFoundError
from kernel.ports.batch_model import BatchStanding, BatchState, BatchTicket

SOONEST: Final = timedelta(seconds=30)
LATEST: Final = timedelta(minutes=15)
AT_ONCE: Final = timedelta(seconds=1)
# How long a batch that was told to stop may take to do so.
STOPPING: Final = timedelta(minutes=15)
ASKING: Final = timedelta(days=1)


class JobBatch:
    """The batch of one model in one stage, as one attempt or one poll sees it."""

    def __init__(self, ground: BatchGround, model: str) -> None:
        self._ground = ground
        self._model = model

    def submit(
        self,
        items: Iterable[BatchItem],
        *,
        max_wait: timedelta = A_BATCH_WAITS,
        at_deadline: AtDeadline = "fail",
        rounds: int = 3,
    ) -> Suspend[BatchProgress]:
        if rounds < 1:
            problem = f"rounds is 1 or more, but it is {rounds}"
            raise InvalidInputError(f"A batch cannot be handed in: {problem}.", problems=[problem])
        key = self._ground.key_of(self._model)
        first = self._ground.folder(key, 1)
        what = _opened(first, self._model, records_from(first, self._model, items))
        progress = BatchProgress(
            model=self._model,
            key=key,
            requests=what.lines,
            begun_at=what.at,
            until=what.at + max_wait,
            rounds=rounds,
            at_deadline=at_deadline,
        )
        longest = max_wait + STOPPING + (ASKING if at_deadline == "direct" else timedelta())
        every = SOONEST if what.handed else AT_ONCE
        return Suspend(progress, poll_every=every, max_wait=longest)

    def check(
        self, state: BatchProgress, *, schema: Any = None
    ) -> NotReady | Failed | BatchResults[Any]:
        return _Check(self._ground, state, schema).found()


class _Check:
    """One look at a batch."""

    def __init__(self, ground: BatchGround, state: BatchProgress, schema: Any) -> None:
        self._ground = ground
        self._state = state
        self._schema = schema
        self._has_time = ground.timer()
        self._first = ground.folder(state.key, 1)

    def found(self) -> NotReady | Failed | BatchResults[Any]:
        folder, what = self._latest()
        judge = Judge(folder, what.model, self._schema, what.at)
        for number, chunk in enumerate(what.chunks):
            if answered(folder, number) is not None:
                continue
            if not self._has_time():
                return NotReady(AT_ONCE)
            if chunk.is_small:
                read(folder, what, number, judge, ending=TOO_SMALL)
                continue
            of = ticket(folder, what, number)
            standing = self._standing(of)
            if standing is not None and self._must_wait(of, standing):
                return NotReady(self._pause(what.at))
            read(folder, what, number, judge, ending=ended(of, standing))
        if what.handed:
            settle(folder, what)
        return self._after(folder, what, judge)

    def _latest(self) -> tuple[BatchFolder, Staged]:
        folder, what = self._first, found(self._first)
        if what is None:
            message = "The records of this batch are gone."
            raise NotFoundError(message, run_id=self._ground.run_id)
        while (later := found(folder.next)) is not None:
            folder, what = folder.next, later
        return folder, what

    def _after(
        self, folder: BatchFolder, what: Staged, judge: Judge
    ) -> NotReady | Failed | BatchResults[Any]:
        errors = [outcome["error"] for outcome in outcomes(folder, what) if is_left(outcome)]
        if not errors:
            return self._results()
        is_late = self._ground.past(self._state.until)
        if is_late and self._state.at_deadline == "fail":
            message = f"{len(errors)} of {self._state.requests} items had no answer in time."
            return Failed(message, code="BATCH_EXPIRED")
        least = self._ground.batches.limits(what.model).least_lines
        goes_on = folder.round < self._state.rounds
        if goes_on and not is_late and len(errors) >= least:
            _opened(folder.next, what.model, left(folder, what))
            return NotReady(SOONEST)
        is_small = any(error["code"] == "BATCH_TOO_SMALL" for error in errors)
        if is_late or goes_on or is_small:
            return self._directly(folder, what, judge)
        return self._results()

    def _directly(
        self, folder: BatchFolder, what: Staged, judge: Judge
    ) -> NotReady | BatchResults[Any]:
        try:
            is_done = ask_directly(folder, what, judge, self._has_time)
        except (ModelBusyError, ModelTimeoutError):
            return NotReady(SOONEST)
        return self._results() if is_done else NotReady(AT_ONCE)

    def _results(self) -> BatchResults[Any]:
        first, schema = self._first, self._schema
        return BatchResults(lambda: results(first, schema))

    def _standing(self, of: BatchTicket) -> BatchStanding | None:
        try:
            return self._ground.batches.standing(of)
        except NotFoundError:
            return None

    def _must_wait(self, of: BatchTicket, standing: BatchStanding) -> bool:
        """Whether it runs; one that is too late is told to stop, and given up if it does not."""
        if standing.state is not BatchState.RUNNING:
            return False
        if not self._ground.past(self._state.until):
            return True
        self._ground.batches.cancel(of)
        return not self._ground.past(self._state.until, by=STOPPING)

    def _pause(self, since: datetime) -> timedelta:
        """Ask early, then ever more rarely, and once more when the time is up."""
        now = self._ground.clock.now()
        pause = min(max((now - since) / 4, SOONEST), LATEST)
        until = self._state.until - now
        return min(pause, until) if until > AT_ONCE else SOONEST


def _opened(folder: BatchFolder, model: str, records: Iterable[dict[str, Any]]) -> Staged:
    """Stage a round, write it on the bill and hand it in, as far as none has done it before.

    The bill comes before the record that settles what is handed in: whoever has lost the stage is
    refused there.
    """
    what = found(folder) or staged(folder, model, records)
    if what.handed:
        begun(folder, what)
    if found(folder) is None:
        settle_on(folder, what)
    hand_in(folder, what)
    return what
