"""A poll says that the stage may go on, must wait longer, or has failed."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.commands.claim_poll import ClaimPoll
from kernel.commands.close_run import CloseRun
from kernel.commands.settle_poll import SettlePoll
from kernel.errors import ConditionFailedError
from kernel.model.bell import BellKind
from kernel.model.change import AddAnnotation, CreateStage, RequireRun, UpdateRun, UpdateStage
from kernel.model.payload import Inline
from kernel.model.run import Closing
from kernel.model.stage import StageRecord, Suspension
from kernel.model.status import Status
from kernel.model.verdict import PollVerdict, Waiting
from kernel.ports.persistence import Standing
from tests.support.builders import an_annotation
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    MINE,
    begin,
    failure,
    settled,
    success,
    suspending,
)
from tests.support.world import World

TWO = success({"value": 2})
THREW = failure()


def polled(world: World, run_id: str, stage_id: str = "first", token: str = MINE) -> Standing:
    """Let the poll's time come, and claim it."""
    world.pass_time(A_MINUTE)
    key = world.stages(run_id)[stage_id].key
    won = world.dispatch(ClaimPoll(key=key, token=token, lasts=world.policy.poll_timeout))
    assert won.standing is not None
    assert won.refusal is None
    return won.standing


def settle(
    world: World, held: Standing, verdict: PollVerdict, token: str = MINE, **more: Any
) -> StageRecord | None:
    command = SettlePoll(seen=held, token=token, verdict=verdict, **more)
    return world.dispatch(command).stage


def waits_of(stage: StageRecord | None) -> Suspension:
    assert stage is not None
    assert stage.suspension is not None
    return stage.suspension


@pytest.fixture
def run_id(world: World) -> str:
    """A run whose first stage is suspended."""
    run_id = begin(world, "three")
    settled(world, run_id, "first", suspending(max_wait=timedelta(hours=1)))
    return run_id


def test_a_stage_that_may_go_on_settles_and_advances_in_one_commit(
    world: World, run_id: str
) -> None:
    held = polled(world, run_id)

    stage = settle(world, held, TWO)

    assert stage is not None
    assert (stage.status, stage.result, stage.suspension) == (
        Status.COMPLETED,
        TWO.result,
        None,
    )
    assert [type(change) for change in world.persistence.commits[-1]] == [
        UpdateStage,
        UpdateRun,
        CreateStage,
    ]


def test_one_of_several_that_may_go_on_is_marked_unadvanced(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", suspending())
    held = polled(world, run_id, "left")

    stage = settle(world, held, TWO)

    assert stage is not None
    assert (stage.status, stage.unadvanced) == (Status.COMPLETED, True)


def test_a_stage_that_must_wait_is_polled_again_after_its_usual_pause(
    world: World, run_id: str
) -> None:
    held = polled(world, run_id)

    waits = waits_of(settle(world, held, Waiting()))

    assert (waits.next_poll_at, waits.lease) == (world.now + A_MINUTE, None)
    assert (waits.poll_no, waits.failures) == (1, 0)


def test_a_check_may_choose_its_next_time(world: World, run_id: str) -> None:
    held = polled(world, run_id)

    waits = waits_of(settle(world, held, Waiting(check_in=7 * A_SECOND)))

    sent = world.transport.last
    assert waits.next_poll_at == world.now + 7 * A_SECOND
    assert (sent.bell.kind, sent.bell.attempt, sent.delay) == (BellKind.POLL, 2, 7 * A_SECOND)


def test_no_poll_is_put_off_beyond_the_deadline(world: World, run_id: str) -> None:
    held = polled(world, run_id)

    waits = waits_of(settle(world, held, Waiting(check_in=timedelta(days=3))))

    assert waits.next_poll_at == waits.deadline


def test_a_stage_that_is_not_ready_at_its_deadline_fails(world: World, run_id: str) -> None:
    world.pass_time(timedelta(hours=1))
    held = polled(world, run_id)

    stage = settle(world, held, Waiting())

    assert stage is not None
    assert stage.status is Status.FAILED
    assert stage.error is not None
    assert stage.error.code == "SUSPENSION_TIMEOUT"
    assert world.run(run_id).status is Status.FAILED


def test_a_stage_that_is_ready_at_its_deadline_goes_on(world: World, run_id: str) -> None:
    world.pass_time(timedelta(hours=1))
    held = polled(world, run_id)

    stage = settle(world, held, TWO)

    assert stage is not None
    assert stage.status is Status.COMPLETED


def test_a_failure_that_the_check_reports_is_final(world: World, run_id: str) -> None:
    held = polled(world, run_id)

    stage = settle(world, held, failure("REJECTED", retryable=False))

    assert stage is not None
    assert (stage.status, world.run(run_id).status) == (Status.FAILED, Status.FAILED)


def test_a_failure_that_another_attempt_could_mend_keeps_the_state_for_it(
    world: World, run_id: str
) -> None:
    held = polled(world, run_id)

    stage = settle(world, held, failure(delay=A_SECOND))

    assert stage is not None
    assert (stage.status, stage.attempt, stage.suspension) == (Status.PENDING, 1, None)
    assert stage.resume_state == Inline(value={"number": 7})


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8)])
def test_a_poll_that_threw_is_made_again_after_a_pause_that_doubles(
    world: World, run_id: str, failures: int, minutes: int
) -> None:
    throw(world, run_id, times=failures - 1)

    waits = throw(world, run_id)

    assert waits.failures == failures
    assert waits.next_poll_at == world.now + minutes * A_MINUTE


def throw(world: World, run_id: str, times: int = 1) -> Suspension:
    """Make *times* polls that throw, each when it is due."""
    for _ in range(times):
        waits = waits_of(world.stages(run_id)["first"])
        world.clock.jump_to((waits.next_poll_at or world.now) - A_MINUTE)
        settle(world, polled(world, run_id), THREW, threw=True)
    return waits_of(world.stages(run_id)["first"])


def test_polls_that_throw_in_a_row_fail_the_stage_at_the_limit(world: World, run_id: str) -> None:
    throw(world, run_id, times=world.policy.poll_failures - 1)
    world.pass_time(10 * A_MINUTE)
    held = polled(world, run_id)

    stage = settle(world, held, THREW, threw=True)

    assert stage is not None
    assert stage.status is Status.FAILED
    assert world.run(run_id).status is Status.FAILED


def test_a_poll_that_answers_wipes_the_slate(world: World, run_id: str) -> None:
    throw(world, run_id, times=3)
    world.pass_time(10 * A_MINUTE)
    held = polled(world, run_id)

    waits = waits_of(settle(world, held, Waiting()))

    assert waits.failures == 0


def test_the_deadline_holds_though_polls_throw(world: World, run_id: str) -> None:
    world.pass_time(timedelta(hours=1))
    held = polled(world, run_id)

    stage = settle(world, held, failure("STAGE_ERROR"), threw=True)

    assert stage is not None
    assert stage.status is Status.FAILED
    assert stage.error is not None
    assert stage.error.code == "STAGE_ERROR"


@pytest.mark.parametrize("verdict", [TWO, Waiting(), THREW], ids=["ready", "waiting", "failed"])
def test_a_poll_that_comes_too_late_changes_nothing(
    world: World, run_id: str, verdict: PollVerdict
) -> None:
    held = polled(world, run_id, token="mine")
    polled(world, run_id, token="theirs")
    before = world.stages(run_id)

    left = settle(world, held, verdict, token="mine", annotations=(an_annotation(),))

    assert left is None
    assert world.stages(run_id) == before
    assert world.persistence.annotations(run_id) == []


def test_a_poll_of_a_run_that_is_being_closed_is_discarded(world: World, run_id: str) -> None:
    held = polled(world, run_id)
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    left = settle(world, held, TWO)

    assert left is None
    assert world.stages(run_id)["first"].status is Status.SUSPENDED


def test_a_conflict_reloads_and_decides_anew(world: World, run_id: str) -> None:
    held = polled(world, run_id)
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=2)

    stage = settle(world, held, TWO)

    assert stage is not None
    assert stage.status is Status.COMPLETED


def test_who_settled_already_is_told_so(world: World, run_id: str) -> None:
    held = polled(world, run_id)
    world.persistence.meanwhile(lambda: settle(world, held, TWO))

    left = settle(world, held, TWO)

    assert left == world.stages(run_id)["first"]


def test_what_a_check_pinned_goes_in_with_its_settling(world: World, run_id: str) -> None:
    held = polled(world, run_id)
    note = an_annotation(run_id=run_id)

    settle(world, held, Waiting(), annotations=(note,))

    assert [type(change) for change in world.persistence.commits[-1]] == [
        UpdateStage,
        RequireRun,
        AddAnnotation,
    ]


def test_a_waiting_stage_is_due_for_its_next_poll(world: World, run_id: str) -> None:
    held = polled(world, run_id)

    settle(world, held, Waiting(check_in=A_LEASE))

    assert world.stages(run_id)["first"].due_at == world.now + A_LEASE
