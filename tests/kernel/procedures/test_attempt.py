"""Whatever comes of running a stage's code becomes a verdict."""

import pytest

from kernel.authoring import StageContext, stage
from kernel.model.status import Status
from tests.support.moves import begin_alone, finish_alone
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World


@pytest.mark.parametrize(("wanted", "status"), [(True, Status.COMPLETED), (False, Status.SKIPPED)])
def test_a_stage_runs_when_its_condition_says_so(
    world: World, *, wanted: bool, status: Status
) -> None:
    ran = Turns[Number](Number(value=2))

    @stage(id="only", when=lambda _: wanted)
    def only(ctx: StageContext[Number, None]) -> Number:
        return ran.take()

    run = finish_alone(world, only)

    assert run.status is Status.COMPLETED
    assert world.stages(run.id)["only"].status is status
    assert ran.taken == int(wanted)


def test_a_condition_sees_what_its_stage_would(world: World) -> None:
    @stage(id="only", when=lambda ctx: ctx.input.value > 5)
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    small = begin_alone(world, only, value=1)
    large = world.create("alone", {"value": 9})

    world.finish(small)
    world.finish(large)

    statuses = [world.stages(run_id)["only"].status for run_id in (small, large)]
    assert statuses == [Status.SKIPPED, Status.COMPLETED]


def test_a_condition_that_throws_is_the_stages_failure(world: World) -> None:
    asked = Turns[bool](ValueError("no luck"), True)  # noqa: FBT003

    @stage(id="only", when=lambda _: asked.take())
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run = finish_alone(world, only)

    assert run.status is Status.COMPLETED
    assert world.stages(run.id)["only"].attempt == 2
