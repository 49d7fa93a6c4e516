"""What every scheduler that remembers promises."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernel.errors import NotConfiguredError
from kernel.model.bell import Bell, BellKind
from kernel.ports.scheduler import Scheduler
from tests.conformance.job_transport import a_bell

TOMORROW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Rings = Sequence[tuple[datetime, Bell]]


class SchedulerContract:
    @pytest.fixture
    def scheduler(self) -> Scheduler:
        raise NotImplementedError

    @pytest.fixture
    def rings(self) -> Callable[[], Rings]:
        """Return what lists what is to ring, by moment."""
        raise NotImplementedError

    def test_the_bell_is_to_ring_whole(
        self, scheduler: Scheduler, rings: Callable[[], Rings]
    ) -> None:
        scheduler.ring_at(a_bell(), TOMORROW)

        held = rings()

        assert list(held) == [(TOMORROW, a_bell())]

    @pytest.mark.parametrize("late", [timedelta(microseconds=1), timedelta(milliseconds=999)])
    def test_it_rings_rather_late_than_early(
        self, scheduler: Scheduler, rings: Callable[[], Rings], late: timedelta
    ) -> None:
        scheduler.ring_at(a_bell(), TOMORROW + late)

        ((moment, _),) = rings()

        assert TOMORROW + late <= moment <= TOMORROW + late + MINUTE

    def test_a_moment_may_be_told_in_any_time_zone(
        self, scheduler: Scheduler, rings: Callable[[], Rings]
    ) -> None:
        scheduler.ring_at(a_bell(), TOMORROW.astimezone(timezone(timedelta(hours=9))))

        ((moment, _),) = rings()

        assert moment == TOMORROW

    def test_asking_again_leaves_one_ring(
        self, scheduler: Scheduler, rings: Callable[[], Rings]
    ) -> None:
        scheduler.ring_at(a_bell(), TOMORROW)

        scheduler.ring_at(a_bell(), TOMORROW)

        assert len(rings()) == 1

    def test_another_moment_is_another_ring(
        self, scheduler: Scheduler, rings: Callable[[], Rings]
    ) -> None:
        later = TOMORROW + timedelta(milliseconds=1)

        scheduler.ring_at(a_bell(), TOMORROW)
        scheduler.ring_at(a_bell(), later)

        assert len(rings()) == 2

    @pytest.mark.parametrize(
        "other",
        [
            replace(a_bell(), run_id="run-2"),
            replace(a_bell(), stage_id="count"),
            replace(a_bell(), generation=7),
            replace(a_bell(), attempt=7),
            replace(a_bell(), kind=BellKind.POLL),
        ],
        ids=["run", "stage", "generation", "attempt", "kind"],
    )
    def test_another_job_is_another_ring(
        self, scheduler: Scheduler, rings: Callable[[], Rings], other: Bell
    ) -> None:
        scheduler.ring_at(a_bell(), TOMORROW)

        scheduler.ring_at(other, TOMORROW)

        assert len(rings()) == 2

    def test_a_bell_for_a_queue_that_is_not_there_is_not_to_ring(
        self, scheduler: Scheduler, rings: Callable[[], Rings]
    ) -> None:
        with pytest.raises(NotConfiguredError, match=r"no queue 'gpu'.*NamedQueues"):
            scheduler.ring_at(replace(a_bell(), queue="gpu"), TOMORROW)

        assert list(rings()) == []

    def test_any_ids_will_do(self, scheduler: Scheduler, rings: Callable[[], Rings]) -> None:
        strange = replace(a_bell(), run_id="Läufe / 7 " * 20, stage_id="日本")

        scheduler.ring_at(strange, TOMORROW)

        assert [bell for _, bell in rings()] == [strange]
