"""A stage alone in its group may share an instant with its run; neither puts off the other."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import MemoryPersistence
from kernel.commands.claim_poll import ClaimPoll
from kernel.commands.close_run import CloseRun
from kernel.commands.settle_poll import SettlePoll
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.model.verdict import Waiting
from kernel.ports.persistence import Persistence
from kernel.procedures.publish_events import PublishEvents
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports


def items() -> Persistence:
    return DynamoPersistence(MemoryItems())


@pytest.mark.parametrize("make", [MemoryPersistence, items])
def test_a_poll_that_goes_on_waiting_does_not_put_off_a_close(
    make: Callable[[], Persistence],
) -> None:
    world = World(ports=memory_ports(persistence=SteeredPersistence(make())))
    run_id = world.create("waiting", {"value": 1})
    world.drain()
    world.dispatch(PublishEvents(run_ids=[run_id]))
    world.pass_time(timedelta(hours=1))
    [waits] = [s for s in world.stages(run_id).values() if s.status is Status.SUSPENDED]
    lasts = timedelta(minutes=2)
    polled = world.dispatch(ClaimPoll(key=waits.key, token="poll", lasts=lasts)).standing
    assert polled is not None
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    in_six_hours = Waiting(check_in=timedelta(hours=6))
    world.dispatch(SettlePoll(seen=polled, token="poll", verdict=in_six_hours))

    assert world.due()[0].at <= world.now + world.policy.grace


@pytest.mark.parametrize("make", [MemoryPersistence, items])
def test_a_poll_that_begins_as_its_run_is_closed_does_not_put_off_the_close(
    make: Callable[[], Persistence],
) -> None:
    world = World(ports=memory_ports(persistence=SteeredPersistence(make())))
    run_id = world.create("waiting", {"value": 1})
    world.drain()
    world.dispatch(PublishEvents(run_ids=[run_id]))
    world.pass_time(timedelta(hours=1))
    [waits] = [s for s in world.stages(run_id).values() if s.status is Status.SUSPENDED]
    closing = CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED))
    world.persistence.meanwhile(lambda: world.dispatch(closing))

    world.dispatch(ClaimPoll(key=waits.key, token="poll", lasts=timedelta(minutes=2)))

    assert world.run(run_id).closing is not None
    assert world.due()[0].at <= world.now + world.policy.grace
