"""When two stores say the same: all that the port leaves to them is taken out here, and only here.

- A stage that is alone in its group may be kept with its run. So their version and `due_at` are
  shared or not, and nobody compares them across stores; whether they move as they must is seen
  in each store by itself (`faults.py`).
- Its events wait with it or with its run. So their outboxes are compared as one, unordered. A
  rerun moves the events of a stage to its run: it may find them there, or tell them once more.
- A condition on what is shared may then hold in one store and fail in another, where only one of
  the two records was written in between: `undecided`.
- Stages that were not made when their group was made last, or behind the present group, are left
  over from older generations and count for nothing: a store may have forgotten them.
- The index may go on nominating a run that is over and has told everything: a fenced stage that
  is kept by itself stays due after its run's end.
- A group is yielded in any order.

And what nobody can see, as the engine never writes so: a stage that
settles and leaves its run's item forgets a digest that was written since its writer read it (the
engine writes none then), and one that takes the place of siblings, by another definition, is not
yielded with its group.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain, takewhile
from typing import Any, Final, TypeAlias

from kernel.model.change import Change, UpdateRun, UpdateStage
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Due, Persistence, Snapshot
from tests.stateful.reading import stages_now

_PART: Final = 200
_BEFORE: Final = 40

_SETTLED: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.SKIPPED})
SHARED: Final = frozenset({"version", "due_at"})

# What one store says, by what was asked. Equal texts are equal values of equal types.
Saying: TypeAlias = Mapping[str, str]


def outline(store: Persistence, run_id: str, view: Snapshot | None) -> Saying:
    """Return what *store* says of a run with *view*, and with little more."""
    said = _in_short(store, view) if view else iter([("run", None)])
    return {name: repr(answer) for name, answer in said}


def particulars(store: Persistence, run_id: str, view: Snapshot | None) -> Saying:
    """Ask *store* everything else about a run of which it gave *view*."""
    said = _at_length(store, view) if view else iter(())
    return {name: repr(answer) for name, answer in [*said, *_beside(store, run_id)]}


def differences(sayings: Mapping[str, Saying]) -> list[str]:
    """Return what not all of them say alike, from where they part; one line for each answer."""
    names = dict.fromkeys(name for each in sayings.values() for name in each)
    return [
        f"{name}, {store}: {said.get(name, '')[start:][:_PART]}"
        for name in names
        for start in [_parting(each.get(name, "") for each in sayings.values())]
        if start is not None
        for store, said in sayings.items()
    ]


def undecided(wishes: Iterable[tuple[Mapping[str, Snapshot], Sequence[Change]]]) -> bool:
    """Whether conditions on what is shared hold in one store's views and not in another's."""
    verdicts = {all(_holds(change, views) for change in changes) for views, changes in wishes}
    return len(verdicts) > 1


def waiting(view: Snapshot, told: AbstractSet[str]) -> list[str]:
    """Return the events of the run and of what may share its item, but for those once *told*."""
    solos = (stage for stage in _visible(view) if stage.solo)
    events = chain(view.run.outbox, *(stage.outbox for stage in solos))
    return sorted({repr(event) for event in events} - told)


def cleared(view: Snapshot, changes: Iterable[Change]) -> Iterator[str]:
    """Yield the events that *changes* take out of the outboxes in *view*."""
    for change in changes:
        record = record_of(change, view)
        if record is not None and isinstance(change, UpdateRun | UpdateStage) and change.clears:
            yield from map(repr, record.outbox)


def nominated(due: Iterable[Due], views: Iterable[Snapshot], told: AbstractSet[str]) -> list[str]:
    """Return which of the runs that want something are nominated."""
    wanting = {
        view.run.id for view in views if not view.run.status.is_terminal or waiting(view, told)
    }
    return sorted(wanting & {each.run_id for each in due})


def bare(record: Run | StageRecord | None) -> Run | StageRecord | None:
    """Return *record* without what a stage and its run may share."""
    if record is None or (isinstance(record, StageRecord) and not record.solo):
        return record
    kept = replace(record, version=0, due_at=None, outbox=())
    if isinstance(kept, StageRecord) and kept.status in _SETTLED:
        return replace(kept, digest=None)
    return kept


def _parting(texts: Iterable[str]) -> int | None:
    """Return about where *texts* part, or None where they are equal."""
    together = [*texts]
    if len({*together}) == 1:
        return None
    alike = takewhile(lambda letters: len({*letters}) == 1, zip(*together, strict=False))
    return max(sum(1 for _ in alike) - _BEFORE, 0)


def _in_short(store: Persistence, view: Snapshot) -> Iterator[tuple[str, Any]]:
    head = store.head(view.run.id)
    yield "run", bare(view.run)
    yield "run in the head", head.run == view.run
    yield "active stage", bare(head.active)
    yield "stages", [bare(stage) for stage in _visible(view)]


def _at_length(store: Persistence, view: Snapshot) -> Iterator[tuple[str, Any]]:
    run = view.run
    yield "run by itself", store.run(run.id) == run
    yield "input and config", store.intake(run.id)
    for group in range(1, run.cursor + 1):
        if group == run.cursor and _is_hidden(view):
            continue
        found = [stage for stage in store.group(run.id, group) if _counts(stage, view)]
        yield f"group {group}", [bare(each) for each in sorted(found, key=_ordinal)]
    for stage in _visible(view):
        for solo in (True, False):
            standing = store.standing(replace(stage.key, solo=solo))
            # Who is mistaken about the group may be given a run or none.
            beside = standing.run if solo == stage.solo else None
            yield f"stage {stage.id}, solo {solo}", (bare(standing.stage), bare(beside))


def _ordinal(stage: StageRecord) -> tuple[int, str]:
    return stage.ordinal, stage.id


def _is_hidden(view: Snapshot) -> bool:
    """Whether a stage that is alone follows siblings that another definition had in its place."""
    is_alone = any(stage.solo for stage in stages_now(view))
    return is_alone and any(
        stage.group == view.run.cursor and not stage.solo for stage in view.stages
    )


def _beside(store: Persistence, run_id: str) -> Iterator[tuple[str, Any]]:
    """Yield what may be there without a run."""
    yield "annotations", list(store.annotations(run_id))
    yield "past", [bare(stage) for stage in store.past(run_id)]


def _visible(view: Snapshot) -> Sequence[StageRecord]:
    return [stage for stage in view.stages if _counts(stage, view)]


def _counts(stage: StageRecord, view: Snapshot) -> bool:
    """Whether it was made when its group was made last, and the run has come to that group."""
    if stage.group >= view.run.cursor:
        return stage in stages_now(view)
    made = (each.generation for each in view.stages if each.group == stage.group)
    return stage.generation == max(made)


def _holds(change: Change, views: Mapping[str, Snapshot]) -> bool:
    """Whether the conditions on what is shared hold."""
    if not isinstance(change, UpdateRun | UpdateStage):
        return True
    found = (record_of(change, view) for view in views.values())
    record = next((each for each in found if each is not None), None)
    if record is None or (isinstance(record, StageRecord) and not record.solo):
        return True
    shared = (condition for condition in change.requires if condition.field in SHARED)
    return all(condition.holds(record) for condition in shared)


def record_of(change: Change, view: Snapshot) -> Run | StageRecord | None:
    """Return the record that *change* updates, as it is in *view*."""
    match change:
        case UpdateRun(run=run) if run.id == view.run.id:
            return view.run
        case UpdateStage(stage=stage) if stage.run_id == view.run.id:
            return next((each for each in view.stages if each.key == stage.key), None)
        case _:
            return None
