"""Pending runs are started by priority, then age; a bad one holds up no other."""

import pytest

from adapters.memory import MemoryRegistry
from kernel.errors import ConditionFailedError, ConflictError, EngineError, UnavailableError
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.claim_pending import ClaimPending, ClaimPendingResult
from tests.support.moves import A_MINUTE
from tests.support.turns import LONG_PAGE, pages
from tests.support.workflows import three
from tests.support.world import World, memory_ports


def claim(world: World, *run_ids: str) -> ClaimPendingResult:
    return world.dispatch(ClaimPending(run_ids=run_ids))


def test_the_given_runs_are_started_the_urgent_and_the_older_first(world: World) -> None:
    ids = [world.create("three", {"value": 1}, priority=priority) for priority in (5, 9, 5, 0)]

    result = claim(world, *ids)

    assert result == ClaimPendingResult(claimed=("run-2", "run-1", "run-3", "run-4"), failed={})


def test_of_what_is_due_so_many_are_started(world: World) -> None:
    world.create("three", {"value": 1})
    world.create("three", {"value": 1}, priority=9)
    world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)

    result = world.dispatch(ClaimPending(limit=2))

    assert result.claimed == ("run-2", "run-1")
    assert world.run("run-3").status is Status.PENDING


def test_what_is_not_due_is_not_looked_for(world: World) -> None:
    world.create("three", {"value": 1})

    result = world.dispatch(ClaimPending())

    assert result == ClaimPendingResult(claimed=(), failed={})


def test_a_run_that_does_not_exist_holds_up_no_other(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    result = claim(world, "nobody", run_id)

    assert result.claimed == (run_id,)
    assert result.failed == {"nobody": "No run has the id 'nobody'."}


def test_a_run_of_an_unknown_workflow_holds_up_no_other(world: World) -> None:
    unknown = world.create("fan", {"value": 1}, priority=9)
    known = world.create("three", {"value": 1})
    forgetful = World(
        ports=memory_ports(
            persistence=world.persistence,
            clock=world.clock,
            transport=world.transport,
            registry=MemoryRegistry([three]),
        )
    )

    result = claim(forgetful, unknown, known)

    assert result.claimed == (known,)
    assert "'fan'" in result.failed[unknown]
    assert world.run(unknown).status is Status.PENDING


def test_of_what_is_due_one_that_cannot_be_written_holds_up_no_other(world: World) -> None:
    bad, good = (world.create("three", {"value": 1}) for _ in range(2))
    world.pass_time(A_MINUTE)
    refusal = ConditionFailedError("Somebody was there first.")
    world.persistence.refuse(refusal, times=world.policy.conflict_tries)

    result = world.dispatch(ClaimPending())

    assert result.claimed == (good,)
    assert [*result.failed] == [bad]


@pytest.mark.parametrize(
    ("error", "times"), [(ConditionFailedError("No."), 8), (UnavailableError("Away."), 1)]
)
def test_a_given_run_that_cannot_be_written_just_now_is_for_the_caller_to_repeat(
    world: World, error: EngineError, times: int
) -> None:
    run_id = world.create("three", {"value": 1})
    world.persistence.refuse(error, times=times)

    with pytest.raises((ConflictError, UnavailableError)):
        claim(world, run_id)

    assert world.run(run_id).status is Status.PENDING


@pytest.mark.parametrize("change", ["start", "cancel"])
def test_a_run_that_is_not_pending_is_passed_over(world: World, change: str) -> None:
    run_id = world.create("three", {"value": 1})
    acts = {"start": ClaimPending(run_ids=[run_id]), "cancel": CancelRun(run_id=run_id)}
    world.dispatch(acts[change])

    result = claim(world, run_id)

    assert result == ClaimPendingResult(claimed=(), failed={})


def test_a_run_for_later_is_neither_started_nor_failed(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + A_MINUTE)

    result = claim(world, run_id)

    assert result == ClaimPendingResult(claimed=(), failed={})


def test_a_run_whose_input_cannot_be_read_just_now_is_left_pending(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)
    world.pass_time(A_MINUTE)
    world.blobs.down = True

    result = world.dispatch(ClaimPending())

    world.blobs.down = False
    assert result.failed == {run_id: "The blob store does not answer."}
    assert world.run(run_id).status is Status.PENDING
