"""One port call that a process is about to make."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from kernel.ports.persistence import Due
from tests.simulation.chance import Chance
from tests.simulation.clocks import VirtualClock
from tests.simulation.process import Process


class Surroundings(Protocol):
    """Where calls are made.

    Attributes:
        indexes: What the index `due` said at earlier moments.
        poisoned: The events that nobody outside likes, by id, and until when.
    """

    clock: VirtualClock
    chance: Chance
    indexes: list[Sequence[Due]]
    poisoned: dict[str, datetime]
    steps: int


class Call:
    """*given*: its arguments by place; *named*: those by name."""

    def __init__(
        self,
        process: Process,
        name: str,
        target: Callable[..., Any],
        given: tuple[Any, ...],
        named: dict[str, Any],
    ) -> None:
        self.process = process
        self.name = name
        self.target = target
        self.given = given
        self.named = named

    def make(self) -> Any:
        return self.target(*self.given, **self.named)
