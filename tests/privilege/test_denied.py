"""A permission that is missing for a while: it is named, and nothing is lost for it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.privilege import flows
from tests.privilege.crew import API, TICK, WORKER, Crew, crew
from tests.privilege.flows import AN_HOUR, LONG

# S3 says to a HEAD that is denied that it is, and no more: either may be missing.
UNNAMED = "s3:GetObject and s3:ListBucket"
OF_THE_WORKER = {
    "dynamodb:GetItem": "dynamodb:GetItem",
    "dynamodb:Query": "dynamodb:Query",
    "dynamodb:PutItem": "dynamodb:PutItem",
    "dynamodb:UpdateItem": "dynamodb:UpdateItem",
    "s3:GetObject": "s3:GetObject",
    "s3:PutObject": "s3:PutObject",
    "s3:DeleteObject": "s3:DeleteObject",
    "s3:ListBucket": UNNAMED,
    "sqs:SendMessage": "sqs:SendMessage",
    "events:PutEvents": "events:PutEvents",
    "scheduler:CreateSchedule": "scheduler:CreateSchedule",
    "iam:PassRole": "iam:PassRole",
}


@pytest.fixture(scope="module")
def at_work() -> Iterator[Crew]:
    with crew(flows.__name__) as at_work:
        yield at_work


def go_on(at_work: Crew, *, rounds: int = 2) -> None:
    """Let hours pass: what was given back comes again, and the tick finds what was lost."""
    for _ in range(rounds):
        at_work.skip(2 * AN_HOUR)
        at_work.tick()
        at_work.settle_down()


def status(at_work: Crew, *runs: str) -> list[str]:
    return [at_work.shown(run)["status"] for run in runs]


def named_in(caplog: pytest.LogCaptureFixture, action: str) -> bool:
    """Whether a line of the log says it, in its fields or in its traceback."""
    fields = (str(vars(record)) for record in caplog.records)
    return action in caplog.text or any(action in line for line in fields)


@pytest.mark.parametrize(
    "action",
    ["s3:ListBucket", "s3:DeleteObject", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"],
)
def test_a_run_that_may_not_be_removed_is_removed_later(action: str, at_work: Crew) -> None:
    run = at_work.start("book", LONG)
    at_work.settle_down()
    at_work.skip(timedelta(days=31))

    with at_work.role_of(TICK).without(action):
        at_work.tick()
    left = at_work.kernel(API).ports.persistence.run(run)
    go_on(at_work)

    assert left.retired_at is not None
    assert at_work.request("GET", f"/runs/{run}").status == 404
    assert at_work.blobs(run) == []


@pytest.mark.parametrize(("action", "named"), OF_THE_WORKER.items())
def test_what_the_worker_was_denied_is_named_and_done_later(
    action: str, named: str, at_work: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []
    runs = [at_work.start("book", LONG), at_work.start("prints", LONG)]

    with at_work.gate.answering("PutEvents", lambda asked: heard(sent, asked)):
        with at_work.role_of(WORKER).without(action):
            at_work.settle_down()
        go_on(at_work, rounds=4)

    assert named_in(caplog, named)
    assert status(at_work, *runs) == ["COMPLETED", "COMPLETED"]
    assert [sent.count(("workflow:completed", run)) for run in runs] == [1, 1]
    assert set(at_work.waiting().values()) == {0}


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "s3:PutObject"])
def test_a_request_that_the_api_may_not_carry_out_leaves_nothing_and_can_be_repeated(
    action: str, at_work: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"workflow_id": "book", "input": LONG}
    key = {"Idempotency-Key": f"without-{action}"}

    with at_work.role_of(API).without(action):
        refused = at_work.request("POST", "/runs", body, **key)
    bells = at_work.waiting()
    repeated = at_work.request("POST", "/runs", body, **key)
    go_on(at_work)

    assert refused.status >= 500
    assert action not in str(refused.body)
    assert named_in(caplog, action)
    assert set(bells.values()) == {0}
    assert repeated.status == 201
    assert status(at_work, repeated.body["run_id"]) == ["COMPLETED"]


def test_a_bell_that_the_api_may_not_ring_is_rung_by_the_tick(
    at_work: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    with at_work.role_of(API).without("sqs:SendMessage"):
        run = at_work.start("book", LONG)
    at_work.skip(timedelta(minutes=2))
    done = at_work.tick()
    at_work.settle_down()

    assert named_in(caplog, "sqs:SendMessage")
    assert done["claimed"] == 1
    assert status(at_work, run) == ["COMPLETED"]


@pytest.mark.parametrize("action", ["dynamodb:GetItem", "dynamodb:UpdateItem", "s3:GetObject"])
def test_what_the_tick_may_not_do_is_done_by_the_next_one(
    action: str, at_work: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    run = at_work.start("book", LONG)
    at_work.lose_bells()
    at_work.skip(timedelta(minutes=2))

    with at_work.role_of(TICK).without(action):
        held_up = at_work.tick()
    go_on(at_work)

    assert (held_up["failed"], held_up["claimed"]) == (1, 0)
    assert named_in(caplog, action)
    assert status(at_work, run) == ["COMPLETED"]


def heard(sent: list[Any], asked: Any) -> dict[str, Any]:
    """Note the events of a request, and take them."""
    for entry in asked["Entries"]:
        run_id = entry["Detail"].partition('"run_id":"')[2].partition('"')[0]
        sent.append((entry["DetailType"], run_id))
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in asked["Entries"]]}
