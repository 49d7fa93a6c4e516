"""Changes made of a record before and after, with `due_at` kept by the rule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kernel.decisions.due import earliest, looked_after, run_due, stage_due
from kernel.dispatch import Context
from kernel.model.annotation import Annotation
from kernel.model.bell import Bell
from kernel.model.change import (
    AddAnnotation,
    Change,
    Condition,
    RequireRun,
    Test,
    UpdateRun,
    UpdateStage,
    absent,
    differences,
    equals,
)
from kernel.model.event import Event
from kernel.model.run import Run
from kernel.model.stage import StageRecord

# A stage may report until it is over, behind the back of whoever read it; nothing of that stays.
_REPORTED: Final = frozenset({"progress"})


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Part of an outcome: some changes, and the bells to ring when they are committed."""

    changes: tuple[Change, ...] = ()
    bells: tuple[Bell, ...] = ()

    @property
    def stage(self) -> StageRecord | None:
        """The first stage that it updates: the one that was settled."""
        updated = (change.stage for change in self.changes if isinstance(change, UpdateStage))
        return next(updated, None)


def write_run(
    context: Context,
    old: Run,
    new: Run,
    requires: tuple[Condition, ...],
    *events: Event,
    sends: bool = False,
) -> UpdateRun:
    """Return the change from *old* to *new*; the run's `due_at` moves only if it must.

    *sends*: its stage, which may share its outbox, has events in the same commit.
    """
    kept = context.kept(*events)
    has_events = bool(old.outbox or kept or sends)
    due = run_due(new, now=context.now, policy=context.policy, has_events=has_events)
    if looked_after(old.due_at, due, policy=context.policy):
        requires, due = (*requires, _no_later(due)), old.due_at
    new = replace(new, due_at=due)
    return UpdateRun(run=new, writes=differences(old, new), requires=requires, events=kept)


def write_stage(
    context: Context,
    old: StageRecord,
    new: StageRecord,
    requires: tuple[Condition, ...],
    *events: Event,
    run: Run | None = None,
    latest: datetime | None = None,
) -> UpdateStage:
    """Return the change from *old* to *new*.

    Args:
        run: The stage's run where it is alone.
        latest: When it is due at the latest, whatever the rule says.
    """
    kept = context.kept(*events)
    has_events = bool(old.outbox or kept)
    own = stage_due(new, now=context.now, policy=context.policy, has_events=has_events)
    due = earliest(own, due_of(context, run), latest)
    if looked_after(old.due_at, due, policy=context.policy):
        requires, due = (*requires, _no_later(due)), old.due_at
    new = replace(new, due_at=due)
    writes = differences(old, new)
    if new.status.is_terminal:
        writes |= _REPORTED
    return UpdateStage(stage=new, writes=writes, requires=requires, events=kept)


def due_of(context: Context, run: Run | None) -> datetime | None:
    """Return when *run*, if it is known, is due by itself."""
    if run is None:
        return None
    has_events = bool(run.outbox)
    return run_due(run, now=context.now, policy=context.policy, has_events=has_events)


def still_open(run: Run | None) -> Iterator[RequireRun]:
    """Yield what puts off a stage alone only while its run is not closing.

    The two may share one `due_at`, and a stage that is put off must not put off its run's end.
    """
    if run is not None:
        requires = (absent("closing"), equals("generation", run.generation))
        yield RequireRun(run_id=run.id, requires=requires)


def _no_later(due: datetime | None) -> Condition:
    """Require that the instant which is left alone has not been pushed back or taken away."""
    return Condition(field="due_at", test=Test.BY, value=due)


def pinned(annotations: Iterable[Annotation]) -> Iterator[AddAnnotation]:
    """Yield the changes that pin what a body said, in the commit that settles it."""
    return (AddAnnotation(annotation=row) for row in annotations)
