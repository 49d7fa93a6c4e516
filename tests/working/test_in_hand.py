"""What is in hand is held; what is let go is not, and nothing begins once that is over."""

from datetime import timedelta

import pytest

from adapters.memory import MemoryJobTransport, SkippingClock
from functions.in_hand import InHand
from kernel.errors import UnavailableError
from kernel.ports.job_transport import Delivery
from tests.conformance.job_transport import a_bell

HIDDEN = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)
NO_TIME = timedelta()


class Deaf(MemoryJobTransport):
    """Answers nothing that is about the bell of *run_id*."""

    run_id = ""

    def hold(self, delivery: Delivery, *, span: timedelta) -> None:
        if delivery.bell.run_id == self.run_id:
            raise UnavailableError("The queue does not answer.")
        super().hold(delivery, span=span)


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
def transport(clock: SkippingClock) -> Deaf:
    return Deaf(clock=clock, visibility=AN_HOUR)


@pytest.fixture
def reports() -> list[tuple[Delivery, Exception]]:
    return []


@pytest.fixture
def in_hand(transport: Deaf, reports: list[tuple[Delivery, Exception]]) -> InHand:
    return InHand(transport, hidden=HIDDEN, report=lambda *told: reports.append(told))


def test_what_is_in_hand_is_hidden_from_now_on(
    in_hand: InHand, transport: Deaf, clock: SkippingClock
) -> None:
    transport.send([a_bell()])
    (delivery,) = transport.receive()
    in_hand.begin(delivery)
    clock.advance(HIDDEN)

    in_hand.hold()

    assert transport.next_at == clock.now() + HIDDEN


def test_what_was_let_go_and_given_back_is_not_taken_from_others_again(
    in_hand: InHand, transport: Deaf, clock: SkippingClock
) -> None:
    transport.send([a_bell()])
    (delivery,) = transport.receive()
    in_hand.begin(delivery)
    in_hand.let_go(delivery)
    transport.give_back(delivery)

    in_hand.hold()

    assert transport.next_at == clock.now()


def test_one_that_cannot_be_held_does_not_keep_the_others_from_it(
    in_hand: InHand,
    transport: Deaf,
    clock: SkippingClock,
    reports: list[tuple[Delivery, Exception]],
) -> None:
    transport.send([a_bell("deaf"), a_bell("other")])
    deaf, other = transport.receive(limit=2)
    in_hand.begin(deaf)
    in_hand.begin(other)
    transport.run_id = "deaf"

    in_hand.hold()

    assert transport.next_at == clock.now() + HIDDEN
    assert [told.bell.run_id for told, _ in reports] == ["deaf"]


def test_nothing_begins_once_it_is_closed(in_hand: InHand, transport: Deaf) -> None:
    transport.send([a_bell()])
    (delivery,) = transport.receive()

    in_hand.close()

    assert not in_hand.begin(delivery)
    assert in_hand.is_empty_within(NO_TIME)


def test_it_is_empty_once_everything_has_ended(in_hand: InHand, transport: Deaf) -> None:
    transport.send([a_bell()])
    (delivery,) = transport.receive()
    in_hand.begin(delivery)

    before = in_hand.is_empty_within(NO_TIME)
    in_hand.end(delivery)

    assert [before, in_hand.is_empty_within(NO_TIME)] == [False, True]
