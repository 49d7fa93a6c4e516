"""Promises that were found broken. A test moves to where it belongs when the kernel keeps it."""

from datetime import timedelta

import pytest

from kernel.authoring import Retry
from kernel.decisions.backoff import full_jitter
from kernel.model.verdict import Verdict
from tests.support.moves import begin, failure, settled, suspending
from tests.support.world import World


@pytest.mark.parametrize("verdict", [failure(), suspending()], ids=["retried", "suspended"])
def test_one_of_several_stages_of_an_urgent_run_rings_as_urgently_again(
    world: World, verdict: Verdict
) -> None:
    run_id = begin(world, "fan", priority=9, tenant="acme")

    settled(world, run_id, "left", verdict)

    bell = world.transport.last.bell
    assert (bell.urgent, bell.tenant) == (True, "acme")


def test_a_stage_alone_in_an_urgent_run_is_polled_as_urgently(world: World) -> None:
    run_id = begin(world, "three", priority=9, tenant="acme")

    settled(world, run_id, "first", suspending())

    bell = world.transport.last.bell
    assert (bell.urgent, bell.tenant) == (True, "acme")


@pytest.mark.parametrize("attempt", [3, 64, 100])
def test_a_power_beyond_every_number_is_still_the_limit(attempt: int) -> None:
    wait = full_jitter(Retry(factor=1e300, max_attempts=100), attempt=attempt, jitter=0.5)

    assert wait == timedelta(seconds=150)
