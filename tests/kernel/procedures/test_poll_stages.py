"""Suspended stages are asked, one by one, whether they may go on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import (
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    workflow,
)
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.stage import Poll, StageKey
from kernel.model.status import Status
from kernel.procedures.poll_stages import PollStages, PollStagesResult, poll_one
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    begin_alone,
    execute,
    finish_alone,
    poll,
)
from tests.support.polling import NINE, suspend, waits_of
from tests.support.turns import Page
from tests.support.workflows import Number, Ticket, Wait, left
from tests.support.world import World

WINNER, ZOMBIE = Page(text="w" * 5_000), Page(text="z" * 5_000)


def waiting_run(world: World) -> str:
    """Bring a run to where its second stage is suspended; return its id."""
    run_id = begin(world, "waiting")
    execute(world, run_id, "first")
    execute(world, run_id, "wait")
    return run_id


def test_a_stage_that_is_ready_goes_on(world: World) -> None:
    run_id = suspend(world, NINE)

    result = poll(world, run_id, "only")

    (left_,) = result.left
    assert (result.checked, left_.id, left_.status) == (1, "only", Status.COMPLETED)
    assert world.run(run_id).status is Status.COMPLETED


def test_a_check_knows_its_state_and_its_input(world: World) -> None:
    run_id = waiting_run(world)

    world.finish(run_id)

    assert world.output(run_id, "wait") == {"value": 102}


def test_the_tick_has_what_is_due_polled(world: World) -> None:
    run_id = suspend(world, NINE)

    result = world.dispatch(PollStages())

    assert result.checked == 1
    assert world.run(run_id).status is Status.COMPLETED


def test_of_what_is_due_so_many_are_polled(world: World) -> None:
    first, second = (waiting_run(world) for _ in range(2))
    world.pass_time(A_LEASE)

    result = world.dispatch(PollStages(limit=1))

    polls = [waits_of(world, run_id, "wait").poll_no for run_id in (first, second)]
    assert result.checked == 1
    assert sorted(polls) == [0, 1]


def test_a_stage_that_is_not_due_is_not_asked(world: World) -> None:
    run_id = suspend(world, NotReady(), NINE)
    poll(world, run_id, "only")

    result = poll(world, run_id, "only")

    waits = waits_of(world, run_id)
    assert result == PollStagesResult(again_at=waits.next_poll_at)
    assert waits.poll_no == 1


def test_a_stage_that_does_not_exist_is_not_asked(world: World) -> None:
    key = StageKey(run_id="nobody", stage_id="wait", group=2, solo=True)

    known_as = world.ports.registry.workflow("waiting").fingerprint
    poll = Poll(workflow_id="waiting", key=key, fingerprint=known_as)

    result = world.dispatch(PollStages(polls=[poll]))

    assert result == PollStagesResult()


def test_of_what_is_due_one_that_is_not_known_here_holds_up_no_other(world: World) -> None:
    unknown = waiting_run(world)
    known = suspend(world, NINE)
    only = MemoryRegistry([world.ports.registry.workflow("alone")])
    forgetful = World(ports=replace(world.ports, registry=only))

    result = forgetful.dispatch(PollStages())

    assert (result.checked, result.failed) == (1, 1)
    assert waits_of(world, unknown, "wait").poll_no == 0
    assert world.run(known).status is Status.COMPLETED


def test_a_single_poll_of_an_unknown_workflow_is_refused(world: World) -> None:
    key = StageKey(run_id="run-1", stage_id="wait", group=2, solo=True)

    with pytest.raises(NotFoundError, match="'unheard-of'"):
        poll_one(world.kernel, Poll(workflow_id="unheard-of", key=key))


def test_the_last_of_several_to_be_ready_moves_the_run_on(world: World) -> None:
    world.learn(workflow("fanning", input=Number).parallel(left, Wait).build())
    run_id = begin(world, "fanning")

    world.finish(run_id)

    assert world.run(run_id).status is Status.COMPLETED
    assert {one.unadvanced for one in world.stages(run_id).values()} == {False}


def test_a_poll_whose_store_is_away_stays_due(world: World) -> None:
    run_id = suspend(world, NINE)
    world.persistence.refuse(UnavailableError("The store is away."), times=2)

    result = world.dispatch(PollStages(limit=1))

    assert result.checked == 0
    assert result.failed > 0
    assert waits_of(world, run_id).poll_no == 0


def test_a_given_stage_that_cannot_be_polled_just_now_is_for_the_caller_to_repeat(
    world: World,
) -> None:
    run_id = suspend(world, NINE)
    world.persistence.refuse(UnavailableError("The store is away."))

    with pytest.raises(UnavailableError, match="away"):
        poll(world, run_id, "only")

    assert waits_of(world, run_id).poll_no == 0


@pytest.mark.parametrize(
    ("time_left", "within"),
    [(None, timedelta(seconds=60)), (10 * A_SECOND, 10 * A_SECOND)],
    ids=["nobody stops it", "little time"],
)
def test_a_poll_has_its_own_time_or_what_the_process_has_left(
    world: World, time_left: timedelta | None, within: timedelta
) -> None:
    seen: list[timedelta] = []

    @batch_stage(id="only")
    class Looking:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            lease = waits_of(world, ctx.run_id).lease
            assert lease is not None
            seen.extend([ctx.remaining(), lease.expires_at - world.now])
            return NINE

    run_id = begin_alone(world, Looking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)
    key = world.stages(run_id)["only"].key

    world.dispatch(PollStages(polls=[Poll(workflow_id="alone", key=key)], time_left=time_left))

    assert seen == [within, within + world.policy.lease_margin]


def test_a_check_of_a_stage_that_left_no_state_gets_none(world: World) -> None:
    seen: list[object] = []

    @batch_stage(id="only")
    class Stateless:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[None]:
            return Suspend()

        def check(self, ctx: StageContext[Number, None], state: None) -> Ready[Number]:
            seen.append(state)
            return NINE

    finish_alone(world, Stateless)

    assert seen == [None]
