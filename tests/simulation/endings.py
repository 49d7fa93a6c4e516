"""What must hold when all is quiet: one more line in the table is one more promise."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias

from kernel.events import TERMINAL_TYPES
from kernel.model.event import Event
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.simulation.billing import (
    every_answer_is_on_the_bill_once,
    nothing_is_left_of_a_deleted_bill,
)
from tests.simulation.bodies import turn
from tests.simulation.docket import Docket
from tests.simulation.setting import Setting

Ending: TypeAlias = Callable[[Docket, Setting], Iterator[str]]

# What may end a stage although its code had more to say.
LOST: Final = frozenset(
    {
        *("WORKER_LOST", "POLL_LOST", "STAGE_TIMEOUT", "HOST_DEADLINE"),
        *("SUSPENSION_TIMEOUT", "UNAVAILABLE", "WORKER_STOPPED", "BUDGET_EXCEEDED"),
        "MODEL_TIMEOUT",
    }
)
FIRST_TYPES: Final = ("workflow:created", "workflow:started")


def one_run_was_made(docket: Docket, setting: Setting) -> Iterator[str]:
    if len(docket.runs) > 1 or (docket.is_defined and not docket.runs):
        yield f"one key made the runs {[*docket.runs]}"


def every_run_is_over(docket: Docket, setting: Setting) -> Iterator[str]:
    for run in docket.runs.values():
        if not run.status.is_terminal or run.closing is not None:
            yield f"all is quiet and the run is {run.status}, closing {run.closing}"


def every_stage_is_over(docket: Docket, setting: Setting) -> Iterator[str]:
    for stage in docket.stages.values():
        if not stage.status.is_terminal:
            yield f"all is quiet and {stage.id} is {stage.status}"
        if stage.run_id in docket.deleted:
            continue
        if stage.unadvanced or stage.outbox:
            yield f"all is quiet and {stage.id} has {len(stage.outbox)} events, unadvanced"


def nothing_is_left_to_publish(docket: Docket, setting: Setting) -> Iterator[str]:
    for run in docket.runs.values():
        if run.outbox:
            yield f"all is quiet and the run has {[event.type for event in run.outbox]}"


def every_event_arrived(docket: Docket, setting: Setting) -> Iterator[str]:
    """Or it is a dead letter, with its reason."""
    letters = {(each.at, each.event.id) for each in docket.store.dead_letters() if each.reason}
    dead = {event_id for _, event_id in letters}
    for event_id in docket.promised:
        if event_id not in docket.heard and event_id not in dead:
            yield f"{event_id} was committed and never arrived"
    if letters != docket.letters:
        yield f"the dead letters are {letters}; {docket.letters} were given up on"
    for event_id in docket.heard:
        if event_id not in docket.promised:
            yield f"{event_id} arrived and was never committed"


def events_arrived_in_order(docket: Docket, setting: Setting) -> Iterator[str]:
    """A run's start first, its end last, and each stage's own in their order.

    What was ever given up on may arrive at any time.
    """
    heard = [event for id_, event in docket.heard.items() if id_ not in docket.given_up]
    for first, then in (pair for own in _by_record(heard) for pair in pairwise(own)):
        if first.sequence >= then.sequence:
            yield f"{then.id} ({then.sequence}) arrived after {first.id} ({first.sequence})"
    types = [event.type for event in heard if event.generation == 0]
    first_types = [type_ for type_ in FIRST_TYPES if type_ in types]
    if types[: len(first_types)] != first_types:
        yield f"the first events to arrive were {types[:3]}"
    for first, then in pairwise(heard):
        if then.generation < first.generation:
            yield f"{then.id} arrived after {first.id}, of a later generation"
        if first.type in TERMINAL_TYPES and then.generation == first.generation:
            yield f"{then.id} arrived after its run's end"


def runs_end_as_their_stages_demand(docket: Docket, setting: Setting) -> Iterator[str]:
    for run in docket.runs.values():
        stages = [s for nth in range(run.cursor) for s in docket.group(run, nth + 1)]
        match run.status:
            case Status.CANCELLED if run.id not in docket.asked_to_cancel:
                yield "the run is CANCELLED and nobody asked for it"
            case Status.COMPLETED:
                yield from _completed(run, stages, setting)
            case Status.FAILED:
                yield from _failed(docket, run, stages)


def a_cancel_that_returned_holds(docket: Docket, setting: Setting) -> Iterator[str]:
    for run_id, generation in docket.cancelled.items():
        run = docket.runs[run_id]
        if run.generation == generation and run.status is not Status.CANCELLED:
            yield f"a cancel returned, and the run is {run.status}"


def each_key_reran_once(docket: Docket, setting: Setting) -> Iterator[str]:
    for run in docket.runs.values():
        if run.id not in docket.deleted and run.generation > len(docket.reruns):
            yield f"{len(docket.reruns)} keys made {run.generation} reruns"


def history_is_kept(docket: Docket, setting: Setting) -> Iterator[str]:
    """What was replaced can be read as it was."""
    for run_id in docket.runs.keys() - docket.deleted:
        kept = {(s.id, s.generation): s for s in docket.store.past(run_id)}
        for stage in docket.replaced:
            past = kept.get((stage.id, stage.generation))
            if past is None or _essence(past) != _essence(stage):
                yield f"{stage.id} of generation {stage.generation} was kept as {past}"


def what_is_deleted_is_gone(docket: Docket, setting: Setting) -> Iterator[str]:
    for run in docket.runs.values():
        if run.retired_at is not None and run.id not in docket.deleted:
            yield "all is quiet and the run is deleted in part"
    for run_id in docket.deleted:
        store = docket.store
        if store.past(run_id) or store.annotations(run_id) or [*store.group(run_id, 1)]:
            yield f"{run_id} was deleted, and not all of it is gone"


def stages_end_as_their_turns_demand(docket: Docket, setting: Setting) -> Iterator[str]:
    for stage in docket.stages.values():
        turns = setting.turns.get(stage.id)
        if isinstance(turns, dict):
            yield from _as_told(stage, turns)


def stops_use_up_no_attempts(docket: Docket, setting: Setting) -> Iterator[str]:
    for stage in docket.stages.values():
        stopped = stage.error is not None and stage.error.code == "WORKER_STOPPED"
        if stopped and stage.status is Status.FAILED and stage.stumbles < docket.policy.stumbles:
            yield f"{stage.id} failed at attempt {stage.attempt}, since its worker was stopped"


ENDINGS: Final[tuple[Ending, ...]] = (
    one_run_was_made,
    every_run_is_over,
    every_stage_is_over,
    nothing_is_left_to_publish,
    every_event_arrived,
    events_arrived_in_order,
    runs_end_as_their_stages_demand,
    a_cancel_that_returned_holds,
    each_key_reran_once,
    history_is_kept,
    what_is_deleted_is_gone,
    stages_end_as_their_turns_demand,
    stops_use_up_no_attempts,
    every_answer_is_on_the_bill_once,
    nothing_is_left_of_a_deleted_bill,
)


def _essence(stage: StageRecord) -> tuple[object, ...]:
    return (stage.status, stage.attempt, stage.result, stage.error, stage.completed_at)


def _by_record(heard: list[Event]) -> list[list[Event]]:
    records: dict[str | None, list[Event]] = {}
    for event in heard:
        records.setdefault(event.stage_id, []).append(event)
    return [*records.values()]


def _completed(run: Run, stages: list[StageRecord], setting: Setting) -> Iterator[str]:
    lengths = {len(setting.flow.workflow.groups), len(setting.flow.next.groups)}
    if run.cursor not in lengths:
        yield f"the run is COMPLETED in group {run.cursor}"
    for stage in stages:
        if stage.status not in {Status.COMPLETED, Status.SKIPPED}:
            yield f"the run is COMPLETED and {stage.id} is {stage.status}"


def _failed(docket: Docket, run: Run, stages: list[StageRecord]) -> Iterator[str]:
    error = run.error
    if error is not None and error.code == "DEFINITION_CHANGED":
        if docket.is_defined and not _rolled_out_for_long(docket, run):
            yield "the run failed for a definition that was there all the time"
        return
    failed = [stage for stage in stages if stage.status is Status.FAILED]
    first = min(failed, key=lambda stage: stage.ordinal, default=None)
    if first is None:
        yield f"the run is FAILED and its stages are {[stage.status for stage in stages]}"
    elif error is None or first.error is None or error.code != first.error.code:
        yield f"the run failed with {error}, its first failed stage with {first.error}"


def _rolled_out_for_long(docket: Docket, run: Run) -> bool:
    """Whether older processes were still at work when a run had waited for its whole grace."""
    if docket.deployed_at is None or run.completed_at is None:
        return False
    return run.completed_at >= docket.deployed_at + docket.policy.definition_grace - docket.skew


def _as_told(stage: StageRecord, turns: dict[str, Any]) -> Iterator[str]:
    said = turn(turns["turns"], max(stage.attempt, 1) + stage.generation)
    wanted = turns.get("wanted", True)
    if (stage.status is Status.SKIPPED) and wanted:
        yield f"{stage.id} was skipped and is wanted"
    could_complete = wanted and said in {"done", "long", "wait"}
    if stage.status is Status.COMPLETED and not could_complete:
        yield f"{stage.id} is COMPLETED; it was told {said!r} (wanted: {wanted})"
    if stage.status is Status.FAILED:
        yield from _why_failed(stage, said, turns)


def _why_failed(stage: StageRecord, said: str, turns: dict[str, Any]) -> Iterator[str]:
    code = stage.error.code if stage.error else "none"
    told = {said.partition(":")[0]}
    if said == "wait":
        told |= {poll.partition(":")[0] for poll in turns["polls"]}
    expected = {word for word in told for code_ in CODES.get(word, ()) if code_ == code}
    if not expected and code not in LOST:
        yield f"{stage.id} failed with {code}; it was told {sorted(told)}"
    if stage.error and stage.error.retryable and stage.attempt < stage.max_attempts:
        yield f"{stage.id} failed at attempt {stage.attempt} of {stage.max_attempts} with {code}"


CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "raise": ("STAGE_ERROR",),
    "fatal": ("FATAL",),
    "after": ("RETRY_AFTER",),
    "stumble": ("UNAVAILABLE",),
    "failed": ("STAGE_FAILED",),
    "called off": ("CALLED_OFF",),
    "again": ("STAGE_FAILED",),
}
