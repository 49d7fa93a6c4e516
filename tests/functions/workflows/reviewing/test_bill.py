"""Proves that the bill of a review is, to the nanodollar, what its calls come to."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from math import ceil
from typing import Any

import pytest

from functions.workflows.review import review
from functions.workflows.reviewing.reviewer import answer, reviewer
from kernel.authoring import ModelRequest, Text, Workflow
from kernel.engine import engine
from kernel.model.call import Bill, CallKind, CallState, ModelCall
from kernel.model.json import Json
from kernel.model.money import dollars
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.procedures.create_run import CreateRun
from kernel.procedures.rerun_from import RerunFrom
from kernel.procedures.tick import Tick
from tests.support.saboteurs import Crash, Fate, mortal
from tests.support.turns import Turns
from tests.support.world import A_MINUTE, World, memory_ports
from tests.support.world import answer as answer_bell

# Dollars a million tokens, written down here once more.
INPUT, OUTPUT = Decimal("0.80"), Decimal("4.00")
MILLION = 1_000_000
RUN = "run-1"
TWO: Json = {
    "reviews": [
        {"id": "a", "stars": 1, "text": "The parcel came late. I want a refund of $20."},
        {"id": "b", "text": "Great quality, the kettle is solid."},
    ]
}


@dataclass(kw_only=True)
class Recorder:
    """The offline model, which notes what it is asked and says."""

    tokens: list[tuple[int, int]] = field(default_factory=list)

    def answer(self, request: ModelRequest) -> str:
        said = answer(request)
        words = "".join(
            part.text
            for message in request.messages
            for part in message.parts
            if isinstance(part, Text)
        )
        schema = json.dumps(request.schema, separators=(",", ":"), ensure_ascii=False)
        asked = len(schema) + len(request.system or "") + len(words)
        self.tokens.append((ceil(asked / 4), ceil(len(said) / 4)))
        return said

    def workflow(self) -> Workflow:
        return replace(review, models=(replace(reviewer, answer=self.answer),))


@dataclass(kw_only=True)
class Mortality(Fate):
    """Who has died makes no more calls, until somebody else takes over."""

    dead: bool = False

    def passing(self, name: str, call: Callable[[], Any]) -> Any:
        if self.dead:
            raise Crash
        try:
            return super().passing(name, call)
        except Crash:
            self.dead = True
            raise


@dataclass(kw_only=True)
class Life:
    """A review by processes one of which dies at a place."""

    fate: Mortality
    ports: Ports = field(default_factory=lambda: memory_ports([review]))

    def begin(self) -> None:
        command = CreateRun(run_id=RUN, workflow_id="review", input=TWO, idempotency_key="once")
        while not self._survives(lambda: self._kernel.dispatch(command)):
            pass

    def to_its_end(self) -> None:
        for _ in range(100):
            self._drain()
            if self.ports.persistence.run(RUN).status.is_terminal:
                return
            self.ports.clock.sleep(A_MINUTE)
            self._survives(lambda: self._kernel.dispatch(Tick()))
        raise AssertionError(self.ports.persistence.snapshot(RUN))

    def rerun(self) -> None:
        command = RerunFrom(run_id=RUN, stage_id="classify", idempotency_key="again")
        while not self._survives(lambda: self._kernel.dispatch(command)):
            pass

    @property
    def _kernel(self) -> Any:
        return engine(mortal(self.ports, self.fate), Policy())

    def _drain(self) -> None:
        while deliveries := self.ports.transport.receive(limit=1):
            (delivery,) = deliveries
            if self._survives(partial(answer_bell, self._kernel, delivery.bell)):
                self.ports.transport.acknowledge(delivery)

    def _survives(self, deed: Callable[[], object]) -> bool:
        try:
            deed()
        except Crash:
            self.fate.dead = False
            return False
        return True


def recomputed(calls: Iterable[ModelCall]) -> dict[str, Decimal]:
    """Return what *calls* cost by stage, from their tokens alone."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for call in calls:
        if call.state is CallState.SETTLED:
            rate = Decimal("0.5") if call.kind is CallKind.BATCH else Decimal(1)
            tokens = call.input_tokens * INPUT + call.output_tokens * OUTPUT
            costs[call.stage_id] += rate * tokens / MILLION
    return dict(costs)


def billed(bill: Bill | None) -> dict[str, Decimal]:
    assert bill is not None
    assert dollars(bill.total.cost) == sum(dollars(tally.cost) for tally in bill.stages.values())
    assert bill.committed == bill.total.cost + bill.total.held
    return {stage: dollars(tally.cost) for stage, tally in bill.stages.items() if tally.cost}


def faults(ports: Ports) -> list[str]:
    """Return where bill and calls of a run disagree."""
    calls = list(ports.persistence.calls(RUN))
    bill = ports.persistence.bill(RUN)
    lost = [call for call in calls if call.state is CallState.BEGUN]
    checks = {
        f"the run is {ports.persistence.run(RUN).status}": ports.persistence.run(RUN).status
        is Status.COMPLETED,
        f"the bill {billed(bill)} is not {recomputed(calls)}": billed(bill) == recomputed(calls),
        f"{bill} is not at odds with {lost}": bill is not None
        and (bill.total.in_flight, bill.total.held)
        == (len(lost), sum(call.reserved for call in lost)),
    }
    return [fault for fault, holds in checks.items() if not holds]


def reported(world: World, run_id: str) -> dict[str, Any]:
    output = world.output(run_id, "report")
    assert isinstance(output, dict)
    bill = output["bill"]
    assert isinstance(bill, dict)
    return bill


def test_the_bill_is_what_the_model_was_asked_and_said(world: World) -> None:
    recorder = Recorder()
    world.learn(recorder.workflow())
    run_id = world.create("review", {})

    world.finish(run_id)

    *alone, batched = (
        sum((asked * INPUT + said * OUTPUT for asked, said in part), Decimal()) / MILLION
        for part in (recorder.tokens[:40], recorder.tokens[44:], recorder.tokens[40:44])
    )
    bill = reported(world, run_id)
    assert len(recorder.tokens) == 48
    assert Decimal(bill["total"]["cost"]) == sum(alone) + batched / 2
    assert Decimal(bill["total"]["cost"]) == sum(billed(world.persistence.bill(run_id)).values())


def test_the_report_bills_each_stage_and_each_model(world: World) -> None:
    world.learn(review)
    run_id = world.create("review", TWO)

    world.finish(run_id)

    bill = reported(world, run_id)
    by_stage = recomputed(world.persistence.calls(run_id))
    assert {line["name"]: Decimal(line["cost"]) for line in bill["stages"]} == by_stage
    assert [(line["name"], line["calls"]) for line in bill["stages"]] == [
        ("classify", 2),
        ("extract", 2),
        ("summarise", 1),
        ("judge", 2),
    ]
    assert [(line["name"], line["cost"]) for line in bill["models"]] == [
        ("offline:reviewer", bill["total"]["cost"])
    ]


def test_an_attempt_that_failed_is_billed_with_the_one_that_did_not(world: World) -> None:
    # One theme is judged; of the next, neither the first answer nor two repairs are of use.
    misfits = Turns[str | None](None, *["no JSON"] * 3, None)

    def answered(request: ModelRequest) -> str:
        title = (request.schema or {}).get("title")
        return (misfits.take() if title == "Verdict" else None) or answer(request)

    world.learn(replace(review, models=(replace(reviewer, answer=answered),)))
    run_id = world.create("review", TWO)
    world.finish(run_id)
    before = recomputed(world.persistence.calls(run_id))
    world.dispatch(RerunFrom(run_id=run_id, stage_id="judge"))

    world.finish(run_id)

    every = [*world.persistence.calls(run_id)]
    judged = Counter((c.generation, c.attempt) for c in every if c.stage_id == "judge")
    assert judged == {(0, 1): 4, (0, 2): 2, (1, 1): 2}
    assert recomputed(every)["judge"] > before["judge"]
    assert billed(world.persistence.bill(run_id)) == recomputed(every)
    assert Decimal(reported(world, run_id)["total"]["cost"]) == sum(recomputed(every).values())


def test_a_rerun_adds_to_the_bill(world: World) -> None:
    world.learn(review)
    run_id = world.create("review", TWO)
    world.finish(run_id)
    once = recomputed(world.persistence.calls(run_id))

    world.dispatch(RerunFrom(run_id=run_id, stage_id="classify"))
    world.finish(run_id)

    again = recomputed(world.persistence.calls(run_id))
    assert again == {stage: 2 * cost for stage, cost in once.items()}
    assert billed(world.persistence.bill(run_id)) == again
    assert Decimal(reported(world, run_id)["total"]["cost"]) == sum(again.values())


def test_what_is_billed_outlives_the_run_by_its_topics(world: World) -> None:
    world.learn(review)
    run_id = world.create("review", TWO)
    world.finish(run_id)

    spent = [*world.persistence.spending("workflow.review", f"{world.now:%Y-%m}")]

    costs: dict[str, Decimal] = defaultdict(Decimal)
    for one in spent:
        costs[one.topic.split(".")[3]] += dollars(one.tally.cost)
    assert dict(costs) == recomputed(world.persistence.calls(run_id))


@pytest.mark.slow
def test_the_bill_is_right_whatever_process_dies_wherever(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = Life(fate=Mortality())
    quiet.begin()
    quiet.to_its_end()
    most = len(quiet.fate.calls)

    found = [
        fault
        for place in range(1, most + 1)
        for after in (False, True)
        for fault in _lived(Life(fate=Mortality(place=place, after=after)))
    ]

    with capsys.disabled():
        print(f"\nreview: {2 * most} runs and reruns, a death before and after {most} port calls")
    assert found == []


def _lived(life: Life) -> list[str]:
    life.begin()
    life.to_its_end()
    first = faults(life.ports)
    life.rerun()
    life.to_its_end()
    place = (life.fate.place, life.fate.after)
    return [f"{place}: {fault}" for fault in (*first, *faults(life.ports))]
