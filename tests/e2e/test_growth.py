"""What is stored and finished costs nobody anything: ten thousand runs of it are not noticed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Any, Protocol

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from adapters.dynamodb import keys
from adapters.dynamodb.item_store import Items
from adapters.dynamodb.keys import Key
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.operations import Put
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.dynamodb.table_items import TableItems
from adapters.memory import SeededEntropy
from adapters.system.clock import SystemClock
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.queries.show_run import show_run
from tests.e2e.counting import Count, CountingItems, counted
from tests.e2e.flows import ferry
from tests.support.aws import REGION, a_session
from tests.support.tables import make_table
from tests.support.world import A_MINUTE, World, memory_ports

STORED = 10_000
TABLE = "growth"
A_BATCH = 25
ROUNDS = 5


class Store(Protocol):
    """A table that can be filled from outside. *times* there mean something, or do not."""

    @property
    def times(self) -> bool: ...

    @property
    def items(self) -> Items: ...

    def rows(self, run_id: str) -> Sequence[Any]:
        """Return all that lies under the run, as JSON."""
        ...

    def fill(self, rows: Iterator[Any]) -> None: ...


@dataclass(frozen=True)
class MemoryStore:
    """It looks at each item whatever is asked, and so its times say nothing."""

    items: MemoryItems = field(default_factory=MemoryItems)
    times: bool = False

    def rows(self, run_id: str) -> Sequence[Any]:
        return list(self.items.query(keys.partition(run_id), ""))

    def fill(self, rows: Iterator[Any]) -> None:
        for row in rows:
            self.items.write([Put(key=Key(pk=row["pk"], sk=row["sk"]), item=row)])


@dataclass(frozen=True)
class TableStore:
    client: DynamoDBClient
    times: bool = True

    @property
    def items(self) -> Items:
        clock, entropy = SystemClock(), SeededEntropy(1)
        return TableItems(table=TABLE, region=REGION, clock=clock, entropy=entropy)

    def rows(self, run_id: str) -> Sequence[Any]:
        return self.client.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.partition(run_id)}},
        )["Items"]

    def fill(self, rows: Iterator[Any]) -> None:
        def next_batch() -> list[Any]:
            return [{"PutRequest": {"Item": row}} for row in islice(rows, A_BATCH)]

        while batch := next_batch():
            self.client.batch_write_item(RequestItems={TABLE: batch})


ON_MINISTACK = pytest.param("ministack", marks=[pytest.mark.ministack, pytest.mark.slow])


@pytest.fixture(params=["memory", ON_MINISTACK])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    request.getfixturevalue("on_ministack")
    client = a_session().client("dynamodb")
    make_table(client, TABLE)
    return TableStore(client)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one thing took; *seconds*, which are for reading only, at best."""

    calls: Counter[str]
    count: Count
    seconds: float = field(compare=False)

    def told(self, *, times: bool) -> str:
        spent = f", {self.seconds * 1000:.0f} ms" if times else ""
        return f"{self.calls.total()} port calls, {self.count}{spent}"


@dataclass(kw_only=True)
class Engine:
    """A kernel whose every call is counted."""

    counting: CountingItems
    calls: list[str] = field(default_factory=list)
    taken: dict[str, Taken] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = memory_ports([ferry], persistence=DynamoPersistence(self.counting))
        self.steered = World(ports=ports)
        self.world = World(ports=counted(ports, self.calls))

    def taken_now(self, name: str) -> Mapping[str, Taken]:
        """Return what each kind of command and each kind of tick takes just now."""
        self.taken.clear()
        for nth in range(ROUNDS):
            self._play(f"{name}-{nth}")
        return dict(self.taken)

    def _play(self, run_id: str) -> None:
        world, lost_id = self.world, f"{run_id}-lost"
        self._measure("run.create", lambda: self._create(run_id))
        for bell in ("run.claimPending", "job.execute, the first", "job.execute, the last"):
            self._measure(bell, world.answer_one)
        self._measure("show", lambda: show_run(world.ports, run_id))
        self._measure("tick, idle", world.tick)
        self.steered.transport.deaf = True
        self._create(lost_id)
        self.steered.transport.deaf = False
        world.pass_time(2 * A_MINUTE)
        self._measure("tick, with a bell that was lost", world.tick)
        self._measure("run.cancel", lambda: world.dispatch(CancelRun(run_id=lost_id)))
        world.drain()
        assert world.run(run_id).status is Status.COMPLETED
        assert world.run(lost_id).status is Status.CANCELLED

    def _create(self, run_id: str) -> None:
        self.world.create("ferry", {"tons": 1}, run_id=run_id, idempotency_key=run_id)

    def _measure(self, what: str, happen: Callable[[], object]) -> None:
        self.calls.clear()
        count, begun = self.counting.count, perf_counter()
        happen()
        seconds = perf_counter() - begun
        known = self.taken.get(what)
        taken = Taken(
            calls=Counter(self.calls),
            count=self.counting.count - count,
            seconds=min(seconds, known.seconds) if known else seconds,
        )
        assert known in (None, taken), f"{what} once took {known}, once {taken}"
        self.taken[what] = taken


def test_ten_thousand_finished_runs_cost_neither_a_command_nor_a_tick_anything(
    store: Store,
) -> None:
    engine = Engine(counting=CountingItems(inner=store.items))
    before = engine.taken_now("before")

    rows = store.rows("before-1")
    store.fill(copies(rows, of="before-1"))
    after = engine.taken_now("after")

    print(f"\nBefore there were {STORED} finished runs of {len(rows)} items, and after:")
    for what, taken in before.items():
        told = (each.told(times=store.times) for each in (taken, after[what]))
        print(f"{what}:\n  " + "\n  ".join(told))
    assert len(store.rows("copy-09999")) == len(rows) == 4
    assert after == before


def copies(rows: Sequence[Any], *, of: str) -> Iterator[Any]:
    text = json.dumps(rows)
    for nth in range(STORED):
        yield from json.loads(text.replace(of, f"copy-{nth:05}"))
