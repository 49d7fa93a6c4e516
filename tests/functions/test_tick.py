"""The cron event: chores within the time, and what was done, told and counted."""

from datetime import timedelta

import pytest

from functions.tick import handler
from kernel.authoring import StageContext, stage
from kernel.model.status import Status
from tests.functions.samples import FakeContext, metrics, sample
from tests.support.moves import begin_alone
from tests.support.workflows import Number
from tests.support.world import World


def test_what_is_due_is_done_and_told(world: World, context: FakeContext) -> None:
    run_id = world.create("three", {"value": 1})
    world.pass_time(timedelta(minutes=2))

    done = handler(sample("schedule_tick.json"), context)

    assert (done["claimed"], done["left"]) == (1, 0)
    assert world.run(run_id).status is Status.RUNNING


def test_an_idle_tick_sends_no_metrics(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    done = handler(sample("schedule_tick.json"), context)

    assert set(done.values()) == {0}
    assert "_aws" not in capsys.readouterr().out


def test_what_was_done_is_counted(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    world.create("three", {"value": 1})
    world.pass_time(timedelta(minutes=2))

    handler(sample("schedule_tick.json"), context)

    assert (
        metrics(capsys.readouterr().out).items()
        >= {
            "TickClaimed": [1.0],
            "RunsStarted": [1.0],
        }.items()
    )


def test_an_event_that_is_given_up_on_is_counted(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    world.create("three", {"value": 1})
    world.sink.refuses = frozenset({"workflow:created"})
    capsys.readouterr()

    for _ in range(20):
        world.pass_time(timedelta(minutes=16))
        handler(sample("schedule_tick.json"), context)

    lines = [line for line in capsys.readouterr().out.splitlines() if "EventsDeadLettered" in line]
    assert [metrics(line)["EventsDeadLettered"] for line in lines] == [[1.0]]


def test_bells_that_nobody_may_hear_are_counted(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    @stage(queue="heavy")
    def lift(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    begin_alone(world, lift)
    world.pass_time(timedelta(minutes=2))

    handler(sample("schedule_tick.json"), context)

    counted = metrics(capsys.readouterr().out)
    assert counted["BellsUnserved"] == counted["TickRung"]


def test_a_tick_that_has_no_time_leaves_what_is_due(world: World) -> None:
    world.create("three", {"value": 1})
    world.pass_time(timedelta(minutes=2))

    done = handler(sample("schedule_tick.json"), FakeContext(left=timedelta(seconds=10)))

    assert (done["claimed"], done["left"]) == (0, 1)


@pytest.mark.usefixtures("missing_table")
def test_without_its_table_it_stops_and_names_the_variable(
    context: FakeContext,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = handler(sample("schedule_tick.json"), context)

    assert done == {}
    assert "check HEADRACE_TABLE" in caplog.text
    assert "TickUnavailable" in capsys.readouterr().out
