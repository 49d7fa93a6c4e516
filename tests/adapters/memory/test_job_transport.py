"""The memory transport keeps its port's promises, and lets tests look inside."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import FrozenClock, MemoryJobTransport
from tests.conformance.job_transport import a_bell, names
from tests.conformance.job_transport_queues import NamedQueuesContract


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def transport(clock: FrozenClock) -> MemoryJobTransport:
    return MemoryJobTransport(clock=clock)


class TestMemoryJobTransport(NamedQueuesContract):
    @pytest.fixture
    def transport(self, clock: FrozenClock) -> MemoryJobTransport:
        return MemoryJobTransport(
            clock=clock,
            queues=["heavy"],
            visibility=self.visibility,
            max_receives=self.max_receives,
        )

    @pytest.fixture
    def let_pass(self, clock: FrozenClock) -> Callable[[timedelta], None]:
        return clock.advance

    @pytest.fixture
    def post(self, transport: MemoryJobTransport) -> Callable[[str], None]:
        return transport.post

    @pytest.fixture
    def dead(self, transport: MemoryJobTransport) -> Callable[[], Sequence[str]]:
        return lambda: transport.dead


def test_it_says_what_it_holds_hidden_or_not(transport: MemoryJobTransport) -> None:
    transport.send([a_bell("run-2")], delay=timedelta(minutes=1))
    transport.send([a_bell("run-1"), a_bell("run-3")])
    hidden, *_ = transport.receive()

    held = transport.pending()

    assert [bell.run_id for bell in held] == ["run-3", "run-2", hidden.bell.run_id]
    assert len(transport) == 3


def test_it_says_when_the_next_bell_can_be_received(
    transport: MemoryJobTransport, clock: FrozenClock
) -> None:
    before = transport.next_at
    transport.send([a_bell("run-2")], delay=timedelta(minutes=2))

    transport.send([a_bell("run-1")], delay=timedelta(minutes=1))

    assert before is None
    assert transport.next_at == clock.now() + timedelta(minutes=1)


def test_a_receipt_that_was_replaced_changes_nothing(
    transport: MemoryJobTransport, clock: FrozenClock
) -> None:
    transport.send([a_bell()])
    late, *_ = transport.receive()
    clock.advance(timedelta(minutes=15))
    transport.receive()

    transport.acknowledge(late)
    transport.give_back(late)

    assert len(transport) == 1
    assert list(transport.receive()) == []


def test_a_receipt_from_elsewhere_changes_nothing(transport: MemoryJobTransport) -> None:
    transport.send([a_bell()])
    delivery, *_ = transport.receive()

    transport.acknowledge(replace(delivery, receipt="from elsewhere"))

    assert len(transport) == 1


def test_changing_a_payload_after_sending_does_not_change_the_bell(
    transport: MemoryJobTransport,
) -> None:
    payload = {"input": 1}
    transport.send([replace(a_bell(), payload=payload)])

    payload["input"] = 2

    assert [delivery.bell.payload for delivery in transport.receive()] == [{"input": 1}]


def test_several_are_taken_at_once_urgent_ones_first(transport: MemoryJobTransport) -> None:
    transport.send([a_bell("run-1"), a_bell("run-2", urgent=True), a_bell("run-3")])

    deliveries = transport.receive(limit=2)

    assert [delivery.bell.run_id for delivery in deliveries] == ["run-2", "run-1"]
    assert names(transport.receive()) == ["run-3"]
