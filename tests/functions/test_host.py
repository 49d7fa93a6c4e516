"""What becomes of a bell, of the bells that wait, and of a tick."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeGuard

import pytest

from functions.host import PAUSES, ServerlessHost
from functions.outcomes import JobResult, ProcessedJobs
from kernel.errors import ConflictError, UnavailableError
from kernel.model.bell import Bell, BellKind
from kernel.model.change import Change, UpdateStage
from kernel.model.status import Status
from kernel.ports.logbook import Level
from kernel.procedures.execute_job import JobOutcome
from tests.support.world import World


@pytest.fixture
def host(world: World) -> ServerlessHost:
    return ServerlessHost(world.kernel, worker_id="worker-7")


def test_a_start_bell_starts_its_run(world: World, host: ServerlessHost) -> None:
    run_id = world.create("three", {"value": 1})

    result = host.handle_job(world.take_bell())

    assert result == JobResult(outcome=JobOutcome.COMPLETED)
    assert world.run(run_id).status is Status.RUNNING


def test_a_start_bell_for_a_run_that_is_started_is_discarded(
    world: World, host: ServerlessHost
) -> None:
    world.create("three", {"value": 1})
    bell = world.take_bell()
    host.handle_job(bell)

    result = host.handle_job(bell)

    assert result == JobResult(outcome=JobOutcome.DISCARDED)


def test_an_execute_bell_completes_its_stage(world: World, host: ServerlessHost) -> None:
    run_id = world.create("three", {"value": 1})
    host.handle_job(world.take_bell())

    result = host.handle_job(world.take_bell(), timedelta(minutes=1))

    assert result == JobResult(outcome=JobOutcome.COMPLETED)
    assert world.output(run_id, "first") == {"value": 2}


def test_a_lease_is_as_short_as_the_host_wants_it(world: World, host: ServerlessHost) -> None:
    world.create("three", {"value": 1})
    host.handle_job(world.take_bell())

    host.handle_job(world.take_bell(), lease=timedelta(seconds=20))

    leases = [change.stage.lease for change, *_ in world.persistence.commits if is_claim(change)]
    assert [lease.expires_at - world.now for lease in leases if lease] == [timedelta(seconds=20)]


def is_claim(change: Change) -> TypeGuard[UpdateStage]:
    return isinstance(change, UpdateStage) and change.stage.status is Status.RUNNING


def test_a_stage_that_fails_says_why_and_that_it_is_tried_again(
    world: World, host: ServerlessHost
) -> None:
    world.create("failing", {"value": 1})
    host.handle_job(world.take_bell())
    host.handle_job(world.take_bell())

    result = host.handle_job(world.take_bell())

    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, True)
    assert result.error is not None
    assert result.error.message == "RuntimeError: no luck with 2"


def test_a_stage_that_suspends_is_polled_by_its_own_bells(
    world: World, host: ServerlessHost
) -> None:
    run_id = world.create("waiting", {"value": 1})
    host.handle_job(world.take_bell())
    host.handle_job(world.take_bell())

    suspended = host.handle_job(world.take_bell())
    world.pass_time(timedelta(minutes=1))
    polled = host.handle_job(world.take_bell())

    assert suspended == polled == JobResult(outcome=JobOutcome.SUSPENDED)
    waits = world.stages(run_id)["wait"].suspension
    assert waits is not None
    assert waits.poll_no == 1


def test_the_poll_that_finds_it_ready_completes_the_stage(
    world: World, host: ServerlessHost
) -> None:
    run_id = world.create("waiting", {"value": 1})
    for _ in range(3):
        host.handle_job(world.take_bell())
    for _ in range(2):
        world.pass_time(timedelta(minutes=1))
        host.handle_job(world.take_bell())
    world.pass_time(timedelta(minutes=1))

    result = host.handle_job(world.take_bell())

    assert result == JobResult(outcome=JobOutcome.COMPLETED)
    assert world.output(run_id, "wait") == {"value": 102}


def test_a_poll_that_comes_too_early_is_rung_again_at_its_time(
    world: World, host: ServerlessHost
) -> None:
    run_id = world.create("waiting", {"value": 1})
    for _ in range(3):
        host.handle_job(world.take_bell())
    poll = Bell(
        kind=BellKind.POLL,
        run_id=run_id,
        workflow_id="waiting",
        stage_id="wait",
        group=2,
        attempt=1,
    )

    result = host.handle_job(poll)

    assert result.outcome is JobOutcome.DISCARDED
    assert result.again_at == world.ports.clock.now() + timedelta(minutes=1)


def test_the_bell_of_a_poll_that_was_made_is_discarded(world: World, host: ServerlessHost) -> None:
    run_id = world.create("waiting", {"value": 1})
    for _ in range(3):
        host.handle_job(world.take_bell())
    poll = Bell(kind=BellKind.POLL, run_id=run_id, workflow_id="waiting", stage_id="wait", group=2)

    result = host.handle_job(poll)

    assert result == JobResult(outcome=JobOutcome.DISCARDED)


@pytest.mark.parametrize(
    "bell",
    [
        Bell(kind=BellKind.START, run_id="nobody", workflow_id="three"),
        Bell(kind=BellKind.EXECUTE, run_id="r", workflow_id="nonesuch", stage_id="s", group=1),
        Bell(kind=BellKind.EXECUTE, run_id="r", workflow_id="three", stage_id="none", group=1),
        Bell(kind=BellKind.EXECUTE, run_id="r", workflow_id="three", stage_id="first", group=2),
        Bell(kind=BellKind.POLL, run_id="r", workflow_id="nonesuch", stage_id="s", group=1),
    ],
    ids=["no run", "no workflow", "no stage", "another group", "no workflow to poll"],
)
def test_a_bell_for_what_nobody_knows_is_discarded_with_the_reason(
    bell: Bell, world: World, host: ServerlessHost
) -> None:
    result = host.handle_job(bell)

    assert result.outcome is JobOutcome.DISCARDED
    assert result.error is not None
    line = world.logbook.entries[-1]
    assert (line.level, line.fields["error"]) == (Level.WARNING, result.error.message)


def test_a_bell_for_a_stage_of_a_run_that_is_not_there_is_discarded(
    world: World, host: ServerlessHost
) -> None:
    bell = Bell(
        kind=BellKind.EXECUTE,
        run_id="nobody",
        workflow_id="three",
        stage_id="first",
        group=1,
        attempt=1,
    )

    result = host.handle_job(bell)

    assert result.outcome is JobOutcome.DISCARDED


def test_a_bell_for_a_stage_in_other_hands_is_discarded(
    world: World, host: ServerlessHost
) -> None:
    world.create("three", {"value": 1})
    host.handle_job(world.take_bell())
    bell = world.take_bell()
    inside: list[JobResult] = []
    world.persistence.meanwhile(lambda: None, lambda: inside.append(host.handle_job(bell)))

    outside = host.handle_job(bell)

    assert outside.outcome is JobOutcome.COMPLETED
    assert inside[0].outcome is JobOutcome.DISCARDED
    assert inside[0].error is not None
    assert inside[0].error.code == "IN_PROGRESS"
    assert not inside[0].is_worrying


def test_a_bell_that_comes_too_early_rings_again_in_time(
    world: World, host: ServerlessHost
) -> None:
    world.create("failing", {"value": 1})
    for _ in range(3):
        host.handle_job(world.take_bell())
    (waiting,) = world.transport.pending()
    early = replace(waiting, not_before=None)

    result = host.handle_job(early)

    assert result.outcome is JobOutcome.DISCARDED
    assert result.again_at is not None
    assert world.transport.pending() == (waiting, waiting)


def test_a_bell_for_which_no_time_is_left_rings_again_at_once(
    world: World, host: ServerlessHost
) -> None:
    run_id = world.create("three", {"value": 1})
    host.handle_job(world.take_bell())

    result = host.handle_job(world.take_bell(), timedelta(milliseconds=-1))

    assert result == JobResult(outcome=JobOutcome.DISCARDED, again_at=world.now)
    assert world.take_bell().stage_id == "first"
    assert world.stages(run_id)["first"].attempt == 0


@pytest.mark.parametrize("error", [UnavailableError("Nobody answers."), ConflictError("Lost.")])
def test_a_bell_that_may_succeed_later_is_left_to_come_again(
    error: Exception, world: World, host: ServerlessHost
) -> None:
    world.create("three", {"value": 1})
    host.handle_job(world.take_bell())
    bell = world.take_bell()
    world.persistence.meanwhile(lambda: _raise(error))

    with pytest.raises(type(error)):
        host.handle_job(bell)

    assert host.handle_job(bell).outcome is JobOutcome.COMPLETED


def test_every_bell_is_one_line_with_the_worker_in_it(world: World, host: ServerlessHost) -> None:
    run_id = world.create("three", {"value": 1})

    host.handle_job(world.take_bell())

    line = world.logbook.entries[-1]
    assert (line.level, line.message) == (Level.INFO, "bell answered")
    told = [line.fields[name] for name in ("worker_id", "bell", "run_id", "outcome")]
    assert told == ["worker-7", "start", run_id, "completed"]


def test_bells_that_wait_are_answered_and_put_away(world: World, host: ServerlessHost) -> None:
    run_id = world.create("three", {"value": 1})

    done = host.process_available_jobs(max_jobs=10)

    assert done == ProcessedJobs(processed=4, succeeded=4, failed=0)
    assert world.run(run_id).status is Status.COMPLETED
    assert len(world.transport) == 0


def test_one_bell_is_taken_where_no_number_is_named(world: World, host: ServerlessHost) -> None:
    world.create("three", {"value": 1})

    done = host.process_available_jobs()

    assert done == ProcessedJobs(processed=1, succeeded=1)


def test_no_bells_are_nothing_to_do(host: ServerlessHost) -> None:
    assert host.process_available_jobs(max_jobs=3) == ProcessedJobs()


def test_a_bell_that_nobody_could_answer_is_given_back_for_later(
    world: World, host: ServerlessHost
) -> None:
    world.create("three", {"value": 1})
    host.process_available_jobs()
    world.persistence.refuse(UnavailableError("Nobody answers."))

    done = host.process_available_jobs()

    assert done == ProcessedJobs(processed=1, failed=1)
    assert world.transport.next_at == world.now + PAUSES[0]


def _raise(error: Exception) -> None:
    raise error
