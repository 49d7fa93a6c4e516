"""A process ends before or after any single call that a batch makes; the next one goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.memory.batch_model import echo
from kernel.authoring import NotReady
from kernel.authoring.batches import BatchProgress
from kernel.model.call import CallState
from kernel.model.failure import Failure
from tests.kernel.ai.batching import AN_HOUR, Place, Turns, told

BUSY = Failure.of("MODEL_BUSY", "Too much to do.", retryable=True)
MOST_CALLS = 300


class CrashError(BaseException):
    """The process has ended."""


@dataclass
class Doom:
    """Ends the process at its call of that number, *before* it is made or after."""

    at: int
    before: bool
    made: int = 0

    def through(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*given: Any, **named: Any) -> Any:
            self.made += 1
            is_here = self.made == self.at
            if is_here and self.before:
                raise CrashError
            result = call(*given, **named)
            if is_here:
                raise CrashError
            return result

        return made


class Doomed:
    """A port whose calls may be the last of their process."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner = inner
        self._doom = doom

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._doom.through(found) if callable(found) else found


def committed(move: Callable[[], Any]) -> Any:
    """Make *move* again until no process ends in it: only then is what it says committed."""
    for _ in range(3):
        try:
            return move()
        except CrashError:
            continue
    raise AssertionError("It never ends.")


def looked(place: Place, state: BatchProgress) -> NotReady | dict[str, Any]:
    """Do what a check does: ask, and read the results when they are there."""
    found = place.batch.check(state)
    return found if isinstance(found, NotReady) else told(found)


def lived_through(place: Place, doom: Doom) -> dict[str, Any]:
    inner = place.provider, place.ledger, place.blobs
    place.provider, place.ledger, place.blobs = (Doomed(port, doom) for port in inner)  # type: ignore[assignment]
    state: BatchProgress = committed(lambda: place.submit("a", "b", "c"))
    for _ in range(60):
        found: NotReady | dict[str, Any] = committed(lambda: looked(place, state))
        if not isinstance(found, NotReady):
            place.provider, place.ledger, place.blobs = inner
            return found
        place.clock.sleep(found.check_in or AN_HOUR)
    raise AssertionError("It never ends.")


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(1, MOST_CALLS))
def test_each_item_is_handed_in_once_a_round_and_billed_once(at: int, before: bool) -> None:  # noqa: FBT001 - pytest gives it
    place = Place(script={"answer": Turns(b=[BUSY, "at last"])})

    found = lived_through(place, Doom(at=at, before=before))

    sent = [[echo(line.request) for line in batch.lines] for batch in place.provider.handed_in]
    costs = [call.cost for call in place.ledger.calls]
    assert found == {"a": "a", "b": "at last", "c": "c"}
    assert sent == [["a", "b", "c"], ["b"]]
    assert costs == [10_000_000, 5_000_000]
    assert place.ledger.settled == 2
    assert all(call.state is CallState.SETTLED for call in place.ledger.calls)


def test_there_are_fewer_calls_than_are_tried() -> None:
    doom = Doom(at=0, before=True)
    place = Place(script={"answer": Turns(b=[BUSY, "at last"])})

    lived_through(place, doom)

    assert 20 < doom.made < MOST_CALLS
