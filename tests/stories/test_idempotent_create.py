"""Idempotent create: a request that is repeated makes one run."""

from datetime import timedelta

import pytest

from kernel.errors import IdempotencyConflictError
from tests.support.world import World


def test_the_same_request_under_the_same_key_makes_one_run(world: World) -> None:
    first = world.create("three", {"value": 1}, idempotency_key="order-7")

    second = world.create("three", {"value": 1}, idempotency_key="order-7")

    assert second == first


def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    world.create("three", {"value": 1}, idempotency_key="order-7")

    with pytest.raises(IdempotencyConflictError, match="'order-7' was used for another request"):
        world.create("three", {"value": 2}, idempotency_key="order-7")


def test_a_repeat_rings_no_second_time(world: World) -> None:
    run_id = world.create("three", {"value": 1}, idempotency_key="order-7")
    world.create("three", {"value": 1}, idempotency_key="order-7")

    world.finish(run_id)

    assert len(world.answered) == 4
    assert world.sink.types.count("workflow:created") == 1


def test_a_key_is_forgotten_after_a_week(world: World) -> None:
    first = world.create("three", {"value": 1}, idempotency_key="order-7")
    world.pass_time(timedelta(days=7, seconds=1))

    second = world.create("three", {"value": 1}, idempotency_key="order-7")

    assert second != first
