"""Somebody outside answers a stage: what is refused, what is kept, and who wins."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kernel.authoring import StageContext, Suspend, stage
from kernel.commands.claim_poll import ClaimPoll
from kernel.commands.close_run import CloseRun
from kernel.decisions.resuming import COME_BACK_AFTER
from kernel.errors import (
    ConditionFailedError,
    EngineError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    TooEarlyError,
    UnavailableError,
)
from kernel.model.callback import Callback
from kernel.model.failure import Failure
from kernel.model.payload import Blob
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.resume_stage import ResumeStage
from tests.support.calling import BROKEN, Asked, asked, asking, token_in
from tests.support.moves import (
    A_LEASE,
    A_SECOND,
    begin,
    begin_alone,
    claimed,
    execute,
    failure,
    settle,
)
from tests.support.workflows import Number
from tests.support.world import World

either = pytest.mark.parametrize("aside", [False, True])


@pytest.fixture
def run(world: World) -> Asked:
    return asked(world)


@pytest.mark.parametrize("output", [None, {}, {"value": "many"}, 7, {"value": float("nan")}])
def test_an_output_that_does_not_fit_is_refused_and_the_link_stays_usable(
    world: World, run: Asked, output: Any
) -> None:
    before = run.stage

    with pytest.raises(InvalidInputError) as caught:
        run.answer(output)

    assert caught.value.context["problems"]
    assert run.stage == before
    assert run.answer({"value": 1}).resumed


@pytest.mark.parametrize(
    ("output", "code"), [({"value": 1}, "REFUSED"), (None, ""), (None, "ü"), (None, "x" * 101)]
)
def test_an_error_that_makes_no_sense_is_refused(run: Asked, output: Any, code: str) -> None:
    error = Failure(code=code, message="The boss said no.")

    with pytest.raises(InvalidInputError, match="cannot be ended so"):
        run.answer(output, error=error)

    assert run.stage.status is Status.SUSPENDED


def test_a_failure_from_outside_is_final_however_it_is_labelled(run: Asked) -> None:
    result = run.answer(error=replace(BROKEN, retryable=True, stage_id="elsewhere"))

    assert result.status is Status.FAILED
    assert run.stage.error == BROKEN


def test_a_long_output_lies_below_its_attempt_under_a_name_of_its_own(
    world: World, run: Asked
) -> None:
    world.policy = replace(world.policy, inline_limit=0)

    run.answer({"value": 41})

    kept = run.stage.result
    assert kept is not None
    assert isinstance(kept.output, Blob)
    assert kept.output.key.startswith(f"runs/{run.run_id}/ask/0-1/callback/")
    assert world.output(run.run_id, "ask") == {"value": 41}


def test_the_loser_of_two_calls_does_not_overwrite_what_the_winner_kept(
    world: World, run: Asked
) -> None:
    world.policy = replace(world.policy, inline_limit=0)
    world.persistence.meanwhile(lambda: run.answer({"value": 1}))

    late = run.answer({"value": 2})

    assert (late.resumed, late.status) == (False, Status.COMPLETED)
    assert world.output(run.run_id, "ask") == {"value": 1}


def forged(run: Asked, **other: Any) -> str:
    return replace(Callback.read(run.token), **other).token


def test_a_wrong_secret_opens_nothing_and_leaves_no_blob(world: World, run: Asked) -> None:
    world.policy = replace(world.policy, inline_limit=0)
    before = world.persistence.snapshot(run.run_id), world.ports.blobs.keys("")

    with pytest.raises(NotFoundError, match="Nothing waits"):
        run.answer({"value": 1}, token=forged(run, secret="a" * 32))

    assert (world.persistence.snapshot(run.run_id), world.ports.blobs.keys("")) == before


@either
@pytest.mark.parametrize(
    "other",
    [
        lambda key: replace(key, solo=not key.solo),
        lambda key: replace(key, group=key.group + 1),
        lambda key: replace(key, stage_id="first"),
        lambda key: replace(key, run_id="run-99"),
    ],
    ids=["solo", "group", "stage", "run"],
)
def test_a_token_that_was_tampered_with_opens_nothing(
    world: World, other: Callable[[Any], Any], *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    token = forged(run, key=other(Callback.read(run.token).key))

    with pytest.raises(EngineError, match=r"Nothing waits|started again"):
        run.answer({"value": 1}, token=token)

    assert run.stage.status is Status.SUSPENDED


@pytest.mark.parametrize("other", [{"generation": 1}, {"attempt": 2}])
def test_an_attempt_that_never_was_opens_nothing(run: Asked, other: dict[str, int]) -> None:
    with pytest.raises(NotFoundError, match="Nothing waits"):
        run.answer({"value": 1}, token=forged(run, **other))


def test_whoever_answers_before_the_body_has_returned_may_answer_again(world: World) -> None:
    tokens: list[str] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        tokens.append(token_in(ctx.callback_url()))
        with pytest.raises(TooEarlyError, match="not suspended yet"):
            world.dispatch(ResumeStage(token=tokens[0], output={"value": 1}))
        return Suspend(callback=True)

    run_id = begin_alone(world, only)
    execute(world, run_id, "only")

    assert world.dispatch(ResumeStage(token=tokens[0], output={"value": 1})).resumed


def test_a_call_while_the_body_runs_is_told_when_to_come_again(world: World) -> None:
    world.learn(asking([]))
    run_id = begin(world, "asking")
    execute(world, run_id, "first")
    held = claimed(world, run_id, "ask")
    link = Callback(key=held.stage.key, generation=0, attempt=1, secret="a" * 32)

    with pytest.raises(TooEarlyError) as caught:
        world.dispatch(ResumeStage(token=link.token, output={"value": 1}))

    assert caught.value.context["retry_after"] == COME_BACK_AFTER
    assert world.stages(run_id)["ask"] == held.stage


def test_a_link_whose_attempt_failed_is_gone(world: World) -> None:
    world.learn(asking([]))
    run_id = begin(world, "asking")
    execute(world, run_id, "first")
    held = claimed(world, run_id, "ask")
    settle(world, held, failure())
    link = Callback(key=held.stage.key, generation=0, attempt=1, secret="a" * 32)

    with pytest.raises(GoneError, match="PENDING"):
        world.dispatch(ResumeStage(token=link.token, output={"value": 1}))


def test_a_run_that_is_being_ended_takes_no_answer(world: World, run: Asked) -> None:
    world.dispatch(CloseRun(run_id=run.run_id, closing=Closing(target=Status.CANCELLED)))

    with pytest.raises(GoneError, match="being ended"):
        run.answer({"value": 1})

    assert run.stage.status is Status.SUSPENDED


@either
def test_a_link_that_is_past_its_deadline_is_gone_before_anybody_looked(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside, max_wait=A_LEASE)
    world.pass_time(A_LEASE)

    with pytest.raises(GoneError, match="and no longer"):
        run.answer({"value": 1})

    assert run.stage.status is Status.SUSPENDED


def poll_meanwhile(run: Asked) -> None:
    """Let the deadline pass, and somebody take the lease of the poll that sees to it."""
    run.world.pass_time(A_SECOND)
    claim = ClaimPoll(key=run.stage.key, token="poller", lasts=A_LEASE)
    assert run.world.dispatch(claim).standing is not None


@either
def test_the_lease_of_a_poll_does_not_matter(world: World, *, aside: bool) -> None:
    run = asked(world, aside=aside, max_wait=A_LEASE)
    world.pass_time(A_LEASE - A_SECOND)
    world.persistence.meanwhile(lambda: poll_meanwhile(run))

    result = run.answer({"value": 1})

    assert (result.resumed, run.stage.status) == (True, Status.COMPLETED)
    assert (run.stage.suspension, run.stage.lease) == (None, None)


@either
def test_a_cancel_that_comes_first_wins(world: World, *, aside: bool) -> None:
    run = asked(world, aside=aside)
    world.persistence.meanwhile(lambda: world.dispatch(CancelRun(run_id=run.run_id)))

    with pytest.raises(GoneError):
        run.answer({"value": 1})

    assert run.stage.status is Status.CANCELLED
    assert world.finish(run.run_id).status is Status.CANCELLED


@either
def test_the_last_answer_moves_the_run_on_at_once(world: World, *, aside: bool) -> None:
    run = asked(world, aside=aside)

    run.answer({"value": 1})
    world.drain()

    assert world.run(run.run_id).status is Status.COMPLETED


def test_a_conflict_with_others_is_decided_anew(world: World, run: Asked) -> None:
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=2)

    assert run.answer({"value": 1}).resumed


def test_a_store_that_is_away_leaves_the_link_usable(world: World, run: Asked) -> None:
    world.persistence.refuse(UnavailableError("The store is away."))

    with pytest.raises(UnavailableError, match="away"):
        run.answer({"value": 1})

    assert run.answer({"value": 1}).resumed


def test_a_workflow_that_is_not_known_here_is_not_answered(world: World, run: Asked) -> None:
    elsewhere = World(ports=replace(world.ports, registry=World().ports.registry))

    with pytest.raises(NotFoundError, match="'asking'"):
        elsewhere.dispatch(ResumeStage(token=run.token, output={"value": 1}))


def test_a_command_does_not_tell_its_token_by_accident(run: Asked) -> None:
    assert run.token not in repr(ResumeStage(token=run.token))
