"""What a writer may do, as a table: when it makes sense, what it needs, what it commits.

To try another operation, write what it commits in `moving.py` or `upkeep.py`, and add it here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from hypothesis import strategies as some

from kernel.model.change import Change, Condition, UpdateRun, UpdateStage, equals, one_of
from kernel.model.stage import StageRecord
from kernel.model.status import UNFINISHED, Status
from kernel.ports.persistence import Snapshot
from tests.stateful import draws, moving, upkeep
from tests.stateful.reading import Reading, stages_now

# What is done something to: a stage, or the run where there is none.
Target: TypeAlias = StageRecord | None
Touch: TypeAlias = tuple[Sequence[Condition], str | None]


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that may be done.

    Args:
        targets: Yields what of a run it may be done to.
        write: Takes the reading, the target if that is a stage, and the value if there is one.
        value: What it needs besides.
        weight: How much more often than others it is done.
    """

    name: str
    targets: Callable[[Snapshot], Iterable[Target]]
    write: Callable[..., Sequence[Change]]
    value: some.SearchStrategy[Any] | None = None
    weight: int = 1

    def changes(self, reading: Reading, target: Target, value: Any) -> Sequence[Change]:
        stage = [reading.stage(target.key)] if target else []
        return self.write(reading, *stage, *([] if self.value is None else [value]))


def any_run(view: Snapshot) -> Iterable[Target]:
    return [None]


def new_run(view: Snapshot) -> Iterable[Target]:
    is_new = view.run.status is Status.PENDING and view.run.closing is None
    return [None] if is_new else []


def unclosed_run(view: Snapshot) -> Iterable[Target]:
    is_over = view.run.status.is_terminal
    return [None] if view.run.closing is None and not is_over else []


def run_with_group_done(view: Snapshot) -> Iterable[Target]:
    siblings = [stage for stage in _present(view) if not stage.solo]
    is_done = bool(siblings) and all(stage.status.is_terminal for stage in siblings)
    return [None] if is_done and view.run.is_open else []


def fenced_run(view: Snapshot) -> Iterable[Target]:
    is_fenced = all(stage.status.is_terminal for stage in view.stages)
    return [None] if is_fenced and view.run.closing is not None else []


def finished_run(view: Snapshot) -> Iterable[Target]:
    return [None] if view.run.status.is_terminal and view.run.cursor else []


def siblings(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in view.stages if not stage.solo]


def unfinished(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in _present(view) if not stage.status.is_terminal]


def pending(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in _present(view) if stage.status is Status.PENDING]


def running(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in _present(view) if stage.status is Status.RUNNING]


def suspended(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in _present(view) if stage.status is Status.SUSPENDED]


def polled(view: Snapshot) -> Iterable[Target]:
    return [stage for stage in _present(view) if stage.suspension and stage.suspension.lease]


def held(view: Snapshot) -> Iterable[Target]:
    """Return the stages that somebody has a lease on; who knows of a closing settles nothing."""
    return [*running(view), *polled(view)] if view.run.is_open else []


def unfenced(view: Snapshot) -> Iterable[Target]:
    return unfinished(view) if view.run.closing is not None else []


def touch_run(reading: Reading, touch: Touch) -> Sequence[Change]:
    """Write nothing that says when the run is due: the writer may know little of it."""
    conditions, tenant = touch
    run = replace(reading.run, tenant=tenant)
    writes = frozenset({"tenant"})
    return [UpdateRun(run=run, writes=writes, requires=tuple(conditions))]


def touch_stage(reading: Reading, stage: StageRecord, touch: Touch) -> Sequence[Change]:
    """The same; but a stage that was alone and is settled is nobody's to change."""
    conditions, digest = touch
    change = UpdateStage(
        stage=replace(stage, digest=digest),
        writes=frozenset({"digest"}),
        requires=(
            one_of("status", UNFINISHED),
            equals("generation", stage.generation),
            *conditions,
        ),
    )
    return [change]


def _present(view: Snapshot) -> Sequence[StageRecord]:
    """Return the stages of the group that a run is in, while it is there."""
    return stages_now(view) if view.run.status is Status.RUNNING else []


_STATES: Final = some.none() | draws.PAYLOADS

ACTS: Final[Sequence[Act]] = [
    Act(name="start", targets=new_run, write=moving.start, weight=8),
    Act(name="claim", targets=pending, write=moving.claim, weight=8),
    Act(name="report", targets=held, write=moving.report, value=draws.TEXTS),
    Act(name="retry", targets=held, write=moving.retry, value=draws.FAILURES),
    Act(name="reap", targets=running, write=moving.reap, value=draws.FAILURES),
    Act(name="suspend", targets=running, write=moving.suspend, value=_STATES),
    Act(name="claim poll", targets=suspended, write=moving.claim_poll, weight=2),
    Act(name="wait on", targets=polled, write=moving.wait_on, value=_STATES),
    Act(name="settle", targets=held, write=moving.settle, value=draws.ENDINGS, weight=6),
    Act(
        name="settle and claim",
        targets=held,
        write=moving.settle_and_claim,
        value=draws.RESULTS,
    ),
    Act(name="transition", targets=run_with_group_done, write=moving.transition, weight=8),
    Act(name="close", targets=unclosed_run, write=upkeep.close, value=draws.CLOSINGS),
    Act(name="fence", targets=unfenced, write=upkeep.fence, weight=2),
    Act(name="finish", targets=fenced_run, write=upkeep.finish, weight=2),
    Act(name="keep past", targets=finished_run, write=upkeep.keep_past, value=draws.RERUNS),
    Act(name="rerun", targets=finished_run, write=upkeep.rerun, value=draws.RERUNS, weight=2),
    Act(name="publish", targets=any_run, write=upkeep.publish),
    Act(name="publish a sibling", targets=siblings, write=upkeep.publish),
    Act(name="put off", targets=any_run, write=upkeep.put_off),
    Act(name="put off a sibling", targets=siblings, write=upkeep.put_off),
    Act(name="touch run", targets=any_run, write=touch_run, value=draws.TOUCHES_OF_A_RUN),
    Act(name="touch stage", targets=unfinished, write=touch_stage, value=draws.TOUCHES_OF_A_STAGE),
]
