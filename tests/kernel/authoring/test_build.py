"""What `build()` refuses, and in which words."""

from dataclasses import FrozenInstanceError
from datetime import timedelta
from math import inf
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from kernel.authoring import StageContext, stage, workflow
from kernel.authoring.naming import QUEUE_RULE
from kernel.errors import DefinitionError
from tests.kernel.authoring.reports import (
    START,
    Classify,
    Count,
    Counted,
    Document,
    Labels,
    Words,
    a_stage,
    count,
    problems_of,
    split,
    summarise,
)


def test_a_workflow_that_fits_is_built() -> None:
    built = START.pipe(split).parallel(count, Classify).pipe(summarise).build()

    assert [[stage.id for stage in group] for group in built.groups] == [
        ["split"],
        ["count", "classify"],
        ["summarise"],
    ]


def test_a_built_workflow_is_frozen() -> None:
    built = START.pipe(split).build()

    with pytest.raises(FrozenInstanceError):
        built.groups = ()  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        built.groups[0][0].id = "other"  # type: ignore[misc]


def test_two_workflows_may_share_their_first_stages() -> None:
    shared = START.pipe(split)
    counting, both = shared.pipe(count).build(), shared.parallel(count, Classify).build()

    assert shared.build().stage_ids == ("split",)
    assert counting.stage_ids == ("split", "count")
    assert both.stage_ids == ("split", "count", "classify")


def test_a_workflow_has_a_stage() -> None:
    assert problems_of(START) == ["there is no stage; add one with .pipe(...)"]


def test_a_group_has_a_stage() -> None:
    assert problems_of(START.pipe(split).parallel().pipe(a_stage("last"))) == ["group 2 is empty"]


def test_a_group_is_no_wider_than_49() -> None:
    wide = [a_stage(f"s{nth}") for nth in range(50)]

    assert START.parallel(*wide[:49]).build().stage_ids
    assert problems_of(START.parallel(*wide)) == ["group 1 has 50 stages, and 49 is the most"]


def test_ids_are_unique() -> None:
    twice = START.pipe(a_stage("one")).parallel(a_stage("two"), a_stage("one"))

    assert problems_of(twice) == ["2 stages have the id 'one'"]


@pytest.mark.parametrize("bad", ["", "Split", "1st", "_private", "a b", "ä", "a" * 65, 7])
def test_ids_have_a_form(bad: Any) -> None:
    rule = "start with a small letter, then up to 63 small letters, digits, '_' or '-'"

    of_stage = problems_of(START.pipe(a_stage(bad)))
    of_workflow = problems_of(workflow(bad, input=None).pipe(a_stage("fine")))

    assert of_stage == [f"{bad!r} is no id for a stage: {rule}"]
    assert of_workflow == [f"{bad!r} is no id for a workflow: {rule}"]


def test_dependencies_come_earlier() -> None:
    needy = ["first", "twin", "needy", "later", "nobody"]
    builder = (
        START.pipe(a_stage("first"))
        .parallel(a_stage("needy", dependencies=needy), a_stage("twin"))
        .pipe(a_stage("later"))
    )

    assert problems_of(builder) == [
        "stage 'needy' depends on 'twin', which is in the same group",
        "stage 'needy' depends on 'needy', which is in the same group",
        "stage 'needy' depends on 'later', which comes later",
        "stage 'needy' depends on 'nobody', which the workflow does not have",
    ]


def test_what_is_no_stage_is_named() -> None:
    def plain(ctx: StageContext[Document, None]) -> Words: ...  # type: ignore[empty-body]

    [problem] = problems_of(START.pipe(plain))  # type: ignore[call-overload]

    assert problem.startswith("<function test_what_is_no_stage_is_named.<locals>.plain")
    assert problem.endswith("is no stage; put @stage above it")


def test_missing_annotations_are_named() -> None:
    @stage
    def silent(ctx): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202

    assert problems_of(START.pipe(silent).pipe(a_stage("after", takes=Words))) == [
        (
            "stage 'silent': `silent` does not say what it takes; write `ctx: StageContext[Input, "
            "Config]`, with None for what it does not need"
        ),
        "stage 'silent': `silent` does not say what it returns; write `-> Output`",
    ]


def test_options_that_make_no_sense_are_named() -> None:
    async def late(ctx: Any) -> bool:
        return True

    builder = START.pipe(
        a_stage("odd", timeout=timedelta(0), queue="", when=late),
    ).pipe(a_stage("odder", timeout=5))
    builder = builder.pipe(a_stage("oddest", timeout=timedelta(days=4_000)))

    assert problems_of(builder) == [
        (
            "stage 'odd': its timeout must be a timedelta of more than no time and at most ten "
            "years, not datetime.timedelta(0)"
        ),
        f"stage 'odd': '' is no name for a queue: {QUEUE_RULE}",
        "stage 'odd': its when must answer at once; write it with def, not async def",
        (
            "stage 'odder': its timeout must be a timedelta of more than no time and at most ten "
            "years, not 5"
        ),
        (
            "stage 'oddest': its timeout must be a timedelta of more than no time and at most ten "
            "years, not datetime.timedelta(days=4000)"
        ),
    ]


def test_types_that_pydantic_cannot_read_are_named() -> None:
    class Opaque: ...

    builder = workflow("odd", input=Opaque, output=Opaque).pipe(
        a_stage("stuck", takes=Opaque, gives=Opaque, config=Opaque)
    )

    assert [problem.partition(":")[0] for problem in problems_of(builder)] == [
        "stage 'stuck'",
        "stage 'stuck'",
        "stage 'stuck'",
        "its input",
        "its output",
    ]


def test_a_default_that_cannot_be_stored_is_named() -> None:
    class Endless(BaseModel):
        patience: float = inf

    assert problems_of(START.pipe(a_stage("waiting", config=Endless))) == [
        (
            "stage 'waiting': a default of its config cannot be stored: "
            "patience: NaN and infinity are not JSON"
        )
    ]


def test_a_first_stage_takes_the_input_of_the_run() -> None:
    assert problems_of(START.parallel(split, count)) == [  # type: ignore[arg-type]
        "stage 'count' takes Words, but the run's input is Document: its field 'words' is missing"
    ]


def test_a_stage_takes_what_the_one_before_gives() -> None:
    assert problems_of(START.pipe(split).pipe(summarise)) == [  # type: ignore[arg-type]
        (
            "stage 'summarise' takes Counted, but stage 'split' gives Words: "
            "its field 'count' is missing and its field 'classify' is missing"
        )
    ]


def test_a_stage_without_input_fits_anywhere() -> None:
    free = a_stage("free", gives=Words)

    assert START.pipe(free).build().stage_ids
    assert START.pipe(split).pipe(free).build().stage_ids
    assert START.pipe(split).parallel(count, Classify).pipe(free).build().stage_ids


def test_after_a_stage_that_may_be_skipped_none_must_do() -> None:
    rare = a_stage("rare", gives=Words, when=lambda _: True)

    assert START.pipe(rare).pipe(a_stage("tolerant", takes=Words | None)).build().stage_ids
    assert problems_of(START.pipe(rare).pipe(count)) == [
        "stage 'count' takes Words, but stage 'rare' gives Words | None"
    ]


def test_after_a_group_each_required_field_is_a_stage_of_it() -> None:
    class Other(BaseModel):
        count: Labels
        rest: int
        extra: str = ""

    builder = START.pipe(split).parallel(count, Classify)

    assert problems_of(builder.pipe(a_stage("join", takes=Other))) == [
        (
            "stage 'join' takes Other, but the group before gives an object of 'count', "
            "'classify': its field 'count' is Labels, which Count is not "
            "and its field 'rest' is missing"
        )
    ]


def test_after_a_group_a_stage_that_may_be_skipped_leaves_none() -> None:
    class Tolerant(BaseModel):
        count: Count | None
        model_config = ConfigDict(extra="ignore")

    rare = a_stage("count", gives=Count, when=lambda _: True)
    builder = START.parallel(rare, a_stage("classify", gives=Labels))

    assert builder.pipe(a_stage("join", takes=Tolerant)).build().stage_ids
    assert problems_of(builder.pipe(summarise)) == [
        (
            "stage 'summarise' takes Counted, but the group before gives an object of 'count', "
            "'classify': its field 'count' is Count, which Count | None is not"
        )
    ]


def test_a_group_of_one_gives_its_output_as_it_is() -> None:
    assert START.parallel(split).pipe(count).build().stage_ids


def test_the_end_fits_the_declared_output() -> None:
    declared = workflow("reports", input=Document, output=Counted)

    assert declared.pipe(split).parallel(count, Classify).build().stage_ids
    assert problems_of(declared.pipe(split)) == [
        (
            "the workflow's output is Counted, but stage 'split' gives Words: "
            "its field 'count' is missing and its field 'classify' is missing"
        )
    ]


def test_a_workflow_without_input_gives_none_to_its_first_stages() -> None:
    empty = workflow("empty", input=None)

    assert empty.pipe(a_stage("first", takes=Words | None)).build().stage_ids
    assert problems_of(empty.pipe(split)) == [  # type: ignore[arg-type]
        "stage 'split' takes Document, but the run's input is None"
    ]


def test_everything_is_told_at_once() -> None:
    builder = (
        workflow("Bad", input=Document, output=int)
        .pipe(a_stage("Worse", takes=Words, gives=Words))
        .parallel()
        .pipe(a_stage("twin", dependencies=["nobody"], timeout=timedelta(0)))
        .pipe(a_stage("twin", gives=str))
    )

    with pytest.raises(DefinitionError) as caught:
        builder.build()

    problems = problems_of(builder)
    assert len(problems) == 8
    assert caught.value.message == "\n- ".join(["Workflow 'Bad' cannot be built:", *problems])
    assert caught.value.context["workflow_id"] == "Bad"
