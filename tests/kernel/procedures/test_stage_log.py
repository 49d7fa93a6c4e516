"""An author's lines, each with the attempt that it belongs to."""

import pytest

from kernel.authoring import StageContext, stage
from kernel.model.json import Json
from kernel.ports.logbook import Level, LogEntry
from tests.support.moves import finish_alone
from tests.support.workflows import Number
from tests.support.world import World

WHERE: dict[str, Json] = {
    "run_id": "run-1",
    "workflow_id": "alone",
    "stage_id": "only",
    "generation": 0,
    "attempt": 1,
}


@pytest.mark.parametrize("level", list(Level))
def test_a_line_is_written_with_its_facts_and_its_place(world: World, level: Level) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        getattr(ctx.log, level.value.lower())("reading", pages=3)
        return ctx.input

    finish_alone(world, only)

    entry = LogEntry(level=level, message="reading", fields={"pages": 3, **WHERE})
    assert entry in world.logbook.entries


def test_no_fact_can_pretend_to_be_of_another_run(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.log.info("reading", run_id="another", attempt=99)
        return ctx.input

    finish_alone(world, only)

    assert LogEntry(level=Level.INFO, message="reading", fields=WHERE) in world.logbook.entries
