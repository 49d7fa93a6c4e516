"""Twenty stages at once, in threads of their own, share one small budget."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any, Final, cast

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import MemoryPersistence
from kernel.authoring import StageContext, Workflow, stage, workflow
from kernel.errors import BudgetExceededError
from kernel.model.call import Bill
from kernel.model.money import dollars
from kernel.ports.persistence import Persistence, Standing
from tests.support.bills import begin_call, bill_of, call_of, calls_of, ended, limit, settle_call
from tests.support.moves import begin, claimed
from tests.support.steering import SteeredPersistence
from tests.support.workflows import Number
from tests.support.world import World, memory_ports

MANY: Final = 20
# In nanodollars.
COST: Final = 1_500_000
BUDGET: Final = 25_000_000


def twenty() -> Workflow:
    def one(number: int) -> Any:
        @stage(id=f"ask-{number}")
        def body(ctx: StageContext[Number, None]) -> Number:
            return ctx.input

        return body

    return workflow("twenty", input=Number).parallel(*map(one, range(MANY))).build()


def items() -> DynamoPersistence:
    return DynamoPersistence(MemoryItems())


class ReadTogether:
    """A store whose first readers of the bill have all read it before any of them goes on."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._together = Barrier(MANY)
        self._readers = count()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def bill(self, run_id: str) -> Bill | None:
        found: Bill | None = self._inner.bill(run_id)
        if next(self._readers) < MANY:
            self._together.wait()
        return found


def spend(world: World, held: Standing, reserved: int, together: Barrier) -> int:
    """Make one call after the other until one is refused, and return how many were made.

    The first ones are all in flight at the same moment.
    """
    for nth in count():
        call = call_of(world, held, id=f"{held.stage.id}-{nth:04}", reserved=reserved)
        try:
            begun = begin_call(world, held, call)
        except BudgetExceededError:
            if nth == 0:
                together.wait()
            return nth
        if nth == 0:
            together.wait()
        settle_call(world, ended(begun, cost=COST))
    raise AssertionError


@pytest.mark.parametrize("store", [MemoryPersistence, items], ids=["records", "items"])
@pytest.mark.parametrize("reserved", [1_000_000, COST, 2_000_000])
def test_they_overspend_by_no_more_than_the_calls_in_flight_were_taken_too_low(
    reserved: int, store: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    persistence = SteeredPersistence(cast("Persistence", ReadTogether(store())))
    world = World(ports=memory_ports([twenty()], persistence=persistence))
    run_id = begin(world, "twenty")
    holding = [claimed(world, run_id, f"ask-{number}") for number in range(MANY)]
    limit(world, run_id, BUDGET)
    together = Barrier(MANY)

    with ThreadPoolExecutor(MANY) as threads:
        asks = [threads.submit(spend, world, held, reserved, together) for held in holding]
    made = sum(each.result() for each in asks)

    bill = bill_of(world, run_id)
    too_much = max(bill.committed - BUDGET, 0)
    with capsys.disabled():
        print(
            f"\n{MANY} stages, ${dollars(BUDGET)} between them, ${dollars(reserved)} held back for"
            f" a call of ${dollars(COST)}: {made} calls, overspent by ${dollars(too_much)}"
        )
    assert bill.total.cost == bill.committed == made * COST == COST * len(calls_of(world, run_id))
    assert too_much <= MANY * max(COST - reserved, 0)
    assert bill.committed + reserved > BUDGET
