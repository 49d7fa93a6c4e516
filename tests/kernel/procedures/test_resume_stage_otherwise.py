"""A link that is called while another definition of its workflow is deployed."""

from dataclasses import replace
from typing import Final

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import workflow
from kernel.errors import DefinitionChangedError
from kernel.model.json import Json
from tests.support.calling import asked, asks
from tests.support.workflows import Number, first, second
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
TWO: Final[Json] = {"value": 2}


@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_a_process_whose_definition_does_not_fit_takes_no_answer(
    world: World, *, aside: bool, known: bool
) -> None:
    run = asked(world, aside=aside)
    id_ = run.stage.workflow_id
    moved = workflow(id_, input=Number).pipe(first).pipe(second).pipe(asks([])).build()
    registry = MemoryRegistry([moved] if known else [])
    before = world.stages(run.run_id)

    other = replace(run, world=World(ports=replace(world.ports, registry=registry)))
    with pytest.raises(DefinitionChangedError):
        other.answer(TWO)

    assert world.stages(run.run_id) == before
    assert run.answer(TWO).resumed


def test_one_that_adds_to_what_was_made_takes_the_answer(world: World) -> None:
    run = asked(world)
    longer = workflow("asking", input=Number).pipe(first).pipe(asks([])).build()
    registry = MemoryRegistry([longer])

    other = replace(run, world=World(ports=replace(world.ports, registry=registry)))

    assert other.answer(TWO).resumed
    assert world.finish(run.run_id).completed_at is not None
