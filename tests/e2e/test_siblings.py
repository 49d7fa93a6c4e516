"""The widest group there may be, whose stages end as good as together: one of them goes on."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from adapters.dynamodb.item_store import Items
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.dynamodb.table_items import TableItems
from adapters.memory import MemoryJobTransport
from adapters.system.clock import SystemClock
from adapters.system.entropy import RandomEntropy
from functions.host import ServerlessHost
from kernel.authoring import Stage, StageContext, stage, workflow
from kernel.errors import EngineError
from kernel.model.status import Status
from kernel.ports.job_transport import Delivery
from tests.e2e.counting import Count, CountingItems
from tests.e2e.patience import A_MOMENT, LONG, is_quiet, until
from tests.e2e.witness import Witness
from tests.support.aws import REGION, a_session
from tests.support.tables import make_table
from tests.support.world import World, memory_ports

SIBLINGS = 49
WORKERS = 16
TABLE = "siblings"
A_TURN = 0.005


class Number(BaseModel):
    value: int


def sibling(nth: int) -> Stage[Number, Number]:
    @stage(id=f"sibling_{nth:02}")
    def body(ctx: StageContext[Number, None]) -> Number:
        return Number(value=ctx.input.value + nth)

    return body


@stage
def total(ctx: StageContext[dict[str, Number], None]) -> Number:
    return Number(value=sum(each.value for each in ctx.input.values()))


crowd = (
    workflow("crowd", input=Number)
    .parallel(*(sibling(nth) for nth in range(SIBLINGS)))
    .pipe(total)
    .build()
)


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.ministack)])
def items(request: pytest.FixtureRequest) -> Items:
    if request.param == "memory":
        return MemoryItems()
    request.getfixturevalue("on_ministack")
    make_table(a_session().client("dynamodb"), TABLE)
    return TableItems(table=TABLE, region=REGION, clock=SystemClock(), entropy=RandomEntropy())


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Workers on one world; they lay down their work where the group ends."""

    world: World
    over: threading.Event

    def answer_all(self) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            for worker in [pool.submit(self._work) for _ in range(WORKERS)]:
                worker.result()

    def _work(self) -> None:
        host, clock = ServerlessHost(self.world.kernel), SystemClock()
        end = clock.now() + LONG
        while not self.over.is_set() and clock.now() < end:
            deliveries = self.world.ports.transport.receive()
            for delivery in deliveries:
                self._answer(host, delivery)
            if not deliveries:
                self.over.wait(A_TURN)

    def _answer(self, host: ServerlessHost, delivery: Delivery) -> None:
        transport = self.world.ports.transport
        if delivery.bell.stage_id == total.id:
            self.over.set()
            # Not given back: a sixth worker to do that would make it a dead letter.
            transport.send([delivery.bell])
            transport.acknowledge(delivery)
            return
        try:
            host.handle_job(delivery.bell)
        except EngineError:
            transport.give_back(delivery, delay=A_MOMENT)
        else:
            transport.acknowledge(delivery)


@pytest.mark.usefixtures("restless")
def test_each_of_49_siblings_commits_once_and_one_of_them_goes_on(items: Items) -> None:
    counting = CountingItems(inner=items)
    witness = Witness(inner=DynamoPersistence(counting))
    clock = SystemClock()
    transport = MemoryJobTransport(clock=clock)
    ports = memory_ports([crowd], clock=clock, persistence=witness, transport=transport)
    world = World(ports=ports)
    run_id = world.create("crowd", {"value": 1})
    world.answer_one()

    before = counting.count
    Crew(world=world, over=threading.Event()).answer_all()
    taken = counting.count - before
    world.drain()
    until(lambda: is_quiet(ports, run_id))

    print(f"\n{SIBLINGS} siblings, {WORKERS} workers: {taken}; {_each(taken)} a sibling")
    stages = [id_ for id_ in world.stages(run_id) if id_ != total.id]
    assert len(stages) == SIBLINGS
    assert witness.completions == dict.fromkeys([*stages, total.id], 1)
    assert witness.advances == {1: 1, 2: 1}
    assert world.run(run_id).status is Status.COMPLETED
    assert world.output(run_id, total.id) == {"value": sum(range(1, SIBLINGS + 1))}


def _each(count: Count) -> str:
    return f"{count.reads / SIBLINGS:.1f} reads, {count.items / SIBLINGS:.1f} items"
