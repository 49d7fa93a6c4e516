"""Defects of the reference engine, outbox, growth and types: here each is a rule that holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from adapters.system.clock import SystemClock
from kernel.authoring import Stage, StageContext, Workflow, stage, workflow
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.event import Event
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.event_sink import Published
from kernel.procedures.publish_events import PublishEvents
from kernel.procedures.replay_dead_letters import ReplayDeadLetters
from kernel.procedures.rerun_from import RerunFrom
from tests.promises.scenes import ALL_TYPES, at_commit, cancel, quiet, rerun
from tests.support.builders import NOON
from tests.support.moves import A_LEASE, A_MINUTE, begin, claimed, execute, settle, success
from tests.support.steering import SteeredBlobStore, SteeredSink
from tests.support.turns import LONG_PAGE, Page
from tests.support.world import World


class Choosy(SteeredSink):
    """Takes nothing of the run *refused*."""

    refused: str = ""

    def publish(self, events: Sequence[Event]) -> Published:
        if any(event.run_id == self.refused for event in events):
            raise UnavailableError("That one is too much for me.")
        return super().publish(events)


def test_d05_a_key_is_for_one_kind_of_request_and_answers_with_ids_only(world: World) -> None:
    run_id = world.create("three", {"value": 1}, idempotency_key="order-7")
    world.finish(run_id)

    made = world.dispatch(RerunFrom(run_id=run_id, stage_id="third", idempotency_key="order-7"))

    record = world.persistence.idempotency("run.create", "order-7")
    assert made.rerun
    assert record is not None
    assert {*vars(record)} == {"command", "key", "digest", "run_id", "generation", "expires_at"}
    world.finish(run_id)


def test_d22_a_run_whose_events_cannot_be_sent_holds_up_no_other(world: World) -> None:
    stuck, other = quiet(world, "fan"), quiet(world, "three")
    choosy = Choosy()
    choosy.refused = stuck
    world.ports = replace(world.ports, sink=choosy)
    world.pass_time(A_MINUTE)

    world.tick()

    assert [event.run_id for event in choosy.events] == [other, other]
    assert len(world.run(stuck).outbox) == 2
    choosy.refused = ""
    cancel(world, stuck)
    cancel(world, other)


def test_d23_two_who_flush_at_once_say_the_same_under_the_same_ids_and_in_order(
    world: World,
) -> None:
    world.policy = ALL_TYPES
    run_id = quiet(world, "fan")
    world.drain()
    world.sink.down = False
    at_commit(world, 1, lambda: world.dispatch(PublishEvents(run_ids=[run_id])))

    world.dispatch(PublishEvents(run_ids=[run_id]))

    half = len(world.sink.events) // 2
    told = [event.id for event in world.sink.events]
    sequences = [event.sequence for event in world.sink.events]
    assert told[:half] == told[half:]
    assert sequences[:half] == sorted(sequences[:half])
    assert world.run(run_id).status is Status.COMPLETED
    assert world.run(run_id).outbox == ()


def test_d23_a_dead_letter_is_replayed_in_its_place(world: World) -> None:
    world.policy = Policy(publish_tries=1)
    world.sink.refuses = frozenset({"workflow:started"})
    run_id = begin(world, "three")
    world.finish(run_id)
    gap = [*world.sink.types]
    world.sink.refuses = frozenset()
    at_commit(world, 1, lambda: world.dispatch(ReplayDeadLetters()))

    world.dispatch(ReplayDeadLetters())

    in_order = sorted(world.sink.events, key=lambda event: event.sequence)
    assert gap == ["workflow:created", "workflow:completed"]
    assert [*world.sink.types] == [*gap, "workflow:started"]
    assert [event.type for event in in_order] == [gap[0], "workflow:started", gap[1]]


def test_d24_a_run_whose_time_has_come_is_removed_with_its_blobs(world: World) -> None:
    world.policy = Policy(inline_limit=0, bell_limit=0)
    run_id = begin(world, "diamond", annotations={"ticket": 7})
    world.finish(run_id)
    rerun(world, run_id, "join")
    world.finish(run_id)
    world.pass_time(timedelta(days=30))
    world.blobs.down = True
    world.tick()
    kept = world.blobs.keys(f"runs/{run_id}/")
    world.blobs.down = False

    world.pass_time(A_MINUTE)
    world.tick()

    with pytest.raises(NotFoundError):
        world.run(run_id)
    left = [*world.persistence.past(run_id), *world.persistence.annotations(run_id)]
    assert len(kept) > 4
    assert [*left, *world.blobs.keys(f"runs/{run_id}/")] == []


class CountingBlobs(SteeredBlobStore):
    """Counts what is read."""

    read: int = 0

    def get(self, key: str) -> bytes:
        self.read += 1
        return super().get(key)


def passing(nth: int) -> Stage[Page, Page]:
    """Return a stage that hands on what it gets."""

    @stage(id=f"s{nth}")
    def hands_on(ctx: StageContext[Page, None]) -> Page:
        return ctx.input

    return hands_on


def piped(stages: Sequence[Stage[Page, Page]]) -> Workflow:
    flow: Any = workflow("long", input=Page)
    built: Workflow = reduce(lambda so_far, each: so_far.pipe(each), stages, flow).build()
    return built


def test_d25_a_stage_reads_one_output_however_many_stages_came_before(world: World) -> None:
    stages = [passing(nth) for nth in range(8)]
    world.learn(piped(stages))
    blobs = CountingBlobs()
    world.ports = replace(world.ports, blobs=blobs)
    run_id = world.create("long", LONG_PAGE)
    world.answer_one()
    before = blobs.read

    read = [(execute(world, run_id, each.id), blobs.read)[1] for each in stages]

    assert world.run(run_id).status is Status.COMPLETED
    assert read == [before + nth for nth in range(1, 9)]


def test_d26_every_moment_is_of_the_one_clock_and_comes_back_as_it_went_in(world: World) -> None:
    run_id = begin(world, "three")
    world.pass_time(A_MINUTE)

    run = world.finish(run_id)

    stages = world.stages(run_id).values()
    moments = [run.created_at, run.started_at, run.completed_at]
    moments += [one.completed_at for one in stages]
    assert moments == [NOON, NOON, NOON + A_MINUTE, *[NOON + A_MINUTE] * 3]
    assert {event.at for event in world.sink.events} == {NOON, NOON + A_MINUTE}


def off_by(world: World, difference: timedelta) -> World:
    """Return the same world, seen by a process whose machine is off and that asks the store."""
    clock = SystemClock(machine=lambda: world.now + difference)

    def ask() -> None:
        clock.asks()
        clock.hears(world.now)

    clock.consult_first(ask)
    return World(ports=replace(world.ports, clock=clock), policy=world.policy)


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_d26_a_clock_that_is_ahead_reaps_no_healthy_stage(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE - A_MINUTE)

    off_by(world, 2 * A_LEASE).tick()

    assert world.stages(run_id)[stage_id].lease == held.stage.lease
    assert settle(world, held, success({"value": 2})) is not None
    world.finish(run_id)


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_d26_a_clock_that_is_behind_writes_no_lease_that_ends_early(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    held = claimed(off_by(world, -2 * A_LEASE), run_id, stage_id)
    world.pass_time(A_LEASE - A_MINUTE)

    world.tick()

    assert world.stages(run_id)[stage_id].lease == held.stage.lease
    assert settle(world, held, success({"value": 2})) is not None
    world.finish(run_id)
