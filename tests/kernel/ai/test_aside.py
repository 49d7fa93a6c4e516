"""What is awaited goes where an executor carries it out."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.authoring import PrivateModel, StageContext, stage, workflow
from kernel.errors import InvalidInputError, NotConfiguredError
from tests.kernel.ai.desks import MODEL, Office
from tests.support.workflows import Number
from tests.support.world import World

THREADS = 8


def test_without_an_executor_nothing_is_awaited() -> None:
    with pytest.raises(NotConfiguredError, match="executor"):
        _ = Office().ai.aio


def test_a_tool_is_a_plain_function() -> None:
    async def height(place: str) -> int:
        return 3

    with pytest.raises(InvalidInputError, match="it is async"):
        Office().ai.generate_text("How high?", tools=[height], model=MODEL)


@stage
def all_at_once(ctx: StageContext[Number, None]) -> int:
    start = threading.Barrier(THREADS, timeout=20)

    def ask(number: int) -> str:
        start.wait()
        return ctx.ai.generate_text(f"What is {number}?", model="own:echo").text

    with ThreadPoolExecutor(THREADS) as pool:
        return len(list(pool.map(ask, range(THREADS))))


def test_threads_of_a_stage_that_ask_at_once_have_lines_of_their_own(world: World) -> None:
    model = PrivateModel(name="own:echo", answer=lambda request: request.model)
    built = workflow("hasty", input=Number).register_models(model).pipe(all_at_once).build()
    world.learn(built)
    run_id = world.create("hasty", {"value": 1})

    world.finish(run_id)

    assert len({call.id for call in world.persistence.calls(run_id)}) == THREADS
