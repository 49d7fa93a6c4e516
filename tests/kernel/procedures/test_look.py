"""What one due record wants, and doing it."""

from dataclasses import replace

import pytest

from kernel.authoring import StageContext, stage
from kernel.commands.claim_poll import ClaimPoll
from kernel.errors import NotFoundError
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.ports.event_sink import Published
from kernel.ports.persistence import Due
from kernel.procedures.look import look_at_run, look_at_stage, put_off
from kernel.procedures.move import Chore
from tests.support.builders import a_presence, update_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    begin,
    begin_alone,
    claimed,
    settled,
    success,
    suspending,
)
from tests.support.steering import SteeredTransport
from tests.support.workflows import Number
from tests.support.world import World

NO_CAP: frozenset[Chore] = frozenset()


def test_a_bell_that_is_rung_again_goes_to_its_stages_queue(world: World) -> None:
    @stage(id="only", queue="heavy")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run_id = begin_alone(world, only, priority=9, tenant="acme")
    world.pass_time(A_MINUTE)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    bell = world.transport.last.bell
    assert done == {Chore.RING: 1, Chore.UNSERVED: 1}
    assert (bell.queue, bell.urgent, bell.tenant) == ("heavy", True, "acme")


def test_a_stage_waits_for_a_queue_that_is_lacking_and_is_rung_for_when_it_is_there(
    world: World,
) -> None:
    @stage(id="only", queue="gpu")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run_id = begin_alone(world, only)
    world.pass_time(A_MINUTE)
    look_at_run(world.kernel, run_id, NO_CAP)
    lacking = world.logbook.entries[-1]
    status = world.stages(run_id)["only"].status
    world.ports = replace(
        world.ports,
        transport=SteeredTransport(clock=world.clock, visibility=A_LEASE, queues=["gpu"]),
    )
    world.pass_time(10 * A_MINUTE)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    assert "no queue 'gpu'" in str(lacking.fields["error"])
    assert status is Status.PENDING
    assert done == {Chore.RING: 1, Chore.UNSERVED: 1}
    assert [delivery.bell.stage_id for delivery in world.transport.receive(queue="gpu")] == [
        "only"
    ]


def test_a_bell_of_one_of_several_that_is_rung_again_is_as_urgent_as_its_run(
    world: World,
) -> None:
    run_id = begin(world, "fan", priority=9, tenant="acme")
    world.pass_time(A_MINUTE)

    done = look_at_stage(world.kernel, world.stages(run_id)["left"].key, NO_CAP)

    bell = world.transport.last.bell
    assert done == {Chore.RING: 1}
    assert (bell.stage_id, bell.urgent, bell.tenant) == ("left", True, "acme")


def test_a_fresh_bell_is_not_rung_again(world: World) -> None:
    run_id = begin(world, "fan")
    world.pass_time(A_MINUTE / 2)
    before = len(world.transport.sent)

    done = look_at_stage(world.kernel, world.stages(run_id)["left"].key, NO_CAP)

    assert done == {}
    assert len(world.transport.sent) == before


def test_a_run_that_is_over_wants_nothing(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    assert done == {}


def test_a_stage_that_is_settled_and_followed_up_wants_nothing(world: World) -> None:
    run_id = begin(world, "fan")
    stage_ = settled(world, run_id, "left", success({"value": 2}))
    look_at_stage(world.kernel, stage_.key, NO_CAP)

    done = look_at_stage(world.kernel, stage_.key, NO_CAP)

    assert done == {}
    assert world.stages(run_id)["left"].due_at is None


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_stage_that_is_being_polled_is_not_rung_for(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    key = settled(world, run_id, stage_id, suspending(poll_every=A_MINUTE)).key
    world.pass_time(A_MINUTE)
    world.dispatch(ClaimPoll(key=key, token="theirs", lasts=A_MINUTE))
    before = len(world.transport.sent)

    done = look_at_stage(world.kernel, key, NO_CAP)

    assert done == {}
    assert len(world.transport.sent) == before


def test_a_suspended_stage_that_waits_for_nothing_is_not_polled(world: World) -> None:
    run_id = begin(world, "fan")
    stage_ = settled(world, run_id, "left", suspending())
    broken = update_stage(stage_, suspension=None)
    world.persistence.inner.commit([broken])
    world.pass_time(2 * A_MINUTE)

    done = look_at_stage(world.kernel, stage_.key, NO_CAP)

    assert done == {}
    world.persistence.inner.commit([update_stage(stage_, suspension=stage_.suspension)])


@pytest.mark.parametrize(
    "key", [None, StageKey(run_id="nobody", stage_id="left", group=1, solo=False)], ids=str
)
def test_what_is_gone_cannot_be_put_off(world: World, key: StageKey | None) -> None:
    with pytest.raises(NotFoundError):
        put_off(world.kernel, Due(run_id="nobody", at=world.now, stage=key))


@pytest.mark.parametrize("solo", [True, False])
def test_a_nomination_of_what_is_gone_is_passed_over(world: World, *, solo: bool) -> None:
    key = StageKey(run_id="nobody", stage_id="left", group=1, solo=solo)
    world.persistence.ghosts = [
        Due(run_id="nobody", at=world.now),
        Due(run_id="nobody", at=world.now, stage=key),
    ]
    run_id = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)

    result = world.tick()

    world.persistence.ghosts = []
    assert replace(result, failed=0, claimed=0) == type(result)()
    assert (result.failed, result.claimed) == (2, 1)
    assert world.run(run_id).status is Status.RUNNING


def test_a_sink_that_lets_nobody_in_keeps_no_stage_from_being_freed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> Published:
        raise PermissionError("Not you.")

    monkeypatch.setattr(world.sink, "publish", refuse)
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(2 * A_LEASE)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    monkeypatch.undo()
    assert Chore.REAP in done
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_bell_in_a_queue_that_is_served_is_not_unserved(world: World) -> None:
    @stage(id="only", queue="heavy")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run_id = begin_alone(world, only)
    world.pass_time(A_MINUTE)
    known = {"alone": world.ports.registry.workflow("alone").fingerprint}
    there = a_presence(fingerprints=known).renewed(at=world.now)
    world.ports.persistence.note_presence(there)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    assert done == {Chore.RING: 1}


def test_a_poll_that_nobody_may_make_is_unserved_too(world: World) -> None:
    @stage(id="only", queue="heavy")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run_id = begin_alone(world, only)
    settled(world, run_id, "only", suspending(poll_every=A_MINUTE))
    world.pass_time(A_MINUTE)

    done = look_at_run(world.kernel, run_id, NO_CAP)

    assert (done[Chore.POLL], done[Chore.UNSERVED]) == (1, 1)
