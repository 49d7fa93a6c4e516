"""What every event sink promises."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from kernel.model.event import Event
from kernel.ports.event_sink import EventSink

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def an_event(nth: int = 1) -> Event:
    return Event(
        id=f"event-{nth:02}",
        type="stage:failed",
        at=NOON + timedelta(milliseconds=nth),
        run_id="run-1",
        workflow_id="reports",
        generation=0,
        sequence=f"{nth:04}",
        stage_id="split",
        attempt=2,
        detail={"error": {"message": "Größe"}, "will_retry": True},
    )


class EventSinkContract:
    @pytest.fixture
    def sink(self) -> EventSink:
        raise NotImplementedError

    @pytest.fixture
    def arrived(self) -> Callable[[], Sequence[str]]:
        """Return what lists the ids of the events that arrived, in any order."""
        raise NotImplementedError

    def test_an_event_is_accepted_and_arrives(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        event = an_event()

        accepted = sink.publish([event])

        assert list(accepted) == [event]
        assert list(arrived()) == ["event-01"]

    def test_many_are_accepted_in_their_order(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        events = [an_event(nth) for nth in range(25)]

        accepted = sink.publish(events)

        assert list(accepted) == events
        assert sorted(arrived()) == [event.id for event in events]

    def test_telling_nothing_is_fine(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        accepted = sink.publish([])

        assert list(accepted) == []
        assert list(arrived()) == []
