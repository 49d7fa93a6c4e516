"""Running code in a process of its own, so that whatever it does befalls that process only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from kernel.model.policy import Policy
from kernel.ports.executor import AttemptKey, Pulse


class BodyLostError(Exception):
    """The process of the body is gone before it was done; the message says how it ended."""


class Engine(Protocol):
    """What the other process gets the like of: the kernel, as far as this port needs to know."""

    @property
    def ports(self) -> Any:
        """What calls from over there are carried out on."""
        ...

    @property
    def policy(self) -> Policy:
        """The figures to go by."""
        ...


@dataclass(frozen=True, kw_only=True)
class Confines:
    """What a process may have.

    Args:
        of: Whose attempt it is.
        within: How long it may take, its start included.
        memory_limit: How many MiB it may take beyond what it has when it begins.
    """

    of: AttemptKey
    within: timedelta
    memory_limit: int | None = None


EngineT = TypeVar("EngineT", bound=Engine)
TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class Sandbox(Protocol):
    """Runs a procedure of the engine where it can do no harm."""

    def run(
        self,
        procedure: Callable[[EngineT, TaskT], ResultT],
        task: TaskT,
        *,
        kernel: EngineT,
        confines: Confines,
        pulse: Pulse | None = None,
    ) -> ResultT:
        """Return what *procedure* returns for a kernel like *kernel* and a copy of *task*.

        Procedure, task and result can be pickled, the procedure by its name in its module. The
        ports over there reach the same store. What is left of the process when this returns is
        ended, with whatever it has started.

        Args:
            pulse: Beats in this process. What is not wanted any more is stopped as what is late
                is: it is asked to, and then ended.

        Raises:
            BodyTimeoutError: It did not end within the time.
            BodyStoppedError: It was stopped before.
            BodyLostError: Its process is gone.
            Exception: Whatever the procedure raised, or its likeness where that cannot be sent.
        """
        ...
