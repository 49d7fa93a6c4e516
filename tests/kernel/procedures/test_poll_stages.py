"""Suspended stages are asked, one by one, whether they may go on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import (
    Failed,
    Fatal,
    NotReady,
    Ready,
    RetryAfter,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.stage import Poll, StageKey, Suspension
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
from tests.support.saboteurs import Crash
from tests.support.turns import Page, Turns
from tests.support.workflows import Number, Ticket, Wait, left
from tests.support.world import World

NINE = Ready(Number(value=9))


def suspend(world: World, *answers: Ready[Number] | NotReady | Failed | Exception) -> str:
    """Start a stage whose check answers *answers*, one a poll; return its run's id."""
    turns = Turns[Ready[Number] | NotReady | Failed](*answers)

    @batch_stage(id="only")
    class Asking:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7), max_wait=timedelta(hours=1))

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady | Failed:
            return turns.take()

    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)
    return run_id


def waits_of(world: World, run_id: str, stage_id: str = "only") -> Suspension:
    waits = world.stages(run_id)[stage_id].suspension
    assert waits is not None
    return waits


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

    result = world.dispatch(PollStages(polls=[Poll(workflow_id="waiting", key=key)]))

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


def test_a_check_that_throws_is_made_again_with_a_growing_pause(world: World) -> None:
    run_id = suspend(world, ValueError("502"), ValueError("503"), NINE)
    poll(world, run_id, "only")
    first = waits_of(world, run_id)
    world.pass_time(A_MINUTE)

    poll(world, run_id, "only")

    second = waits_of(world, run_id)
    assert (first.failures, second.failures) == (1, 2)
    assert second.next_poll_at == world.now + 2 * A_MINUTE
    assert world.logbook.messages[-1] == "Stage 'only' failed: 503"


def test_a_check_that_throws_again_and_again_fails_the_stage(world: World) -> None:
    run_id = suspend(world, ValueError("502"))

    run = world.finish(run_id)

    stage_ = world.stages(run_id)["only"]
    assert run.status is Status.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.message) == ("STAGE_ERROR", "ValueError: 502")
    assert stage_.attempt == 1
    failures = world.logbook.messages.count("Stage 'only' failed: 502")
    assert failures == world.policy.poll_failures


def test_a_dependency_that_is_down_is_like_a_check_that_throws(world: World) -> None:
    run_id = suspend(world, UnavailableError("The provider is away."), NINE)

    poll(world, run_id, "only")

    assert waits_of(world, run_id).failures == 1


@pytest.mark.parametrize("answer", [NotReady(), ValueError("502")], ids=["not ready", "throws"])
def test_the_deadline_holds_whatever_the_polls_say(
    world: World, answer: NotReady | Exception
) -> None:
    run_id = suspend(world, answer)
    world.pass_time(timedelta(hours=1))

    poll(world, run_id, "only")

    assert world.stages(run_id)["only"].status is Status.FAILED


def test_a_failure_that_a_check_reports_is_final(world: World) -> None:
    run_id = suspend(world, Failed("The batch expired."))

    poll(world, run_id, "only")

    run = world.run(run_id)
    assert run.error is not None
    assert (run.status, run.error.message) == (Status.FAILED, "The batch expired.")


def test_a_stage_without_a_check_that_asks_to_be_polled_fails(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None]:
        return Suspend()

    run_id = begin_alone(world, only)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    poll(world, run_id, "only")

    error = world.run(run_id).error
    assert error is not None
    assert error.code == "NO_CHECK"


def test_a_stage_that_waits_for_a_call_fails_at_its_deadline(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None]:
        return Suspend(callback=True, max_wait=A_LEASE)

    run_id = begin_alone(world, only)

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "SUSPENSION_TIMEOUT")


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


def test_polls_that_die_with_their_workers_fail_the_stage_in_the_end(world: World) -> None:
    @batch_stage(id="only")
    class Deadly:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            raise Crash

    run_id = begin_alone(world, Deadly)
    execute(world, run_id, "only")

    outlived = [dies_polling(world, run_id) for _ in range(world.policy.poll_failures + 1)]

    assert outlived.count(False) == world.policy.poll_failures
    assert world.run(run_id).status is Status.FAILED


def dies_polling(world: World, run_id: str) -> bool:
    """Poll the stage when the last poll's lease has run out; return whether nothing died."""
    world.pass_time(A_LEASE)
    try:
        poll(world, run_id, "only")
    except Crash:
        return False
    return True


def test_a_check_that_says_fatal_is_not_asked_again(world: World) -> None:
    run_id = suspend(world, Fatal("The batch was deleted."))

    poll(world, run_id, "only")

    error = world.stages(run_id)["only"].error
    assert world.run(run_id).status is Status.FAILED
    assert error is not None
    assert (error.code, error.message) == ("FATAL", "The batch was deleted.")


def test_a_check_that_asks_for_a_pause_is_asked_again_after_it(world: World) -> None:
    run_id = suspend(world, RetryAfter(7 * A_MINUTE))

    poll(world, run_id, "only")

    assert waits_of(world, run_id).next_poll_at == world.now + 7 * A_MINUTE


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


WINNER, ZOMBIE = Page(text="w" * 5_000), Page(text="z" * 5_000)


def test_a_late_poll_does_not_replace_the_winners_bytes(world: World) -> None:
    polls = Turns[Callable[[], Page]](lambda: overtaken(world), lambda: WINNER)

    @batch_stage(id="only")
    class Slow:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Page]:
            return Ready(polls.take()())

    run = finish_alone(world, Slow)

    assert polls.taken == 2
    assert world.output(run.id, "only") == {"text": WINNER.text}


def overtaken(world: World) -> Page:
    """Take so long that somebody else polls in the meantime, and answer all the same."""
    world.pass_time(A_LEASE)
    poll(world, "run-1", "only")
    return ZOMBIE
