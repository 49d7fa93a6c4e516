"""Each body goes to the executor that its stage is named for."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.memory import InlineExecutor
from adapters.system.executor import LocalExecutor
from adapters.system.routing import RoutingExecutor
from kernel.authoring import StageContext, stage, workflow
from kernel.ports.executor import AttemptKey, BodyStoppedError, BodyTimeoutError, Executor
from tests.conformance.executor import AN_ATTEMPT, ENOUGH, ExecutorContract
from tests.support.moves import begin
from tests.support.turns import Turns
from tests.support.workflows import ALL, Number
from tests.support.world import World, memory_ports

SHORT: Final = timedelta(milliseconds=30)
AT_ONCE: Final = timedelta(milliseconds=1)
FOREVER: Final = threading.Event()


class NotingExecutor(InlineExecutor):
    """Remembers whose bodies it ran."""

    def __init__(self) -> None:
        self.ran: list[AttemptKey] = []

    def run(
        self, body: Callable[[], Any], *, of: AttemptKey, within: timedelta, **more: Any
    ) -> Any:
        self.ran.append(of)
        return super().run(body, of=of, within=within, **more)


class TestRoutingExecutorElsewhere(ExecutorContract):
    @pytest.fixture
    def executor(self) -> Executor:
        return RoutingExecutor({AN_ATTEMPT.stage_id: LocalExecutor()}, otherwise=never)


class TestRoutingExecutorOtherwise(ExecutorContract):
    @pytest.fixture
    def executor(self) -> Executor:
        return RoutingExecutor({"another": InlineExecutor()}, otherwise=LocalExecutor)


@pytest.fixture
def mine() -> NotingExecutor:
    return NotingExecutor()


@pytest.fixture
def others() -> NotingExecutor:
    return NotingExecutor()


def never() -> Executor:
    raise AssertionError("No other executor was to be made.")


def test_a_named_stage_runs_elsewhere_and_all_others_do_not(
    mine: NotingExecutor, others: NotingExecutor
) -> None:
    executor = RoutingExecutor({"split": mine}, otherwise=lambda: others)
    count = replace(AN_ATTEMPT, stage_id="count")

    executor.run(int, of=AN_ATTEMPT, within=ENOUGH)
    executor.run(int, of=count, within=ENOUGH)

    assert (mine.ran, others.ran) == ([AN_ATTEMPT], [count])


def test_a_stage_of_one_workflow_goes_before_all_stages_of_that_name(
    mine: NotingExecutor, others: NotingExecutor
) -> None:
    executor = RoutingExecutor({"split": others, "reports/split": mine}, otherwise=never)
    elsewhere = replace(AN_ATTEMPT, workflow_id="letters")

    executor.run(int, of=AN_ATTEMPT, within=ENOUGH)
    executor.run(int, of=elsewhere, within=ENOUGH)

    assert (mine.ran, others.ran) == ([AN_ATTEMPT], [elsewhere])


def test_the_executor_of_all_others_is_made_once_whoever_comes_first() -> None:
    together = threading.Barrier(8)
    made: list[Executor] = []

    def make() -> Executor:
        made.append(InlineExecutor())
        return made[-1]

    executor = RoutingExecutor({}, otherwise=make)

    def run(_: int) -> object:
        together.wait()
        return executor.run(threading.get_ident, of=AN_ATTEMPT, within=ENOUGH)

    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(run, range(8)))

    assert len(ran) == 8
    assert len(made) == 1


def test_the_executor_of_all_others_is_not_made_for_a_question(mine: NotingExecutor) -> None:
    executor = RoutingExecutor({"split": mine}, otherwise=never)

    assert not executor.tainted


def test_one_that_could_not_be_made_is_made_for_the_next(others: NotingExecutor) -> None:
    makes = Turns[Executor](OSError("no processor"), others)
    executor = RoutingExecutor({}, otherwise=makes.take)
    with pytest.raises(OSError, match="no processor"):
        executor.run(int, of=AN_ATTEMPT, within=ENOUGH)

    executor.run(int, of=AN_ATTEMPT, within=ENOUGH)

    assert others.ran == [AN_ATTEMPT]


@pytest.mark.parametrize("stage_id", ["split", "count"])
def test_a_body_left_behind_by_any_of_them_taints_the_whole(stage_id: str) -> None:
    release = threading.Event()
    executor = RoutingExecutor(
        {"split": LocalExecutor(grace=AT_ONCE)}, otherwise=lambda: LocalExecutor(grace=AT_ONCE)
    )

    with pytest.raises(BodyTimeoutError):
        executor.run(release.wait, of=replace(AN_ATTEMPT, stage_id=stage_id), within=SHORT)

    tainted = executor.tainted
    release.set()
    assert tainted


def test_the_engine_says_whose_body_it_is(mine: NotingExecutor, others: NotingExecutor) -> None:
    executor = RoutingExecutor({"waiting/wait": mine}, otherwise=lambda: others)
    world = World(ports=memory_ports(ALL, executor=executor))
    run_id = begin(world, "waiting")

    world.finish(run_id)

    body = AttemptKey(
        run_id=run_id, workflow_id="waiting", stage_id="wait", generation=0, attempt=1
    )
    assert mine.ran == [body] * 4
    assert [of.stage_id for of in others.ran] == ["first", "second"]


def test_a_condition_runs_where_its_stages_body_does(mine: NotingExecutor) -> None:
    @stage(id="only", when=lambda _: True)
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    executor = RoutingExecutor({"only": mine}, otherwise=never)
    alone = workflow("alone", input=Number).pipe(only).build()
    world = World(ports=memory_ports([alone], executor=executor))

    world.finish(begin(world, "alone"))

    assert [of.stage_id for of in mine.ran] == ["only", "only"]


@pytest.mark.parametrize("stage_id", ["split", "count"])
def test_all_that_can_be_stopped_are_those_included_that_are_made_later(stage_id: str) -> None:
    routes: dict[str, Executor] = {"split": LocalExecutor(), "inline": InlineExecutor()}
    executor = RoutingExecutor(routes, otherwise=LocalExecutor)

    executor.stop()

    assert executor.is_stopping
    with pytest.raises(BodyStoppedError):
        executor.run(FOREVER.wait, of=replace(AN_ATTEMPT, stage_id=stage_id), within=ENOUGH)
