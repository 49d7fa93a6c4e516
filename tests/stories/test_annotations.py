"""Annotations: facts that people and stages pin to a run."""

from kernel.authoring import StageContext, stage, workflow
from tests.support.workflows import Number
from tests.support.world import World


@stage
def classify(ctx: StageContext[Number, None]) -> Number:
    ctx.annotate("class", "small" if ctx.input.value < 10 else "large")
    return ctx.input


@stage
def check(ctx: StageContext[Number, None]) -> Number:
    ctx.annotate("checked", {"by": "rule 7", "ok": True})
    return ctx.input


checking = workflow("checking", input=Number).pipe(classify).pipe(check).build()


def test_a_run_is_created_with_facts_about_it(world: World) -> None:
    run_id = world.create("three", {"value": 1}, annotations={"customer": "acme", "pages": 3})

    pinned = world.persistence.annotations(run_id)

    assert [(one.key, one.value, one.stage_id) for one in pinned] == [
        ("customer", "acme", None),
        ("pages", 3, None),
    ]


def test_stages_add_what_they_find(world: World) -> None:
    world.learn(checking)
    run_id = world.create("checking", {"value": 3}, annotations={"customer": "acme"})

    world.finish(run_id)

    pinned = world.persistence.annotations(run_id)
    assert {(one.key, one.stage_id) for one in pinned} == {
        ("customer", None),
        ("class", "classify"),
        ("checked", "check"),
    }
