"""How an attempt ends: which fields change, and what the last word of a run must be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.authoring import Retry, StageContext, stage, workflow
from kernel.decisions.settling import Holding, err, skip, succeed, suspend
from kernel.dispatch import Context
from kernel.model.change import CreateStage, UpdateRun, equals
from kernel.model.policy import Policy
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.support.builders import NOON, a_lease, a_run, a_stage, a_suspension
from tests.support.moves import A_SECOND, failure, success, suspending
from tests.support.workflows import Number, three
from tests.support.world import memory_ports

A_DAY = timedelta(days=1)
MINE = (equals("lease.token", "token-1"),)


@pytest.fixture
def context() -> Context:
    return Context(ports=memory_ports(), policy=Policy(), now=NOON)


def held(run: Run | None = None, **given: Any) -> Holding:
    fields: dict[str, Any] = {
        "id": "first",
        "status": Status.RUNNING,
        "attempt": 1,
        "lease": a_lease(),
        "solo": run is not None,
    }
    record = a_stage(**fields | given)
    return Holding(stage=record, run=run, workflow=three, token="token-1", requires=MINE)


def running(**given: Any) -> Run:
    return a_run(workflow_id="three", status=Status.RUNNING, cursor=1, **given)


def left(decision: Any) -> StageRecord:
    assert decision.stage is not None
    found: StageRecord = decision.stage
    return found


@pytest.mark.parametrize("cursor", [1, 3])
def test_a_stage_alone_asks_that_its_run_be_open_and_where_it_was(
    context: Context, cursor: int
) -> None:
    run = replace(running(generation=4), cursor=cursor)

    decision = succeed(context, held(run, group=cursor), success({"value": 1}))

    moves = [change for change in decision.changes if isinstance(change, UpdateRun)]
    assert [condition.field for condition in moves[0].requires] == [
        "status",
        "closing",
        "generation",
        "cursor",
    ]
    assert moves[0].requires[2:] == (equals("generation", 4), equals("cursor", cursor))


def test_the_stages_of_the_next_group_are_of_the_runs_generation(context: Context) -> None:
    decision = succeed(context, held(running(generation=4), generation=4), success({"value": 1}))

    made = [change.stage for change in decision.changes if isinstance(change, CreateStage)]
    assert [(one.id, one.generation, one.attempt, one.group) for one in made] == [
        ("second", 4, 0, 2)
    ]


def test_one_of_several_leaves_the_run_alone(context: Context) -> None:
    decision = skip(context, held())

    assert len(decision.changes) == 1
    assert left(decision).unadvanced


def test_every_write_requires_that_the_lease_is_still_held(context: Context) -> None:
    verdicts = [
        succeed(context, held(), success()),
        skip(context, held()),
        suspend(context, held(), suspending()),
        err(context, held(), failure()),
        err(context, held(), failure(retryable=False)),
    ]

    required = [decision.changes[0] for decision in verdicts]

    assert all(MINE[0] in getattr(change, "requires", ()) for change in required)


@pytest.mark.parametrize(
    ("attempt", "stumbles", "stumbled", "status"),
    [
        (1, 0, False, Status.PENDING),
        (2, 0, False, Status.PENDING),
        (3, 0, False, Status.FAILED),
        (4, 1, False, Status.FAILED),
        (3, 1, False, Status.PENDING),
        (3, 0, True, Status.PENDING),
        (7, 4, True, Status.PENDING),
        (8, 5, True, Status.FAILED),
        (7, 5, True, Status.PENDING),
    ],
)
def test_stumbles_are_counted_beside_the_stages_own_attempts(
    context: Context, attempt: int, stumbles: int, *, stumbled: bool, status: Status
) -> None:
    holding = held(attempt=attempt, stumbles=stumbles)

    decision = err(context, holding, failure(stumbled=stumbled))

    assert left(decision).status is status


@pytest.mark.parametrize(
    ("stumbles", "stumbled", "counted"), [(0, True, 1), (2, False, 2), (5, True, 5)]
)
def test_a_stumble_is_counted_up_to_the_limit(
    context: Context, stumbles: int, *, stumbled: bool, counted: int
) -> None:
    holding = held(stumbles=stumbles)

    decision = err(context, holding, failure(stumbled=stumbled))

    assert left(decision).stumbles == counted


def test_the_wait_grows_with_the_attempts_and_is_jittered(context: Context) -> None:
    decisions = [err(context, held(attempt=2), failure()) for _ in range(20)]

    waits = {(left(decision).not_before or NOON) - NOON for decision in decisions}
    assert len(waits) == 20
    assert timedelta() <= min(waits) <= max(waits) < 2 * A_SECOND


def test_the_wait_is_that_of_the_stages_own_policy(context: Context) -> None:
    @stage(id="first", retry=Retry(first_delay=A_DAY, max_delay=A_DAY))
    def patient(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    slow = workflow("slow", input=Number).pipe(patient).build()

    decision = err(context, replace(held(), workflow=slow), failure())

    assert (left(decision).not_before or NOON) - NOON > A_SECOND


def test_an_attempt_after_a_suspension_keeps_its_state(context: Context) -> None:
    waits = a_suspension()
    holding = held(status=Status.SUSPENDED, lease=None, suspension=waits)

    decision = err(context, holding, failure())

    assert left(decision).resume_state == waits.state


def test_a_later_attempt_keeps_the_state_of_an_earlier_suspension(context: Context) -> None:
    state = a_suspension().state

    decision = err(context, held(resume_state=state), failure())

    assert left(decision).resume_state == state


def test_an_error_goes_when_an_attempt_succeeds(context: Context) -> None:
    holding = held(error=failure().failure)

    decision = succeed(context, holding, success({"value": 1}))

    assert left(decision).error is None
