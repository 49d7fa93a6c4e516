"""What a stage sees of its run, and what it may say while its body runs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.authoring import (
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)
from kernel.commands.claim_poll import ClaimPoll
from kernel.commands.settle_poll import SettlePoll
from kernel.model.failure import Failure
from tests.support.moves import (
    A_MINUTE,
    A_SECOND,
    begin,
    begin_alone,
    execute,
    failure,
    finish_alone,
    settled,
    suspending,
)
from tests.support.turns import Turns
from tests.support.workflows import Adding, Number, Ticket, first
from tests.support.world import World

Seen = dict[str, Any]


def test_a_body_knows_who_it_is(world: World) -> None:
    seen: Seen = {}

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.update(
            run=ctx.run_id,
            workflow=ctx.workflow_id,
            stage=ctx.stage_id,
            key=ctx.idempotency_key,
            number=(ctx.generation, ctx.attempt),
        )
        return ctx.input

    finish_alone(world, only)

    assert seen == {
        "run": "run-1",
        "workflow": "alone",
        "stage": "only",
        "key": "run-1:only:0",
        "number": (0, 1),
    }


def test_every_attempt_has_the_same_idempotency_key(world: World) -> None:
    seen: list[tuple[int, str]] = []
    turns = Turns[Number](ValueError("no luck"), Number(value=1))

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append((ctx.attempt, ctx.idempotency_key))
        return turns.take()

    finish_alone(world, only)

    assert seen == [(1, "run-1:only:0"), (2, "run-1:only:0")]


def test_input_and_config_come_as_their_types(world: World) -> None:
    seen: list[object] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, Adding]) -> Number:
        seen.extend([ctx.input, ctx.config])
        return ctx.input

    finish_alone(world, only, value=7, config={"only": {"amount": 3}})

    assert seen == [Number(value=7), Adding(amount=3)]


def test_a_stage_without_input_and_config_has_none(world: World) -> None:
    seen: list[object] = []

    @stage(id="only")
    def only(ctx: StageContext[None, None]) -> Number:
        seen.extend([ctx.input, ctx.config, ctx.resume_state])
        return Number(value=1)

    finish_alone(world, only)

    assert seen == [None, None, None]


def test_the_time_that_remains_goes_down_to_nothing(world: World) -> None:
    seen: list[timedelta] = []

    @stage(id="only", timeout=A_MINUTE)
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.remaining())
        world.pass_time(A_MINUTE / 2)
        seen.append(ctx.remaining())
        world.pass_time(A_MINUTE)
        seen.append(ctx.remaining())
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only")

    assert seen == [A_MINUTE, A_MINUTE / 2, timedelta()]


def looking_back(world: World, **config: Any) -> tuple[str, Seen]:
    """Return a run of three stages, the middle one skipped, and what the last one saw."""
    seen: Seen = {}

    @stage(id="skipped", when=lambda _: False)
    def skipped(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    @stage(id="last")
    def last(ctx: StageContext[Number | None, None]) -> Number:
        context: Mapping[str, Any] = ctx.workflow_context
        seen.update(
            required=ctx.require(first),
            by_id=ctx.require("first"),
            skipped=ctx.optional(skipped),
            stranger=ctx.optional("stranger"),
            itself=ctx.optional("last"),
            ids=[*context],
            length=len(context),
            there=["skipped" in context, "first" in context],
        )
        return Number(value=0)

    world.learn(workflow("back", input=Number).pipe(first).pipe(skipped).pipe(last).build())
    run_id = begin(world, "back")
    return run_id, seen


def test_a_body_reaches_every_earlier_output_as_its_type(world: World) -> None:
    run_id, seen = looking_back(world)

    world.finish(run_id)

    assert seen == {
        "required": Number(value=2),
        "by_id": Number(value=2),
        "skipped": None,
        "stranger": None,
        "itself": None,
        "ids": ["first"],
        "length": 1,
        "there": [False, True],
    }


@pytest.mark.parametrize(
    ("wanted", "known"), [("skipped", "first"), ("stranger", "first"), ("last", "first")]
)
def test_an_output_that_is_not_there_cannot_be_required(
    world: World, wanted: str, known: str
) -> None:
    @stage(id="skipped", when=lambda _: False)
    def skipped(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    @stage(id="last")
    def last(ctx: StageContext[Number | None, None]) -> Number:
        return Number.model_validate(ctx.require(wanted))

    world.learn(workflow("back", input=Number).pipe(first).pipe(skipped).pipe(last).build())
    run_id = begin(world, "back")

    run = world.finish(run_id)

    message = (
        f"Stage 'last' requires the output of '{wanted}', which has none."
        f" Stages before it with an output: {known}."
    )
    assert run.error == replace(Failure.of("NOT_FOUND", message), stage_id="last")


def test_a_body_of_the_first_group_has_no_earlier_outputs(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        return Number.model_validate(ctx.require("first"))

    run = finish_alone(world, only)

    assert run.error is not None
    assert run.error.message.endswith("Stages before it with an output: none.")


def test_an_attempt_after_a_suspension_finds_the_state_that_was_left(world: World) -> None:
    seen: list[object] = []

    @batch_stage(id="only")
    class Resuming:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            seen.append(ctx.resume_state)
            return Suspend(Ticket(number=8), callback=True)

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            return Ready(ctx.input)

    run_id = begin_alone(world, Resuming)
    settled(world, run_id, "only", suspending())
    retried_from_suspension(world, run_id)

    execute(world, run_id, "only")

    assert seen == [Ticket(number=7)]


def retried_from_suspension(world: World, run_id: str) -> None:
    """Let the polls of the stage end in another attempt."""
    world.pass_time(A_MINUTE)
    key = world.stages(run_id)["only"].key
    won = world.dispatch(ClaimPoll(key=key, token="mine", lasts=A_MINUTE))
    assert won.standing is not None
    verdict = failure(delay=A_SECOND)
    world.dispatch(SettlePoll(seen=won.standing, token="mine", verdict=verdict))
    world.pass_time(A_SECOND)
