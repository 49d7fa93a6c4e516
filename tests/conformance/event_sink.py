"""What every event sink promises."""

from collections.abc import Callable, Sequence
from dataclasses import replace
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

        answer = sink.publish([event])

        assert (list(answer.accepted), answer.refusal) == ([event], None)
        assert list(arrived()) == ["event-01"]

    def test_many_are_accepted_in_their_order(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        events = [an_event(nth) for nth in range(25)]

        answer = sink.publish(events)

        assert (list(answer.accepted), answer.refusal) == (events, None)
        assert sorted(arrived()) == [event.id for event in events]

    def test_telling_nothing_is_fine(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        answer = sink.publish([])

        assert (list(answer.accepted), answer.refusal) == ([], None)
        assert list(arrived()) == []


class RefusalContract(EventSinkContract):
    """What a sink promises that looks at what it is given; an event without a type is wrong."""

    def test_an_event_that_is_wrong_is_refused_and_the_reason_is_given(
        self, sink: EventSink, arrived: Callable[[], Sequence[str]]
    ) -> None:
        answer = sink.publish([replace(an_event(1), type="")])

        assert list(answer.accepted) == []
        assert answer.refusal
        assert list(arrived()) == []

    def test_what_stands_before_a_refused_event_is_accepted(self, sink: EventSink) -> None:
        events = [an_event(nth) for nth in range(15)]

        answer = sink.publish([*events, replace(an_event(20), type=""), an_event(21)])

        assert list(answer.accepted) == events
        assert answer.refusal
