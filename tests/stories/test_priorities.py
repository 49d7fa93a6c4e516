"""Priorities: urgent runs overtake the others, in the queue and among what is due."""

from datetime import timedelta

from tests.support.world import World


def test_an_urgent_run_is_served_first(world: World) -> None:
    world.create("three", {"value": 1}, run_id="patient", priority=7)
    world.create("three", {"value": 1}, run_id="urgent", priority=8)

    world.drain()

    served = [bell.run_id for bell in world.answered]
    assert served == ["urgent"] * 4 + ["patient"] * 4


def test_an_urgent_run_that_is_tried_again_is_still_urgent(world: World) -> None:
    world.create("failing", {"value": 1}, run_id="urgent", priority=9)

    world.finish("urgent")

    assert {bell.urgent for bell in world.answered} == {True}


def test_a_tenants_bells_are_charged_to_the_tenant(world: World) -> None:
    world.create("diamond", {"value": 1}, run_id="theirs", tenant="acme")
    world.create("diamond", {"value": 1}, run_id="nobodys")

    world.drain()

    shares = {(bell.run_id, bell.fair_share) for bell in world.answered}
    assert shares == {("theirs", "acme"), ("nobodys", "diamond")}


def test_the_tick_starts_urgent_runs_like_all_others(world: World) -> None:
    world.transport.deaf = True
    world.create("three", {"value": 1}, run_id="patient", priority=0)
    world.create("three", {"value": 1}, run_id="urgent", priority=10)
    world.pass_time(timedelta(minutes=1))

    result = world.tick()

    world.transport.deaf = False
    assert result.claimed == 2
