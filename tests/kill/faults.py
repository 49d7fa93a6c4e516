"""What must hold of every run when the killing is over, and what of it does not."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kernel.dispatch import Kernel
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.payloads import output
from tests.kill.flows import DOOMED_ATTEMPTS
from tests.kill.ledger import lines
from tests.kill.roles import standing_of

# What comes out at the end, by workflow and by the number that was put in.
_ENDS: Final[Mapping[str, Callable[[int], int]]] = {
    "line": lambda n: n + 6,
    "fork": lambda n: 3 * (n + 1) + 60,
    "batch": lambda n: n + 104,
    "flaky": lambda n: n + 1_002,
}
_STATUSES: Final[Mapping[str, Status]] = {
    **dict.fromkeys(_ENDS, Status.COMPLETED),
    "doomed": Status.FAILED,
    "endless": Status.CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Looks at one run.

    Args:
        order: How it was ordered.
        last: Its stages.
        past: Those that were replaced when it was rerun.
        bodies: Who began an attempt of it.
        events: Of it, each once.
    """

    kernel: Kernel
    order: Mapping[str, Any]
    run: Run
    last: Sequence[StageRecord]
    past: Sequence[StageRecord]
    bodies: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]

    def faults(self) -> Iterator[str]:
        found = [*self._of_run(), *self._of_bodies(), *self._of_events()]
        for stage in (*self.past, *self.last):
            found += self._of_stage(stage)
        if found:
            yield f"{self.order}: {'; '.join(found)}"

    def _of_run(self) -> Iterator[str]:
        status, flow = self.run.status, self.order["flow"]
        if status is not _STATUSES[flow]:
            yield f"it is {status}, because of {self.run.error}"
        elif flow in _ENDS:
            value = self._put_out(self.last[-1])["value"]
            if value != _ENDS[flow](self.order["nth"]):
                yield f"it came to {value}"

    def _of_bodies(self) -> Iterator[str]:
        begun = Counter(
            (each["stage"], each["generation"], each["attempt"]) for each in self.bodies
        )
        yield from (f"{place} was begun {n} times" for place, n in begun.items() if n > 1)
        doomed = Counter(generation for stage, generation, _ in begun if stage == "doom")
        if any(attempts > DOOMED_ATTEMPTS for attempts in doomed.values()):
            yield f"what fails was tried too often: {doomed}"

    def _of_events(self) -> Iterator[str]:
        ends = (f"workflow:{self.run.status.lower()}", "workflow:started")
        wanted = {(type_, n): 1 for type_ in ends for n in range(self.run.generation + 1)}
        wanted["workflow:created", 0] = 1
        mine = [each for each in self.events if each["stage_id"] is None]
        told = Counter((each["type"], each["generation"]) for each in mine)
        if told != wanted:
            yield f"it was told of as {dict(told)}"

    def _of_stage(self, stage: StageRecord) -> Iterator[str]:
        place = (stage.id, stage.generation)
        mine = [each for each in self.events if (each["stage_id"], each["generation"]) == place]
        started = sorted(each["attempt"] for each in mine if each["type"] == "stage:started")
        if started != [*range(1, stage.attempt + 1)]:
            yield f"of {stage.attempt} attempts of {stage.id}, {started} were told of"
        completed = [each["attempt"] for each in mine if each["type"] == "stage:completed"]
        if completed != ([stage.attempt] if stage.status is Status.COMPLETED else []):
            yield f"{stage.id}, {stage.status} at {stage.attempt}, committed at {completed}"
        if stage.status is Status.COMPLETED:
            yield from self._of_marks(stage)

    def _of_marks(self, stage: StageRecord) -> Iterator[str]:
        """Yield where an output is not that of its attempt, or not of the outputs before it."""
        before = [mark for one in self._before(stage) for mark in self._put_out(one)["marks"]]
        attempt = (stage.id, stage.generation, stage.attempt)
        own = [
            each["mark"]
            for each in self.bodies
            if (each["stage"], each["generation"], each["attempt"]) == attempt
        ]
        if self._put_out(stage)["marks"] != [*before, *own]:
            yield f"the output of {stage.id} is not that of its attempt {stage.attempt}"

    def _before(self, stage: StageRecord) -> Sequence[StageRecord]:
        """Return the stages of the group before it, as they were when it was made."""
        older = (one for one in (*self.past, *self.last) if one.generation <= stage.generation)
        group = [one for one in older if one.group == stage.group - 1]
        newest = max((one.generation for one in group), default=0)
        return sorted(
            (one for one in group if one.generation == newest), key=lambda one: one.ordinal
        )

    def _put_out(self, stage: StageRecord) -> Any:
        return output(self.kernel.ports.blobs, stage) or {"value": None, "marks": []}


def found(kernel: Kernel, events_of: Callable[[str], Sequence[Any]]) -> list[str]:
    """Return what is wrong with any of the runs that were ordered."""
    orders, bodies = lines("orders"), lines("bodies")
    faults = [*_of_orders(orders), *_of_cancels(kernel)]
    for order in orders:
        run_id = order["run"]
        snapshot = kernel.ports.persistence.snapshot(run_id)
        judge = Judge(
            kernel=kernel,
            order=order,
            run=snapshot.run,
            last=snapshot.stages,
            past=kernel.ports.persistence.past(run_id),
            bodies=[each for each in bodies if each["run"] == run_id],
            events=events_of(run_id),
        )
        faults += judge.faults()
    return faults


def _of_orders(orders: Sequence[Any]) -> Iterator[str]:
    if len({each["run"] for each in orders}) != len(orders):
        yield "two orders got the same run"
    if [each["nth"] for each in orders] != [*range(len(lines("begun")))]:
        yield "not every order that was begun was carried out once"


def _of_cancels(kernel: Kernel) -> Iterator[str]:
    for cancel in lines("cancels"):
        standing = standing_of(kernel, cancel["run"])
        if standing != cancel["left"]:
            yield f"{cancel['run']} changed after its cancel, {cancel['left']} to {standing}"
