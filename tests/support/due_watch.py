"""Rule R1, told a second time: every commit leaves its records due no later than they must be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kernel.model.change import Change, CreateRun, CreateStage, UpdateRun, UpdateStage
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.support.world import World

# A look at a record may put it off; protocol step 19 and the marks are no part of R1.
LOOKED: Final = frozenset({"due_at", "unadvanced"})


@dataclass(kw_only=True)
class DueWatch:
    """Looks at every record right after it was written."""

    world: World
    problems: list[str] = field(default_factory=list)

    def __call__(self, changes: tuple[Change, ...]) -> None:
        self.problems += [problem for change in changes for problem in self._late(change)]

    def _late(self, change: Change) -> Iterator[str]:
        match change:
            case CreateRun(run=run) | UpdateRun(run=run):
                stored = self.world.persistence.run(run.id)
                yield from self._compared(change, run.id, stored.due_at, self._run(stored))
            case CreateStage(stage=stage) | UpdateStage(stage=stage):
                found = self.world.persistence.standing(stage.key)
                shared = found.run.due_at if found.run else None
                held = first(found.stage.due_at, shared)
                yield from self._compared(change, stage.id, held, self._stage(found.stage))
            case _:
                return

    def _compared(
        self, change: Change, id_: str, held: datetime | None, wanted: datetime | None
    ) -> Iterator[str]:
        looked = isinstance(change, UpdateRun | UpdateStage) and change.writes <= LOOKED
        if wanted is not None and not looked and (held is None or held > wanted):
            yield f"{id_} is due at {held}, but must be at {wanted}, after {change}"

    def _run(self, run: Run) -> datetime | None:
        now, grace = self.world.now, self.world.policy.grace
        starts = max(run.start_at or now, now) + grace
        return first(
            now + grace if run.outbox or run.closing else None,
            starts if run.status is Status.PENDING and not run.closing else None,
        )

    def _stage(self, stage: StageRecord) -> datetime | None:
        now, grace = self.world.now, self.world.policy.grace
        waits, lease = stage.suspension, stage.lease
        pending = max(stage.not_before or now, now) + grace
        return first(
            now + grace if stage.outbox or stage.unadvanced else None,
            pending if stage.status is Status.PENDING else None,
            lease.expires_at if lease else None,
            waits.lease.expires_at if waits and waits.lease else None,
            waits.next_poll_at if waits and not waits.lease else None,
            waits.deadline if waits else None,
        )


def first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
