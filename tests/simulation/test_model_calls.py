"""Whatever process dies, wherever: what models cost is on the bill, and nothing is there twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel

from adapters.memory import MemoryRegistry, ScriptedBatches, ScriptedModel
from kernel.authoring import (
    BatchItem,
    BatchProgress,
    Failed,
    NotReady,
    PrivateModel,
    Ready,
    StageContext,
    Suspend,
    Usd,
    Workflow,
    batch_stage,
    stage,
    workflow,
)
from kernel.model.call import CallState, Tally
from kernel.model.message import ModelReply, ModelRequest, Text, Usage
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from tests.simulation.schedules import MakePorts, Play, places, prepare
from tests.support.saboteurs import Fate
from tests.support.workflows import Number

MODEL = "scripted:one"
PRICED = PrivateModel(name=MODEL, input_price=Usd("2"), output_price=Usd("10"))
# 1,000 tokens in and 100 out.
A_CALL = 3_000_000
ITEMS = 3
# 100 tokens in and 20 out, at half the price.
A_LINE = 200_000


class Said(BaseModel):
    words: list[str]


@stage
def ask(ctx: StageContext[Number, None]) -> Number:
    ctx.ai.generate_text("How?", model=MODEL)
    ctx.ai.generate_text("Why?", model=MODEL)
    return ctx.input


@stage
def ask_too(ctx: StageContext[Number, None]) -> Number:
    ctx.ai.generate_text("When?", model=MODEL)
    return ctx.input


@batch_stage
class AskMany:
    def execute(self, ctx: StageContext[Number, None]) -> Suspend[BatchProgress]:
        items = [BatchItem(id=f"i{n}", prompt=f"word {n}") for n in range(ITEMS)]
        return ctx.ai.batch(MODEL).submit(items)

    def check(
        self, ctx: StageContext[Number, None], state: BatchProgress
    ) -> Ready[Said] | NotReady | Failed:
        found = ctx.ai.batch(MODEL).check(state)
        if isinstance(found, NotReady | Failed):
            return found
        return Ready(Said(words=sorted(found.values().values())))


def _built() -> Iterator[Workflow]:
    yield workflow("asking", input=Number).register_models(PRICED).pipe(ask).build()
    side_by_side = workflow("asking-both", input=Number, budget=Usd("1")).register_models(PRICED)
    yield side_by_side.parallel(ask, ask_too).build()
    yield workflow("asking-many", input=Number).register_models(PRICED).pipe(AskMany).build()


FLOWS = {flow.id: flow for flow in _built()}


@pytest.fixture
def make_asking_ports(make_ports: MakePorts) -> MakePorts:
    def made() -> Ports:
        ports = make_ports()
        return replace(
            ports,
            models=ScriptedModel(script=_reply),
            batches=ScriptedBatches(clock=ports.clock, takes=timedelta(minutes=2)),
            registry=MemoryRegistry(FLOWS.values()),
        )

    return made


def _reply(request: ModelRequest) -> ModelReply:
    return ModelReply(parts=(Text(text="So."),), usage=Usage(input=1_000, output=100))


@pytest.mark.parametrize("workflow_id", FLOWS)
def test_the_bill_is_right_after_a_crash_at_every_place(
    make_asking_ports: MakePorts, workflow_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    most = places(make_asking_ports, workflow_id)

    played = [
        prepare(make_asking_ports, workflow_id, Fate(place=place, after=after)).to_its_end()
        for place in range(1, most + 1)
        for after in (False, True)
    ]

    with capsys.disabled():
        lost = sum(bill_of(play).in_flight for play in played)
        print(
            f"\n{workflow_id}: {len(played)} runs, a crash before and after {most} port calls;"
            f" {lost} calls were lost with their worker, and are on the bill as such"
        )
    assert [fault for one in played for fault in faults(one)] == []


@pytest.mark.parametrize("workflow_id", FLOWS)
def test_without_a_crash_each_call_is_made_once(
    make_asking_ports: MakePorts, workflow_id: str
) -> None:
    play = prepare(make_asking_ports, workflow_id, Fate()).to_its_end()

    cost = {"asking": 2 * A_CALL, "asking-both": 3 * A_CALL, "asking-many": ITEMS * A_LINE}
    assert bill_of(play).cost == cost[workflow_id]
    assert bill_of(play).in_flight == 0


def bill_of(play: Play) -> Tally:
    bill = play.ports.persistence.bill(play.run_id)
    assert bill is not None
    return bill.total


def faults(play: Play) -> list[str]:
    """Return what went wrong, if anything did."""
    store = play.ports.persistence
    calls = list(store.calls(play.run_id))
    bill = store.bill(play.run_id)
    assert bill is not None
    month = f"{play.ports.clock.now():%Y-%m}"
    spent = sum(each.tally.cost for each in store.spending("workflow", month))
    begun = [call for call in calls if call.state is CallState.BEGUN]
    checks = {
        f"the run is {play.run.status}": play.run.status is Status.COMPLETED,
        "the bill is not the sum of its lines": (
            bill.total == sum((call.tally for call in calls), start=Tally())
        ),
        "the budget counts something else": bill.committed == bill.total.cost + bill.total.held,
        "the topics have spent something else": spent == bill.total.cost,
        "more than one call was lost in one crash": len(begun) <= 1,
        **_made(play),
    }
    return [f"{play.fate}: {fault}" for fault, holds in checks.items() if not holds]


def _made(play: Play) -> dict[str, bool]:
    """Compare what is on the bill with what the providers were asked."""
    total, batches, models = bill_of(play), play.ports.batches, play.ports.models
    assert isinstance(batches, ScriptedBatches)
    assert isinstance(models, ScriptedModel)
    if play.workflow_id == "asking-many":
        return {
            f"it was handed in {len(batches.handed_in)} times": len(batches.handed_in) == 1,
            f"the batch cost {total.cost}": total.cost == ITEMS * A_LINE,
        }
    asked = len(models.asked)
    return {
        f"{asked} calls were made, {total.calls} are paid and {total.in_flight} lost": (
            total.calls <= asked <= total.calls + total.in_flight
        )
    }
