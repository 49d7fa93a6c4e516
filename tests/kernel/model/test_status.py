"""Which status may follow which; every other way is refused."""

from itertools import product

import pytest

from kernel.errors import IllegalTransitionError
from kernel.model.status import RUN_ARROWS, STAGE_ARROWS, TERMINAL, UNFINISHED, Status

PAIRS = list(product(Status, Status))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_run_follows_its_arrows_and_no_others(source: Status, target: Status) -> None:
    allowed = target in RUN_ARROWS.get(source, frozenset())

    assert followed(source.run_to, target) is allowed


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_stage_follows_its_arrows_and_no_others(source: Status, target: Status) -> None:
    allowed = target in STAGE_ARROWS[source]

    assert followed(source.stage_to, target) is allowed


def followed(step: object, target: Status) -> bool:
    """Return whether *step* leads to *target*."""
    assert callable(step)
    try:
        return bool(step(target) is target)
    except IllegalTransitionError:
        return False


def test_a_refusal_says_what_was_asked() -> None:
    with pytest.raises(IllegalTransitionError, match="A COMPLETED run cannot become RUNNING") as e:
        Status.COMPLETED.run_to(Status.RUNNING)

    assert e.value.context == {"source": Status.COMPLETED, "target": Status.RUNNING}


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_nothing_follows_an_end(status: Status) -> None:
    ways = RUN_ARROWS.get(status, frozenset()) | STAGE_ARROWS[status]

    assert not ways
    assert status.is_terminal


@pytest.mark.parametrize("status", sorted(UNFINISHED))
def test_everything_unfinished_can_be_cancelled(status: Status) -> None:
    assert Status.CANCELLED in STAGE_ARROWS[status]
    assert not status.is_terminal


def test_a_run_is_never_suspended_and_never_skipped() -> None:
    reached = {target for targets in RUN_ARROWS.values() for target in targets}

    assert not reached & {Status.SUSPENDED, Status.SKIPPED}
