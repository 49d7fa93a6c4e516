"""What may befall a port call: one more line in the table is one more peril."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError

from kernel.errors import UnavailableError
from kernel.model.event import Event
from kernel.ports.executor import BodyTimeoutError
from tests.simulation.calls import Call, Surroundings
from tests.simulation.clocks import A_CENTURY
from tests.support.saboteurs import Crash

MANY_STEPS: Final = 90
A_MOMENT: Final = timedelta(milliseconds=300)
A_WHILE: Final = timedelta(seconds=20)
BEYOND_A_LEASE: Final = timedelta(minutes=6)
SPANS: Final = (A_MOMENT, A_WHILE, timedelta(minutes=1), BEYOND_A_LEASE, timedelta(minutes=20))
ILLNESSES: Final = (A_WHILE, BEYOND_A_LEASE, timedelta(hours=2), A_CENTURY, A_CENTURY)
DELAYS: Final = (A_MOMENT, timedelta(seconds=5), timedelta(seconds=70))


Deed: TypeAlias = Callable[[Call, Surroundings], Any]


@dataclass(frozen=True, kw_only=True)
class Peril:
    """Something that may go wrong.

    Args:
        rate: How probable it is at one port call, usually.
        befalls: How the names of the port calls begin that it befalls.
    """

    name: str
    rate: float
    befalls: tuple[str, ...] = ("",)
    deed: Deed


def _crash(call: Call, around: Surroundings) -> Any:
    raise Crash


def _crash_after(call: Call, around: Surroundings) -> Any:
    call.make()
    raise Crash


def _refuse(call: Call, around: Surroundings) -> Any:
    raise UnavailableError("It does not answer.")


def _keep_silent(call: Call, around: Surroundings) -> Any:
    call.make()
    raise UnavailableError("It did it and does not say so.")


def _conflict(call: Call, around: Surroundings) -> Any:
    """Refuse as DynamoDB does while another transaction is at the same item."""
    cause = VerboseClientError(
        {"Error": {"Code": "TransactionCanceledException"}},
        "TransactWriteItems",
        cancellation_reasons=[CancellationReason(code="TransactionConflict", message="busy")],
    )
    raise TransactWriteError("busy", cause)


def _stall(call: Call, around: Surroundings) -> Any:
    around.clock.sleep_in(call.process, around.chance.one_of(SPANS))
    return call.make()


def _stall_after(call: Call, around: Surroundings) -> Any:
    result = call.make()
    around.clock.sleep_in(call.process, around.chance.one_of(SPANS))
    return result


def _linger(call: Call, around: Surroundings) -> Any:
    """Let the others do much in little time."""
    call.process.goes_on_at = around.steps + around.chance.between(3, MANY_STEPS)
    call.process.park()
    return call.make()


def _linger_after(call: Call, around: Surroundings) -> Any:
    result = call.make()
    call.process.goes_on_at = around.steps + around.chance.between(3, MANY_STEPS)
    call.process.park()
    return result


def _oversleep(call: Call, around: Surroundings) -> Any:
    """Lose every lease at once, and come back while others work."""
    around.clock.pass_by(BEYOND_A_LEASE)
    return _linger(call, around)


def _jump(call: Call, around: Surroundings) -> Any:
    around.clock.pass_by(around.chance.one_of(SPANS))
    return call.make()


def _lose(call: Call, around: Surroundings) -> Any:
    return None


def _double(call: Call, around: Surroundings) -> Any:
    call.make()
    return call.make()


def _delay(call: Call, around: Surroundings) -> Any:
    late = call.named.get("delay", timedelta()) + around.chance.one_of(DELAYS)
    return call.target(*call.given, delay=late)


def _half(call: Call, around: Surroundings) -> Any:
    """Publish a leading part only."""
    events: Sequence[Event] = call.given[0]
    return call.target(events[: around.chance.below(len(events) + 1)])


def _poison(call: Call, around: Surroundings) -> Any:
    """Let one of the events be such as nobody outside takes, for a while or for good."""
    events: Sequence[Event] = call.given[0]
    if events:
        until = around.clock.moment + around.chance.one_of(ILLNESSES)
        around.poisoned[around.chance.one_of(events).id] = until
    return call.make()


def _stale(call: Call, around: Surroundings) -> Any:
    by, limit = call.named["by"], call.named["limit"]
    return [due for due in around.chance.one_of(around.indexes) if due.at <= by][:limit]


def _slow(call: Call, around: Surroundings) -> Any:
    around.clock.sleep_in(call.process, call.named["within"] * around.chance.draw())
    return call.make()


def _time_out(call: Call, around: Surroundings) -> Any:
    if around.chance.happens(0.5):
        call.make()
    around.clock.sleep_in(call.process, call.named["within"])
    raise BodyTimeoutError("The body took too long.")


# Not those of the item store: what it did is seen by all before its caller is told.
PORTS: Final = (
    *("persistence.", "blobs.", "transport.", "sink.", "scheduler.", "clock.", "executor."),
    "models.",
)
OUTSIDE: Final = ("persistence.", "blobs.", "transport.", "sink.", "scheduler.", "models.")
WRITES: Final = (
    *("persistence.commit", "persistence.update", "blobs.put", "transport.send"),
    *("transport.acknowledge", "sink.publish", "scheduler.ring_at", "models.complete"),
)

PERILS: Final = (
    Peril(name="crash", rate=0.004, deed=_crash),
    Peril(name="crash after", rate=0.004, befalls=PORTS, deed=_crash_after),
    Peril(name="refusal", rate=0.02, befalls=OUTSIDE, deed=_refuse),
    Peril(name="silence", rate=0.02, befalls=WRITES, deed=_keep_silent),
    Peril(name="conflict", rate=0.1, befalls=("items.write", "items.update"), deed=_conflict),
    Peril(name="stall", rate=0.004, deed=_stall),
    Peril(name="stall after", rate=0.004, befalls=PORTS, deed=_stall_after),
    Peril(name="linger", rate=0.01, deed=_linger),
    Peril(name="linger after", rate=0.01, befalls=PORTS, deed=_linger_after),
    Peril(name="oversleep", rate=0.004, deed=_oversleep),
    Peril(name="jump", rate=0.004, deed=_jump),
    Peril(name="loss", rate=0.1, befalls=("transport.send", "scheduler.ring_at"), deed=_lose),
    Peril(name="repeat", rate=0.1, befalls=("transport.send", "scheduler.ring_at"), deed=_double),
    Peril(name="delay", rate=0.1, befalls=("transport.send",), deed=_delay),
    Peril(name="half", rate=0.1, befalls=("sink.publish",), deed=_half),
    Peril(name="poison", rate=0.1, befalls=("sink.publish",), deed=_poison),
    Peril(name="stale", rate=0.2, befalls=("persistence.due",), deed=_stale),
    Peril(name="slow", rate=0.1, befalls=("executor.run",), deed=_slow),
    Peril(name="timeout", rate=0.05, befalls=("executor.run",), deed=_time_out),
)
