"""What every job transport promises."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from kernel.errors import NotFoundError
from kernel.model.bell import Bell, BellKind
from kernel.ports.job_transport import Delivery, JobTransport

MOMENT = timedelta(seconds=1)
NEVER_LONG = timedelta(seconds=5)


def a_bell(name: str = "run-1", *, urgent: bool = False) -> Bell:
    return Bell(
        kind=BellKind.EXECUTE,
        run_id=name,
        workflow_id="reports",
        stage_id="split",
        group=1,
        generation=2,
        attempt=3,
        max_attempts=4,
        payload={"input": {"url": "https://example.org/ü"}, "config": {"deep": [1, 2.5, None]}},
        not_before=datetime(2026, 11, 22, 12, 0, 0, 7_000, tzinfo=UTC),
        urgent=urgent,
        tenant="acme",
    )


def received(transport: JobTransport, *, limit: int = 10) -> Iterator[Delivery]:
    """Yield deliveries until the queue is empty. Each stays hidden."""
    while deliveries := transport.receive(limit=limit):
        yield from deliveries


def names(deliveries: Sequence[Delivery] | Iterator[Delivery]) -> list[str]:
    return sorted(delivery.bell.run_id for delivery in deliveries)


class JobTransportContract:
    visibility = timedelta(seconds=30)
    max_receives = 2

    @pytest.fixture
    def transport(self) -> JobTransport:
        """Return one with the visibility and the receives above, and nothing in it.

        There is one named queue beside the other two: `heavy`.
        """
        raise NotImplementedError

    @pytest.fixture
    def let_pass(self) -> Callable[[timedelta], None]:
        raise NotImplementedError

    @pytest.fixture
    def post(self) -> Callable[[str], None]:
        """Return what puts any text into the queue."""
        raise NotImplementedError

    @pytest.fixture
    def dead(self) -> Callable[[], Sequence[str]]:
        """Return what lists the texts of the dead letters."""
        raise NotImplementedError

    def test_a_bell_arrives_whole(self, transport: JobTransport) -> None:
        transport.send([a_bell()])

        deliveries = transport.receive()

        assert [delivery.bell for delivery in deliveries] == [a_bell()]
        assert [delivery.count for delivery in deliveries] == [1]

    def test_an_empty_queue_says_so(self, transport: JobTransport) -> None:
        deliveries = transport.receive(limit=10)

        assert list(deliveries) == []

    def test_sending_nothing_sends_nothing(self, transport: JobTransport) -> None:
        transport.send([])

        deliveries = transport.receive()

        assert list(deliveries) == []

    def test_an_errand_may_be_larger_than_a_request(self, transport: JobTransport) -> None:
        bells = [a_bell(f"run-{nth:02}", urgent=nth % 3 == 0) for nth in range(35)]

        transport.send(bells)

        assert names(received(transport)) == names([*map(_delivered, bells)])

    def test_no_more_are_taken_than_were_asked_for(self, transport: JobTransport) -> None:
        transport.send([a_bell(f"run-{nth}") for nth in range(4)])

        deliveries = transport.receive(limit=3)

        assert 1 <= len(deliveries) <= 3

    def test_taking_none_takes_none(self, transport: JobTransport) -> None:
        transport.send([a_bell()])

        deliveries = transport.receive(limit=0)

        assert list(deliveries) == []
        assert names(transport.receive()) == ["run-1"]

    def test_urgent_bells_come_first(self, transport: JobTransport) -> None:
        transport.send([a_bell("ordinary-1"), a_bell("urgent", urgent=True), a_bell("ordinary-2")])

        first = transport.receive()

        assert names(first) == ["urgent"]
        assert names(received(transport)) == ["ordinary-1", "ordinary-2"]

    def test_a_bell_handed_out_is_hidden(self, transport: JobTransport) -> None:
        transport.send([a_bell()])
        transport.receive()

        deliveries = transport.receive()

        assert list(deliveries) == []

    def test_a_bell_that_nobody_answers_comes_again(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()])
        transport.receive()

        let_pass(self.visibility + MOMENT)

        assert [delivery.count for delivery in transport.receive()] == [2]

    def test_an_acknowledged_bell_never_comes_again(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell(urgent=True), a_bell()])
        for delivery in received(transport):
            transport.acknowledge(delivery)

        let_pass(self.visibility + MOMENT)

        assert list(transport.receive()) == []

    def test_an_answer_that_comes_again_changes_nothing(self, transport: JobTransport) -> None:
        transport.send([a_bell("run-1"), a_bell("run-2")])
        first, *_ = transport.receive()
        transport.acknowledge(first)

        transport.acknowledge(first)
        transport.give_back(first)

        assert first.bell.run_id not in names(received(transport))

    def test_a_delayed_bell_stays_away_until_its_time(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()], delay=timedelta(seconds=4, milliseconds=200))
        let_pass(timedelta(seconds=3))
        early = transport.receive()

        let_pass(timedelta(seconds=2, milliseconds=100))

        assert list(early) == []
        assert names(transport.receive()) == ["run-1"]

    def test_the_longest_delay_is_possible(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()], delay=transport.longest_delay)
        early = transport.receive()

        let_pass(transport.longest_delay + MOMENT)

        assert list(early) == []
        assert names(transport.receive()) == ["run-1"]

    def test_a_longer_delay_is_cut_to_the_longest(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()], delay=transport.longest_delay * 2)

        let_pass(transport.longest_delay + MOMENT)

        assert names(transport.receive()) == ["run-1"]

    def test_a_bell_given_back_comes_again_at_once(self, transport: JobTransport) -> None:
        transport.send([a_bell()])
        first, *_ = transport.receive()

        transport.give_back(first)

        assert [delivery.count for delivery in transport.receive()] == [2]

    def test_a_bell_given_back_for_later_comes_later(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()])
        first, *_ = transport.receive()
        transport.give_back(first, delay=NEVER_LONG)
        early = transport.receive()

        let_pass(NEVER_LONG + MOMENT)

        assert list(early) == []
        assert names(transport.receive()) == ["run-1"]

    def test_a_bell_that_is_held_stays_hidden_for_longer(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()])
        first, *_ = transport.receive()
        let_pass(self.visibility - MOMENT)
        transport.hold(first, span=self.visibility)
        let_pass(self.visibility - MOMENT)
        early = transport.receive()

        let_pass(2 * MOMENT)

        assert list(early) == []
        assert [delivery.count for delivery in transport.receive()] == [2]

    def test_who_comes_too_late_holds_nothing(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([a_bell()])
        first, *_ = transport.receive()
        let_pass(self.visibility + MOMENT)
        again, *_ = transport.receive()
        transport.acknowledge(again)

        transport.hold(first, span=self.visibility)

        assert list(transport.receive()) == []

    def test_a_queue_that_is_not_there_is_named(self, transport: JobTransport) -> None:
        with pytest.raises(NotFoundError, match="'nowhere'"):
            transport.receive(queue="nowhere")

    def test_a_bell_handed_out_too_often_is_dead(
        self,
        transport: JobTransport,
        let_pass: Callable[[timedelta], None],
        dead: Callable[[], Sequence[str]],
    ) -> None:
        transport.send([a_bell()])
        transport.receive()
        let_pass(self.visibility + MOMENT)
        transport.receive()
        let_pass(self.visibility + MOMENT)

        deliveries = transport.receive()

        assert list(deliveries) == []
        assert ["run-1" in text for text in dead()] == [True]

    def test_what_is_no_bell_holds_up_nobody_and_dies(
        self,
        transport: JobTransport,
        let_pass: Callable[[timedelta], None],
        post: Callable[[str], None],
        dead: Callable[[], Sequence[str]],
    ) -> None:
        post("ding dong")
        transport.send([a_bell()])
        readable = [*received(transport)]
        transport.acknowledge(readable[0])
        let_pass(self.visibility + MOMENT)
        transport.receive()
        let_pass(self.visibility + MOMENT)

        deliveries = transport.receive()

        assert names(readable) == ["run-1"]
        assert list(deliveries) == []
        assert list(dead()) == ["ding dong"]

    def test_two_who_answer_at_once_do_not_answer_the_same(self, transport: JobTransport) -> None:
        transport.send([a_bell(f"run-{nth:02}") for nth in range(20)])

        with ThreadPoolExecutor(4) as pool:
            takers = [pool.submit(lambda: [*received(transport, limit=3)]) for _ in range(4)]
        taken = [delivery for taker in takers for delivery in taker.result()]

        assert names(taken) == [f"run-{nth:02}" for nth in range(20)]


def _delivered(bell: Bell) -> Delivery:
    return Delivery(bell=bell, receipt="")
