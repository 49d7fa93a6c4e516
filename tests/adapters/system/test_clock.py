"""The wall clock: the machine's time, as far as the store agrees."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from adapters.system.clock import SystemClock
from kernel.errors import UnavailableError
from kernel.ports.clock import Clock
from tests.support.builders import NOON

A_SECOND: Final = timedelta(seconds=1)
AWAY: Final = UnavailableError("DynamoDB is out of reach.")


class Machine:
    """A machine whose clock is off, in a world where it is noon and a bit."""

    def __init__(self, off: timedelta = timedelta()) -> None:
        self.off = off
        self.true = NOON + timedelta(milliseconds=400)

    def __call__(self) -> datetime:
        return self.true + self.off

    def ask(self, clock: SystemClock, *, there: timedelta, back: timedelta) -> None:
        """Ask the store; the question takes a while, and the answer too."""
        clock.asks()
        self.true += there
        told = self.true.replace(microsecond=0)
        self.true += back
        clock.hears(told)


def off_by(seconds: float) -> tuple[Machine, SystemClock]:
    machine = Machine(timedelta(seconds=seconds))
    return machine, SystemClock(machine=machine)


def error_of(clock: SystemClock, machine: Machine) -> timedelta:
    return abs(clock.now() - machine.true)


def test_it_says_the_time_in_utc_and_whole_milliseconds() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    now = clock.now()

    assert timedelta(milliseconds=-1) < now - before < timedelta(minutes=1)
    assert now.tzinfo is UTC
    assert now.microsecond % 1_000 == 0


def test_sleeping_takes_its_time() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    clock.sleep(timedelta(milliseconds=20))

    assert datetime.now(UTC) - before >= timedelta(milliseconds=20)


def test_a_span_that_is_over_is_not_slept() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    clock.sleep(timedelta(hours=-1))

    assert datetime.now(UTC) - before < timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [-600, -300, -10, 10, 300, 600])
def test_a_machine_that_is_off_is_corrected_by_the_first_answer(seconds: int) -> None:
    machine, clock = off_by(seconds)

    machine.ask(clock, there=timedelta(milliseconds=4), back=timedelta(milliseconds=4))

    assert error_of(clock, machine) <= A_SECOND
    assert clock.now().microsecond % 1_000 == 0


@pytest.mark.parametrize("seconds", [-1.9, 0, 1.9])
def test_a_machine_that_is_hardly_off_is_left_alone(seconds: float) -> None:
    machine, clock = off_by(seconds)

    machine.ask(clock, there=timedelta(milliseconds=4), back=timedelta(milliseconds=4))

    assert clock.now() == machine()


@pytest.mark.parametrize(("there", "back"), [(9, 0), (0, 9), (5, 5)])
def test_an_answer_that_took_long_does_no_harm(there: int, back: int) -> None:
    machine, clock = off_by(0)

    machine.ask(clock, there=there * A_SECOND, back=back * A_SECOND)

    assert clock.now() == machine()


def test_it_is_never_off_by_more_than_half_of_what_the_answer_took() -> None:
    machine, clock = off_by(600)

    machine.ask(clock, there=timedelta(), back=8 * A_SECOND)

    assert error_of(clock, machine) <= 4.5 * A_SECOND


def test_a_better_answer_corrects_it_further() -> None:
    machine, clock = off_by(600)
    machine.ask(clock, there=timedelta(), back=9 * A_SECOND)

    machine.ask(clock, there=timedelta(), back=timedelta())

    assert error_of(clock, machine) <= 3 * A_SECOND


def test_answers_that_agree_do_not_make_it_jump() -> None:
    machine, clock = off_by(2.4)
    lasting = timedelta(milliseconds=370)
    machine.ask(clock, there=lasting, back=lasting)
    differences = set()

    for _ in range(50):
        machine.ask(clock, there=lasting, back=lasting)
        differences.add(clock.now() - machine.true)

    assert len(differences) <= 2


def test_a_machine_that_is_set_right_meanwhile_is_right_again() -> None:
    machine, clock = off_by(600)
    machine.ask(clock, there=timedelta(), back=timedelta())
    machine.off = timedelta()

    machine.ask(clock, there=A_SECOND, back=timedelta())

    assert error_of(clock, machine) <= A_SECOND


def test_a_machine_that_is_set_back_while_it_waits_learns_from_the_next_answer() -> None:
    machine, clock = off_by(600)
    clock.asks()
    machine.off = timedelta()

    clock.hears(NOON)

    assert clock.now() == machine()


def test_an_answer_that_this_thread_did_not_ask_for_will_do_as_well() -> None:
    machine, clock = off_by(600)

    clock.hears(NOON)

    assert error_of(clock, machine) <= A_SECOND


def test_what_another_thread_waits_for_is_its_own_business() -> None:
    machine, clock = off_by(600)
    clock.asks()
    machine.true += timedelta(minutes=1)
    told = machine.true.replace(microsecond=0)

    def ask() -> None:
        clock.asks()
        clock.hears(told)

    other = threading.Thread(target=ask)
    other.start()
    other.join()

    assert error_of(clock, machine) <= A_SECOND


def test_the_store_is_asked_before_the_time_is_told_for_the_first_time() -> None:
    machine, clock = off_by(600)
    asked: list[str] = []

    def ask() -> None:
        asked.append("once")
        machine.ask(clock, there=timedelta(), back=timedelta())

    clock.consult_first(ask)

    first, second = clock.now(), clock.now()

    assert abs(first - machine.true) <= A_SECOND
    assert second == first
    assert asked == ["once"]


def test_nobody_asks_for_a_time_that_was_heard_already() -> None:
    machine, clock = off_by(600)
    clock.consult_first(never)
    machine.ask(clock, there=timedelta(), back=timedelta())

    assert error_of(clock, machine) <= A_SECOND


def never() -> None:
    raise AssertionError("The store was not to be asked.")


def test_without_an_answer_there_is_no_time_and_it_is_asked_for_again() -> None:
    machine, clock = off_by(600)
    away = [True]

    def ask() -> None:
        if away:
            away.pop()
            raise AWAY
        machine.ask(clock, there=timedelta(), back=timedelta())

    clock.consult_first(ask)
    with pytest.raises(UnavailableError):
        clock.now()

    assert error_of(clock, machine) <= A_SECOND


def test_an_answer_that_is_an_error_tells_the_time_as_well() -> None:
    machine, clock = off_by(600)

    def ask() -> None:
        machine.ask(clock, there=timedelta(), back=timedelta())
        raise AWAY

    clock.consult_first(ask)

    assert error_of(clock, machine) <= A_SECOND


def test_a_mistake_that_the_answer_tells_of_is_not_kept_from_whoever_asks_first() -> None:
    machine, clock = off_by(600)

    def ask() -> None:
        machine.ask(clock, there=timedelta(), back=timedelta())
        raise LookupError

    clock.consult_first(ask)
    with pytest.raises(LookupError):
        clock.now()

    assert error_of(clock, machine) <= A_SECOND


def test_a_store_that_does_not_say_what_time_it_is_is_asked_once() -> None:
    _, clock = off_by(600)
    asked: list[datetime] = []
    clock.consult_first(lambda: asked.append(NOON))

    clock.now()
    clock.now()

    assert asked == [NOON]


def test_whoever_asks_may_look_at_the_clock() -> None:
    machine, clock = off_by(600)
    seen: list[datetime] = []
    clock.consult_first(lambda: seen.append(clock.now()))

    clock.now()

    assert seen == [machine()]


def test_all_threads_wait_for_the_first_answer() -> None:
    machine, clock = off_by(600)
    answered = threading.Event()

    def ask() -> None:
        answered.wait(10)
        machine.ask(clock, there=timedelta(), back=timedelta())

    clock.consult_first(ask)
    told: list[timedelta] = []
    threads = [
        threading.Thread(target=lambda: told.append(error_of(clock, machine))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    answered.set()
    for thread in threads:
        thread.join()

    assert len(told) == 8
    assert max(told) <= A_SECOND
