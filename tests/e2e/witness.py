"""A persistence that remembers what was committed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.model.change import Change, UpdateRun, UpdateStage
from kernel.model.status import Status
from kernel.ports.persistence import Persistence, Standing


@dataclass(kw_only=True)
class Witness:
    """Many threads may use it at once."""

    inner: Persistence
    committed: list[Change] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def commit(self, changes: Sequence[Change]) -> None:
        self.inner.commit(changes)
        self.committed.extend(changes)

    def update(self, change: UpdateStage) -> Standing:
        standing = self.inner.update(change)
        self.committed.append(change)
        return standing

    @property
    def completions(self) -> Counter[str]:
        """How often each stage was committed as COMPLETED."""
        return Counter(
            change.stage.id
            for change in self.committed
            if isinstance(change, UpdateStage)
            and "status" in change.writes
            and change.stage.status is Status.COMPLETED
        )

    @property
    def advances(self) -> Counter[int]:
        """How often a run was committed as being in each of its groups."""
        return Counter(
            change.run.cursor
            for change in self.committed
            if isinstance(change, UpdateRun) and "cursor" in change.writes
        )
