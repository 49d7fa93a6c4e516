"""Artifacts are what a stage leaves for people; storage is what it keeps for itself."""

from kernel.authoring import Completed, StageContext, stage, workflow
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World


@stage
def draw(ctx: StageContext[Number, None]) -> Completed[Number]:
    return Completed(
        ctx.input,
        metrics={"strokes": 12.0},
        artifacts={"report.html": "<p>A river</p>", "rows.json": [1, 2, 3], "raw.bin": b"\x00"},
    )


drawing = workflow("drawing", input=Number).pipe(draw).build()


def test_artifacts_are_listed_with_their_content_type(world: World) -> None:
    world.learn(drawing)
    run_id = world.create("drawing", {"value": 1})

    world.drain()

    result = world.stages(run_id)["draw"].result
    assert result is not None
    assert {one.name: one.content_type for one in result.artifacts} == {
        "report.html": "text/html; charset=utf-8",
        "rows.json": "application/json",
        "raw.bin": "application/octet-stream",
    }
    assert result.metrics == {"strokes": 12.0}


def test_an_artifact_can_be_fetched_by_its_key(world: World) -> None:
    world.learn(drawing)
    run_id = world.create("drawing", {"value": 1})

    world.drain()

    result = world.stages(run_id)["draw"].result
    assert result is not None
    html = next(one for one in result.artifacts if one.name == "report.html")
    assert world.blobs.get(html.key) == b"<p>A river</p>"


def test_what_a_stage_stores_it_finds_again_in_the_same_attempt(world: World) -> None:
    seen: list[object] = []

    @stage
    def remember(ctx: StageContext[Number, None]) -> Number:
        ctx.storage.save("notes/one.json", {"value": ctx.input.value})
        ctx.storage.save("two", b"2")
        ctx.storage.delete("two")
        seen.extend([ctx.storage.load_json("notes/one.json"), ctx.storage.names()])
        return ctx.input

    world.learn(workflow("remembering", input=Number).pipe(remember).build())
    run_id = world.create("remembering", {"value": 7})

    world.finish(run_id)

    assert seen == [{"value": 7}, ["notes/one.json"]]


def test_another_attempt_starts_with_empty_hands(world: World) -> None:
    seen: list[list[str]] = []
    turns = Turns[Number](ValueError("no luck"), Number(value=1))

    @stage
    def remember(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.storage.names())
        ctx.storage.save("half-done", "text")
        return turns.take()

    world.learn(workflow("remembering", input=Number).pipe(remember).build())
    run_id = world.create("remembering", {"value": 7})

    world.finish(run_id)

    assert seen == [[], []]
