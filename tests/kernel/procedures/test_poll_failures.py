"""A poll that throws, dies or comes too late: the stage fails in the end, and only then."""

from collections.abc import Callable
from datetime import timedelta

import pytest

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
)
from kernel.errors import UnavailableError
from kernel.model.status import Status
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    begin_alone,
    execute,
    finish_alone,
    poll,
)
from tests.support.polling import NINE, suspend, waits_of
from tests.support.saboteurs import Crash
from tests.support.turns import Page, Turns
from tests.support.workflows import Number, Ticket
from tests.support.world import World

WINNER, ZOMBIE = Page(text="w" * 5_000), Page(text="z" * 5_000)


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
