"""A way to break the engine on purpose, so that the simulation can show that it notices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from kernel.dispatch import Handler, Procedure, Table
from kernel.model.change import Change


@dataclass(frozen=True, kw_only=True)
class Tampering:
    """What is done to an engine; nothing, by default.

    Args:
        change: What becomes of a change before it is committed.
        handlers: Handlers put in place of those of the engine; *procedures* likewise.
        names: Names in modules that stand for something else while a schedule runs.
        items: What comes between persistence and the item store.
        rough: It shows only where everybody stalls, and wakes when others are at work.
    """

    change: Callable[[Change], Change] | None = None
    handlers: Mapping[type[Any], Handler] = field(default_factory=dict)
    procedures: Mapping[type[Any], Procedure] = field(default_factory=dict)
    names: tuple[tuple[ModuleType | type[Any], str, object], ...] = ()
    items: Callable[[Any], Any] = lambda store: store
    rough: bool = False

    def changed(self, changes: Sequence[Change]) -> Sequence[Change]:
        return changes if self.change is None else [self.change(each) for each in changes]

    def table(self, table: Table) -> Table:
        return replace(
            table,
            handlers={**table.handlers, **self.handlers},
            procedures={**table.procedures, **self.procedures},
        )

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let names stand for something else, and put them back."""
        before = [(where, name, getattr(where, name)) for where, name, _ in self.names]
        try:
            for where, name, other in self.names:
                setattr(where, name, other)
            yield
        finally:
            for where, name, was in before:
                setattr(where, name, was)


NOTHING = Tampering()
