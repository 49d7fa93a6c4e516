"""A run whose definition is not here is left alone for a while, and then failed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import Workflow, workflow
from kernel.commands.advance_run import AdvanceRun
from kernel.errors import DefinitionChangedError, IllegalTransitionError, NotFoundError
from kernel.model.run import Run
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.definition import definition
from kernel.procedures.poll_stages import PollStages
from kernel.procedures.rerun_from import RerunFrom
from kernel.procedures.resume_stage import ResumeStage
from kernel.procedures.tick import Tick
from tests.support.calling import asked, asks
from tests.support.moves import A_MINUTE, begin, execute, poll, settled, success, suspending
from tests.support.workflows import Number, diamond, first, left, right, second, third
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
GRACE = timedelta(minutes=15)
TWO = success({"value": 2})


def built(id_: str, *stages: Any) -> Workflow:
    builder: Any = workflow(id_, input=Number)
    for made in stages:
        builder = builder.pipe(made)
    whole: Workflow = builder.build()
    return whole


LONGER = built("three", first, second, third, left)
RENAMED = built("three", left, second, third)
SHUFFLED = built("three", second, first, third)
EMPTIED = built("waiting", first, second)


def deployed(world: World, *workflows: Workflow) -> World:
    """Return the same world, seen by a process that knows nothing but *workflows*."""
    return World(ports=replace(world.ports, registry=MemoryRegistry(workflows)))


def ticked(world: World, run_id: str, *, minutes: int) -> Run:
    for _ in range(minutes):
        world.pass_time(A_MINUTE)
        world.tick()
    return world.run(run_id)


def test_a_definition_that_adds_to_what_was_made_fits(world: World) -> None:
    run_id = begin(world, "three")
    world.answer_one()

    run = deployed(world, LONGER).finish(run_id)

    assert run.status is Status.COMPLETED
    assert [*world.stages(run_id)] == ["first", "second", "third", "left"]


@pytest.mark.parametrize("other", [RENAMED, SHUFFLED])
def test_one_that_has_what_was_made_elsewhere_does_not_fit(world: World, other: Workflow) -> None:
    run_id = begin(world, "three")

    with pytest.raises(DefinitionChangedError, match="'first' of group 1"):
        definition(deployed(world, other).kernel, "three", run_id, known_as="something else")


def test_whose_bell_is_of_the_same_definition_reads_nothing(world: World) -> None:
    made = diamond.fingerprint

    known = definition(world.kernel, "diamond", "nobody", known_as=made)

    assert known is diamond
    with pytest.raises(NotFoundError, match="No run"):
        definition(world.kernel, "diamond", "nobody", known_as=None)


def test_a_worker_that_knows_better_claims_nothing(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(DefinitionChangedError):
        execute(deployed(world, RENAMED), run_id, "first")

    assert world.stages(run_id)["first"].attempt == 0
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_poll_that_knows_better_asks_nobody(world: World) -> None:
    run_id = begin(world, "waiting")
    world.drain()
    world.pass_time(A_MINUTE)

    with pytest.raises(DefinitionChangedError):
        poll(deployed(world, EMPTIED), run_id, "wait")
    due = deployed(world, EMPTIED).dispatch(PollStages())

    assert due.failed == 1
    assert world.stages(run_id)["wait"].polls == 0
    assert world.finish(run_id).status is Status.COMPLETED


@pytest.mark.parametrize("workflows", [(), (RENAMED,)])
def test_a_run_is_left_alone_while_a_deployment_is_rolling_out(
    world: World, workflows: tuple[Workflow, ...]
) -> None:
    run_id = begin(world, "three")
    world.transport.deaf = True

    run = ticked(deployed(world, *workflows), run_id, minutes=14)

    world.transport.deaf = False
    assert run.status is Status.RUNNING
    assert world.finish(run_id).status is Status.COMPLETED


@pytest.mark.parametrize("workflows", [(), (RENAMED,)])
def test_a_run_whose_definition_stays_away_fails_and_says_why(
    world: World, workflows: tuple[Workflow, ...]
) -> None:
    run_id = begin(world, "three")
    world.transport.deaf = True

    run = ticked(deployed(world, *workflows), run_id, minutes=20)

    assert (run.status, run.error and run.error.code) == (Status.FAILED, "DEFINITION_CHANGED")
    assert world.stages(run_id)["first"].status is Status.CANCELLED


def test_a_pending_run_of_an_unknown_workflow_fails_when_its_time_is_over(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + timedelta(hours=1))

    early = ticked(deployed(world), run_id, minutes=70)
    late = ticked(deployed(world), run_id, minutes=20)

    assert early.status is Status.PENDING
    assert (late.status, late.error and late.error.code) == (Status.FAILED, "DEFINITION_CHANGED")


def test_a_suspended_stage_waits_its_time_whoever_is_deployed(world: World) -> None:
    run_id = begin(world, "waiting")
    world.drain()

    early = ticked(deployed(world), run_id, minutes=14)
    late = ticked(deployed(world), run_id, minutes=20)

    assert early.status is Status.RUNNING
    assert late.status is Status.FAILED


def test_a_group_that_nobody_moved_on_fails_with_its_definition(world: World) -> None:
    run_id = begin(world, "fan")
    for stage_id in ("left", "right"):
        settled(world, run_id, stage_id, TWO)

    early = ticked(deployed(world), run_id, minutes=14)
    late = ticked(deployed(world), run_id, minutes=20)

    assert (early.status, late.status) == (Status.RUNNING, Status.FAILED)


def test_a_sibling_whose_definition_stays_away_fails_its_run(world: World) -> None:
    run_id = begin(world, "fan")
    world.transport.deaf = True

    run = ticked(deployed(world), run_id, minutes=35)

    assert run.status is Status.FAILED
    assert {stage.status for stage in world.stages(run_id).values()} == {Status.CANCELLED}


def test_what_moves_at_the_last_moment_goes_on(world: World) -> None:
    run_id = begin(world, "three")
    forgetful = deployed(world)
    world.pass_time(GRACE + A_MINUTE)
    world.persistence.meanwhile(lambda: execute(world, run_id, "first"))

    forgetful.tick()

    assert world.run(run_id).status is Status.RUNNING
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_rerun_recovers_what_a_definition_has_cost(world: World) -> None:
    run_id = begin(world, "three")
    settled(world, run_id, "first", TWO)
    other = deployed(world, built("three", first, right, third))
    world.transport.deaf = True
    assert ticked(other, run_id, minutes=20).status is Status.FAILED
    world.transport.deaf = False

    other.dispatch(RerunFrom(run_id=run_id, stage_id="right"))
    run = other.finish(run_id)

    assert run.status is Status.COMPLETED
    assert world.stages(run_id)["first"].generation == 0


def test_a_rerun_keeps_nothing_that_is_defined_otherwise_by_now(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    other = deployed(world, RENAMED)

    with pytest.raises(IllegalTransitionError, match="defined otherwise"):
        other.dispatch(RerunFrom(run_id=run_id, stage_id="third"))

    assert world.run(run_id).generation == 0


def test_a_cancel_needs_no_definition(world: World) -> None:
    run_id = begin(world, "three")

    result = deployed(world).dispatch(CancelRun(run_id=run_id))

    assert result.cancelled


def test_an_unknown_workflow_is_no_failure_of_the_tick(world: World) -> None:
    begin(world, "three")
    world.pass_time(2 * A_MINUTE)

    result = deployed(world).dispatch(Tick())

    assert result.failed == 0


def test_a_run_is_known_by_the_definition_that_made_its_last_group(world: World) -> None:
    created = world.create("three", {"value": 1})
    begun = begin(world, "three")
    newer = deployed(world, built("three", first, right, third))

    newer.dispatch(ClaimPending(run_ids=[created]))
    execute(newer, begun, "first")

    made = newer.ports.registry.workflow("three").fingerprint
    assert {world.run(run_id).fingerprint for run_id in (created, begun)} == {made}
    assert newer.finish(created).status is newer.finish(begun).status is Status.COMPLETED


def test_what_a_newer_definition_began_is_not_taken_for_an_older_one(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    deployed(world, RENAMED).dispatch(ClaimPending(run_ids=[run_id]))
    world.transport.deaf = True

    early = ticked(world, run_id, minutes=14)
    late = ticked(world, run_id, minutes=20)

    assert early.status is Status.RUNNING
    assert (late.status, late.error and late.error.code) == (Status.FAILED, "DEFINITION_CHANGED")


def test_a_sibling_that_was_left_over_does_not_cost_a_run_that_waits_for_something_else(
    world: World,
) -> None:
    run_id = begin(world, "diamond")
    for stage_id in ("first", "left", "right"):
        settled(world, run_id, stage_id, TWO)
    world.dispatch(AdvanceRun(run_id=run_id))
    waits = suspending(poll_every=timedelta(hours=12))
    settled(world, run_id, "join", waits)

    run = ticked(deployed(world), run_id, minutes=30)

    assert run.status is Status.RUNNING
    assert not world.stages(run_id)["left"].unadvanced


@pytest.mark.parametrize("aside", [False, True])
def test_an_answer_waits_for_whoever_has_a_definition_that_fits(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    elsewhere = deployed(world, built(run.stage.workflow_id, third, first, asks([])))
    before = world.persistence.snapshot(run.run_id)

    with pytest.raises(DefinitionChangedError, match="elsewhere"):
        elsewhere.dispatch(ResumeStage(token=run.token, output={"value": 1}))

    assert world.persistence.snapshot(run.run_id) == before
    assert run.answer({"value": 1}).resumed
    assert world.finish(run.run_id).status is Status.COMPLETED
