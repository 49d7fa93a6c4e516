"""The collecting sink keeps its port's promises, and remembers."""

from collections.abc import Callable, Sequence

import pytest

from adapters.memory import MemoryEventSink
from tests.conformance.event_sink import RefusalContract, an_event


class TestMemoryEventSink(RefusalContract):
    @pytest.fixture
    def sink(self) -> MemoryEventSink:
        return MemoryEventSink()

    @pytest.fixture
    def arrived(self, sink: MemoryEventSink) -> Callable[[], Sequence[str]]:
        return lambda: [event.id for event in sink.events]


def test_it_remembers_what_came_in_which_order() -> None:
    sink = MemoryEventSink()

    sink.publish([an_event(2), an_event(1)])
    sink.publish([an_event(2)])

    assert list(sink.events) == [an_event(2), an_event(1), an_event(2)]
    assert list(sink.types) == ["stage:failed"] * 3
