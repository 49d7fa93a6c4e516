"""The scheduler that remembers keeps its port's promises; the one that forgets makes none."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.memory import ForgetfulScheduler, MemoryScheduler
from kernel.ports.scheduler import Scheduler
from tests.conformance.job_transport import a_bell
from tests.conformance.scheduler import TOMORROW, Rings, SchedulerContract


class TestMemoryScheduler(SchedulerContract):
    @pytest.fixture
    def scheduler(self) -> MemoryScheduler:
        return MemoryScheduler()

    @pytest.fixture
    def rings(self, scheduler: MemoryScheduler) -> Callable[[], Rings]:
        return lambda: [(ring.moment, ring.bell) for ring in scheduler.rings]


@pytest.fixture
def scheduler() -> MemoryScheduler:
    scheduler = MemoryScheduler()
    scheduler.ring_at(a_bell("later"), TOMORROW + timedelta(hours=1))
    scheduler.ring_at(a_bell("sooner"), TOMORROW)
    return scheduler


def test_what_is_due_stays_until_it_is_taken(scheduler: MemoryScheduler) -> None:
    due = scheduler.due(TOMORROW)

    assert [bell.run_id for bell in due] == ["sooner"]
    assert len(scheduler.rings) == 2


def test_what_is_taken_is_gone(scheduler: MemoryScheduler) -> None:
    taken = scheduler.pop_due(TOMORROW + timedelta(hours=2))

    assert [bell.run_id for bell in taken] == ["sooner", "later"]
    assert list(scheduler.rings) == []
    assert scheduler.next_at is None


def test_before_its_moment_nothing_is_due(scheduler: MemoryScheduler) -> None:
    taken = scheduler.pop_due(TOMORROW - timedelta(milliseconds=1))

    assert list(taken) == []
    assert scheduler.next_at == TOMORROW


def test_the_forgetful_one_takes_everything_and_keeps_nothing() -> None:
    scheduler: Scheduler = ForgetfulScheduler()

    scheduler.ring_at(a_bell(), TOMORROW)

    assert not vars(scheduler)
