"""The first run: three stages, one after the other."""

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow
from kernel.model.status import Status
from tests.support.world import World


class Text(BaseModel):
    text: str


class Counting(BaseModel):
    least: int = 1


class Words(BaseModel):
    words: list[str]


class Count(BaseModel):
    count: int


@stage
def split(ctx: StageContext[Text, None]) -> Words:
    return Words(words=ctx.input.text.split())


@stage
def keep(ctx: StageContext[Words, Counting]) -> Words:
    return Words(words=[word for word in ctx.input.words if len(word) >= ctx.config.least])


@stage
async def count(ctx: StageContext[Words, None]) -> Count:
    return Count(count=len(ctx.input.words))


counting = (
    workflow("counting", input=Text, output=Count).pipe(split).pipe(keep).pipe(count).build()
)


def test_a_run_goes_from_stage_to_stage_without_waiting_for_a_timer(world: World) -> None:
    world.learn(counting)
    before = world.now
    run_id = world.create("counting", {"text": "a river runs through it"})

    world.drain()

    assert world.run(run_id).status is Status.COMPLETED
    assert world.output(run_id, "count") == {"count": 5}
    assert world.now == before


def test_a_run_can_be_configured_stage_by_stage(world: World) -> None:
    world.learn(counting)
    run_id = world.create(
        "counting", {"text": "a river runs through it"}, config={"keep": {"least": 3}}
    )

    world.finish(run_id)

    assert world.output(run_id, "keep") == {"words": ["river", "runs", "through"]}


def test_each_stage_runs_once_and_its_output_is_kept(world: World) -> None:
    world.learn(counting)
    run_id = world.create("counting", {"text": "a river"})

    world.finish(run_id)

    stages = world.stages(run_id)
    assert [*stages] == ["split", "keep", "count"]
    assert {(one.status, one.attempt) for one in stages.values()} == {(Status.COMPLETED, 1)}


def test_the_world_hears_how_it_began_and_how_it_ended(world: World) -> None:
    world.learn(counting)
    run_id = world.create("counting", {"text": "a river"})

    world.finish(run_id)

    assert world.sink.types == ("workflow:created", "workflow:started", "workflow:completed")


def test_a_finished_run_is_never_due_again(world: World) -> None:
    world.learn(counting)
    run_id = world.create("counting", {"text": "a river"})

    world.drain()

    assert world.run(run_id).status is Status.COMPLETED
    assert world.due() == []
