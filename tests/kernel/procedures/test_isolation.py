"""Which code runs in a process of its own, and what becomes of it when that process is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory import InlineSandbox
from kernel.authoring import NotReady, Ready, Retry, StageContext, Suspend, batch_stage, stage
from kernel.model.json import Json
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.payloads import output
from kernel.ports.executor import BodyTimeoutError, Pulse
from kernel.ports.sandbox import BodyLostError, Confines
from kernel.procedures.execute_job import JobOutcome
from tests.support.moves import A_MINUTE, begin_alone, execute, poll
from tests.support.polling import waits_of
from tests.support.workflows import Number, Ticket
from tests.support.world import CALLBACK_BASE, World, memory_ports

ONE_ATTEMPT = Retry(max_attempts=1)


@dataclass
class NotingSandbox:
    """Runs everything in place, notes what it had to run, and fails as it is told to."""

    fails: Exception | None = None
    noted: list[Confines] = field(default_factory=list)
    inner: InlineSandbox = field(default_factory=InlineSandbox)

    def run(
        self,
        procedure: Callable[[Any, Any], Any],
        task: Any,
        *,
        kernel: Any,
        confines: Confines,
        pulse: Pulse | None = None,
    ) -> Any:
        self.noted.append(confines)
        if self.fails:
            raise self.fails
        return self.inner.run(procedure, task, kernel=kernel, confines=confines)


@pytest.fixture
def sandbox() -> NotingSandbox:
    return NotingSandbox()


@pytest.fixture
def world(sandbox: NotingSandbox) -> World:
    return World(ports=memory_ports(sandbox=sandbox))


@stage(id="only", isolate=True, timeout=timedelta(minutes=3), retry=Retry(max_attempts=2))
def alone(ctx: StageContext[Number, None]) -> Number:
    ctx.annotate("where", "far away")
    ctx.log.info("I was here.")
    return Number(value=ctx.input.value + 1)


@stage(id="only", memory_limit=512)
def limited(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@stage(id="only", isolate=False)
def near(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@stage(id="only")
def undecided(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@stage(id="only", isolate=True, retry=ONE_ATTEMPT)
def hungry(ctx: StageContext[Number, None]) -> Number:
    raise MemoryError


@batch_stage(id="only", isolate=True)
class Batch:
    def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=ctx.input.value))

    def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number] | NotReady:
        ctx.annotate("looked", state.number)
        return Ready(Number(value=state.number))


@stage(id="only", isolate=True)
def called(ctx: StageContext[Number, None]) -> Suspend[None]:
    ctx.callback_url()
    return Suspend(callback=True)


def came_to(world: World, run_id: str) -> list[tuple[str, Status, Json]]:
    """Return how each stage of the run ended."""
    return [
        (stage.id, stage.status, output(world.ports.blobs, stage) if stage.result else None)
        for stage in world.stages(run_id).values()
    ]


@pytest.mark.parametrize("workflow_id", ["three", "diamond", "fan", "waiting", "failing"])
def test_a_run_comes_to_the_same_in_processes_of_their_own(
    world: World, sandbox: NotingSandbox, workflow_id: str
) -> None:
    isolating = replace(world, policy=Policy(callback_base=CALLBACK_BASE, isolates=True))

    here = world.create(workflow_id, {"value": 1})
    world.finish(here)
    before = [*sandbox.noted]
    there = isolating.create(workflow_id, {"value": 1})
    isolating.finish(there)

    assert came_to(world, here) == came_to(world, there)
    assert before == []
    assert sandbox.noted


def test_what_a_stage_pins_and_says_there_arrives(world: World, sandbox: NotingSandbox) -> None:
    run_id = begin_alone(world, alone)

    result = execute(world, run_id, "only")

    assert result.outcome is JobOutcome.COMPLETED
    assert [each.key for each in world.ports.persistence.annotations(run_id)] == ["where"]
    assert "I was here." in world.logbook.messages
    (confines,) = sandbox.noted
    assert (confines.of.stage_id, confines.of.attempt) == ("only", 1)
    assert (confines.within, confines.memory_limit) == (timedelta(minutes=3), None)


@pytest.mark.parametrize(
    ("body", "policy", "processes"),
    [
        (alone, Policy(), 1),
        (limited, Policy(), 1),
        (undecided, Policy(), 0),
        (undecided, Policy(isolates=True), 1),
        (near, Policy(isolates=True), 0),
    ],
)
def test_a_stage_decides_where_it_runs_and_else_its_host(
    world: World, sandbox: NotingSandbox, body: Any, policy: Policy, processes: int
) -> None:
    world.policy = policy
    run_id = begin_alone(world, body)

    execute(world, run_id, "only")

    assert len(sandbox.noted) == processes
    assert world.run(run_id).status is Status.COMPLETED


def test_a_check_runs_there_as_well(world: World, sandbox: NotingSandbox) -> None:
    run_id = begin_alone(world, Batch)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    poll(world, run_id, "only")

    assert world.run(run_id).status is Status.COMPLETED
    assert [each.key for each in world.ports.persistence.annotations(run_id)] == ["looked"]
    assert [confines.within for confines in sandbox.noted] == [
        timedelta(minutes=5),
        world.policy.poll_timeout,
    ]


def test_for_a_stage_that_waits_for_a_call_no_process_is_started(
    world: World, sandbox: NotingSandbox
) -> None:
    run_id = begin_alone(world, called)
    execute(world, run_id, "only")
    sandbox.noted.clear()

    world.pass_time(A_MINUTE)
    poll(world, run_id, "only")

    assert world.stages(run_id)["only"].status is Status.SUSPENDED
    assert sandbox.noted == []


def test_a_process_that_is_lost_is_an_attempt(world: World, sandbox: NotingSandbox) -> None:
    sandbox.fails = BodyLostError("It was ended by SIGSEGV.")
    run_id = begin_alone(world, alone)

    result = execute(world, run_id, "only")
    sandbox.fails = None
    world.finish(run_id)

    assert result.error is not None
    assert (result.error.code, result.error.message) == ("BODY_LOST", "It was ended by SIGSEGV.")
    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, True)
    assert world.run(run_id).status is Status.COMPLETED
    assert world.stages(run_id)["only"].attempt == 2


def test_a_process_that_is_lost_in_a_check_is_a_failed_poll(
    world: World, sandbox: NotingSandbox
) -> None:
    run_id = begin_alone(world, Batch)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    sandbox.fails = BodyLostError("It was ended by SIGSEGV.")
    poll(world, run_id, "only")
    sandbox.fails = None

    assert waits_of(world, run_id).failures == 1
    assert world.finish(run_id).status is Status.COMPLETED


def test_who_is_late_there_is_late_here(world: World, sandbox: NotingSandbox) -> None:
    sandbox.fails = BodyTimeoutError("too long")
    run_id = begin_alone(world, alone)

    result = execute(world, run_id, "only")

    assert result.error is not None
    assert result.error.code == "STAGE_TIMEOUT"
    assert "'only'" in result.error.message


def test_who_needs_too_much_memory_fails_for_that(world: World) -> None:
    run_id = begin_alone(world, hungry)

    result = execute(world, run_id, "only")

    assert result.error is not None
    assert result.error.code == "MEMORY_LIMIT"
    assert "memory" in result.error.message
