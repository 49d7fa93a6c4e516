"""A command goes in; its handler decides; the decision is committed once; then effects follow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, cast

from kernel.effects import report, ring
from kernel.errors import ConditionFailedError, ConflictError
from kernel.model.bell import Bell
from kernel.model.change import Change, UpdateRun, UpdateStage
from kernel.model.event import Event
from kernel.model.policy import Policy
from kernel.model.stage import StageKey
from kernel.ports.bundle import Ports
from kernel.ports.persistence import Standing

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Command(Generic[R_co]):
    """Something the engine can be asked. Its type parameter is what comes back."""

    name: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a handler decides with. *tries* counts this command's lost commits, from 0."""

    ports: Ports
    policy: Policy
    now: datetime
    tries: int = 0

    @property
    def is_first_try(self) -> bool:
        """Whether what the command brought along is still good enough to decide on."""
        return self.tries == 0

    def kept(self, *events: Event) -> tuple[Event, ...]:
        """Return those that are published; a type that is not published is not stored."""
        return tuple(event for event in events if self.policy.publishes(event.type))


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[R]):
    """A decision: what to write, what to ring, what to answer.

    Args:
        reply: Makes the answer of the record as written, where only the write can tell it. The
            decision is then a single `UpdateStage`.
    """

    result: R | None = None
    changes: tuple[Change, ...] = ()
    bells: tuple[Bell, ...] = ()
    reply: Callable[[Standing], R] | None = None


Handler: TypeAlias = Callable[[Any, Context], Outcome[Any]]
Procedure: TypeAlias = Callable[[Any, "Kernel"], Any]
Publish: TypeAlias = Callable[["Kernel", str, tuple[StageKey, ...]], object]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Which command goes where, and how committed events are sent."""

    handlers: Mapping[type[Any], Handler]
    procedures: Mapping[type[Any], Procedure]
    publish: Publish


class Kernel:
    """Dispatches commands over ports. Keeps nothing between two of them."""

    def __init__(self, ports: Ports, policy: Policy, table: Table) -> None:
        self.ports = ports
        self.policy = policy
        self._table = table

    def dispatch(self, command: Command[R]) -> R:
        """Carry out *command*.

        Raises:
            RejectedError: It is wrong, and nothing was written.
            ConflictError: Others kept getting there first; nothing was written.
            UnavailableError: A dependency did not answer. Dispatch it again.
        """
        procedure = self._table.procedures.get(type(command))
        if procedure is not None:
            return cast("R", procedure(command, self))
        return self._decided(command, self._table.handlers[type(command)])

    def _decided(self, command: Command[R], handle: Handler) -> R:
        for tries in range(self.policy.conflict_tries):
            now = self.ports.clock.now()
            context = Context(ports=self.ports, policy=self.policy, now=now, tries=tries)
            outcome = handle(command, context)
            try:
                result = self._committed(outcome)
            except ConditionFailedError:
                self._pause(tries)
            else:
                self._effects(outcome)
                return cast("R", result)
        message = f"{command.name} lost {self.policy.conflict_tries} commits in a row to others."
        raise ConflictError(message, command=command.name)

    def _committed(self, outcome: Outcome[R]) -> R | None:
        match outcome:
            case Outcome(changes=()):
                return outcome.result
            case Outcome(reply=reply, changes=(UpdateStage() as change,)) if reply is not None:
                return reply(self.ports.persistence.update(change))
        self.ports.persistence.commit(outcome.changes)
        return outcome.result

    def _effects(self, outcome: Outcome[Any]) -> None:
        self.ports.meter.committed(outcome.changes)
        ring(self.ports, outcome.bells)
        for run_id, stages in _with_events(outcome.changes).items():
            try:
                self._table.publish(self, run_id, stages)
            except Exception as error:  # noqa: BLE001 - the commit has happened, whatever this is
                report(self.ports, "Events are not sent yet; the tick will send them.", error)

    def _pause(self, tries: int) -> None:
        longest = self.policy.conflict_pause * 2**tries
        self.ports.clock.sleep(longest * self.ports.entropy.jitter())


def _with_events(changes: tuple[Change, ...]) -> dict[str, tuple[StageKey, ...]]:
    """Return the runs, and their stages, whose outbox the commit added to."""
    found: dict[str, tuple[StageKey, ...]] = {}
    for run_id, key in _outboxes(changes):
        found[run_id] = (*found.get(run_id, ()), *key)
    return found


def _outboxes(changes: tuple[Change, ...]) -> Iterator[tuple[str, tuple[StageKey, ...]]]:
    for change in changes:
        match change:
            # With a clear, its events are what is left of an outbox that was just sent.
            case UpdateRun(run=run, events=events, clears=False) if events:
                yield run.id, ()
            case UpdateStage(stage=stage, events=events, clears=False) if events:
                yield stage.run_id, (stage.key,)
