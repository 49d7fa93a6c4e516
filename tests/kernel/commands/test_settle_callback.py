"""The commit that ends a wait by its link: what it requires, and who knows that they won."""

from typing import Any

import pytest

from kernel.commands.settle_callback import SettleCallback, SettleCallbackResult
from kernel.errors import ConditionFailedError, ConflictError, GoneError
from kernel.model.callback import Callback
from kernel.model.change import CreateStage, UpdateRun, UpdateStage, equals
from kernel.model.status import Status
from kernel.model.verdict import Erred, Succeeded
from kernel.ports.persistence import Standing
from tests.support.builders import update_stage
from tests.support.calling import Asked, asked
from tests.support.moves import A_LEASE, failure, kinds, success
from tests.support.world import World

TWO = success({"value": 2})
MINE, THEIRS = "call-1", "call-2"


def settle(
    run: Asked,
    seen: Standing,
    *,
    token: str = MINE,
    verdict: Succeeded | Erred = TWO,
) -> SettleCallbackResult:
    link = Callback.read(run.token)
    command = SettleCallback(seen=seen, callback=link, token=token, verdict=verdict)
    return run.world.dispatch(command)


def seen_of(run: Asked) -> Standing:
    return run.world.persistence.standing(run.stage.key)


def test_a_lone_stage_settles_and_moves_its_run_in_one_commit(world: World) -> None:
    run = asked(world)

    result = settle(run, seen_of(run))

    assert (result.resumed, result.stage.status) == (True, Status.COMPLETED)
    assert kinds(world.persistence.commits[-1]) == [UpdateStage, UpdateRun, CreateStage]


def test_one_of_several_settles_alone_and_is_marked(world: World) -> None:
    run = asked(world, aside=True)

    result = settle(run, seen_of(run))

    assert (result.stage.status, result.stage.unadvanced) == (Status.COMPLETED, True)
    assert kinds(world.persistence.commits[-1]) == [UpdateStage]


def test_a_failure_fails_the_stage_and_the_run(world: World) -> None:
    run = asked(world)

    result = settle(run, seen_of(run), verdict=failure(retryable=False))

    assert result.stage.status is Status.FAILED
    assert world.run(run.run_id).status is Status.FAILED


def test_the_commit_requires_the_wait_and_its_secret_and_no_lease(world: World) -> None:
    run = asked(world)
    waits = run.stage.suspension
    assert waits is not None

    settle(run, seen_of(run))

    change = world.persistence.commits[-1][0]
    assert isinstance(change, UpdateStage)
    assert {
        equals("status", Status.SUSPENDED),
        equals("generation", 0),
        equals("attempt", 1),
        equals("suspension.callback_digest", waits.callback_digest),
    } <= set(change.requires)
    assert not [one for one in change.requires if "lease" in one.field or "poll" in one.field]


def test_of_two_calls_one_wins_and_the_other_is_told(world: World) -> None:
    run = asked(world)
    seen = seen_of(run)
    world.persistence.meanwhile(lambda: settle(run, seen, token=THEIRS))

    late = settle(run, seen, token=MINE, verdict=failure(retryable=False))

    assert (late.resumed, late.stage.status) == (False, Status.COMPLETED)


def test_a_call_that_won_although_its_answer_was_lost_knows_it(world: World) -> None:
    run = asked(world)
    seen = seen_of(run)
    world.persistence.meanwhile(lambda: settle(run, seen, token=MINE))

    again = settle(run, seen, token=MINE)

    assert (again.resumed, again.stage.status) == (True, Status.COMPLETED)


def test_a_repeat_changes_nothing(world: World) -> None:
    run = asked(world)
    settle(run, seen_of(run))
    before = world.persistence.snapshot(run.run_id)

    repeated = settle(run, seen_of(run), token=THEIRS)

    assert not repeated.resumed
    assert world.persistence.snapshot(run.run_id) == before


@pytest.mark.parametrize("written", [{"attempt": 2}, {"generation": 1}])
def test_a_stage_that_was_started_again_since_is_not_settled(
    world: World, written: dict[str, Any]
) -> None:
    run = asked(world)
    seen = seen_of(run)
    again = update_stage(seen.stage, **written)
    world.persistence.meanwhile(lambda: world.persistence.inner.commit([again]))

    with pytest.raises(GoneError, match="started again"):
        settle(run, seen)

    assert run.stage.status is Status.SUSPENDED


def test_calls_that_always_come_second_give_up(world: World) -> None:
    run = asked(world)
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=8)

    with pytest.raises(ConflictError, match=r"stage\.settleCallback"):
        settle(run, seen_of(run))

    assert run.stage.status is Status.SUSPENDED


def test_a_wait_that_ended_otherwise_is_gone(world: World) -> None:
    run = asked(world, max_wait=A_LEASE)
    seen = seen_of(run)
    world.persistence.meanwhile(lambda: world.finish(run.run_id))

    with pytest.raises(GoneError, match="FAILED"):
        settle(run, seen)

    assert run.stage.status is Status.FAILED
