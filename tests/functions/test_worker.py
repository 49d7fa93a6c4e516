"""Batches from SQS: each record by itself, and what failed comes again."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from functions.worker import handler
from kernel.errors import UnavailableError
from kernel.model import bell_wire
from kernel.model.change import UpdateStage
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.functions.samples import FakeContext, metrics, sample
from tests.support.world import World

ONE = "01JZ8Q6W3M5T9XVB2K4NCDEFGH"
OTHER = "01JZ8Q6X0B7R2YHD5M8PQSTVWA"


def begin(world: World, *run_ids: str) -> None:
    """Start the runs of the samples; their bells are in the samples."""
    for run_id in run_ids:
        world.create("hello", {"name": "Ada"}, run_id=run_id)
        world.answer_one()
        (delivery,) = world.transport.receive()
        world.transport.acknowledge(delivery)


def with_bodies(event: Mapping[str, Any], *bodies: str) -> dict[str, Any]:
    """Return the batch with these bodies, as many records as there are."""
    record = event["Records"][0]
    records = [
        {**record, "messageId": f"message-{nth}", "body": body} for nth, body in enumerate(bodies)
    ]
    return {"Records": records}


def sent_at(event: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """Return the batch as it is where SQS took its messages at *moment*."""
    milliseconds = str(int(moment.timestamp() * 1_000))
    for record in event["Records"]:
        record["attributes"]["SentTimestamp"] = milliseconds
    return event


def failures(response: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def test_a_bell_from_the_queue_is_answered(world: World, context: FakeContext) -> None:
    begin(world, ONE)

    response = handler(sample("sqs_job.json"), context)

    assert failures(response) == []
    assert world.run(ONE).status is Status.COMPLETED
    assert world.output(ONE, "tidy") == {"text": "Hello, Ada!"}


def test_what_cannot_be_read_comes_again_and_holds_up_no_other(
    world: World, context: FakeContext
) -> None:
    begin(world, ONE, OTHER)

    response = handler(sample("sqs_jobs_one_bad.json"), context)

    assert failures(response) == ["2e1424d4-f796-459a-8184-9c92662be6da"]
    assert world.run(ONE).status is Status.COMPLETED
    assert world.run(OTHER).status is Status.COMPLETED


@pytest.mark.parametrize(
    "body",
    ["", "this is not a doorbell", "[]", "{}", '{"kind":"dance"}', '"\\ud800"', "[" * 100_000],
    ids=["empty", "text", "list", "object", "kind", "surrogate", "depth"],
)
def test_a_batch_of_one_that_cannot_be_read_is_given_back_too(
    body: str, world: World, context: FakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    response = handler(with_bodies(sample("sqs_job.json"), body), context)

    assert failures(response) == ["message-0"]
    assert "This is not a bell" in caplog.text


def test_a_bell_for_a_run_that_is_not_there_is_put_away(
    world: World, context: FakeContext
) -> None:
    response = handler(sample("sqs_job.json"), context)

    assert failures(response) == []
    assert world.logbook.entries[-1].fields["outcome"] == "discarded"


def test_a_bell_for_a_workflow_that_is_not_there_is_put_away(
    world: World, context: FakeContext
) -> None:
    bell = json.loads(sample("sqs_job.json")["Records"][0]["body"]) | {"workflow_id": "nonesuch"}

    response = handler(with_bodies(sample("sqs_job.json"), json.dumps(bell)), context)

    assert failures(response) == []
    assert "No workflow has the id 'nonesuch'" in str(world.logbook.entries[-1].fields["error"])


@pytest.mark.usefixtures("missing_table")
def test_without_its_table_it_gives_every_bell_back_and_names_the_variable(
    context: FakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    response = handler(sample("sqs_job.json"), context)

    assert failures(response) == ["059f36b4-87a3-44ab-83d2-661975830a7d"]
    assert "check HEADRACE_TABLE" in caplog.text


def test_a_bug_in_one_bell_does_not_reach_the_others(
    world: World, context: FakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    begin(world, ONE, OTHER)
    world.persistence.meanwhile(lambda: 1 // 0)
    bodies = [record["body"] for record in sample("sqs_jobs_one_bad.json")["Records"]]

    response = handler(with_bodies(sample("sqs_job.json"), bodies[0], bodies[2]), context)

    assert failures(response) == ["message-0"]
    assert "ZeroDivisionError" in caplog.text
    assert world.run(OTHER).status is Status.COMPLETED


def test_a_store_that_is_busy_leaves_the_bell_to_come_again(
    world: World, context: FakeContext
) -> None:
    begin(world, ONE)
    world.persistence.refuse(UnavailableError("Nobody answers."))

    first = handler(sample("sqs_job.json"), context)
    second = handler(sample("sqs_job.json"), context)

    assert failures(first) == ["059f36b4-87a3-44ab-83d2-661975830a7d"]
    assert failures(second) == []
    assert world.run(ONE).status is Status.COMPLETED


def test_a_bell_that_comes_twice_in_a_batch_is_done_once(
    world: World, context: FakeContext
) -> None:
    begin(world, ONE)
    body = sample("sqs_job.json")["Records"][0]["body"]

    response = handler(with_bodies(sample("sqs_job.json"), body, body), context)

    assert failures(response) == []
    assert world.stages(ONE)["tidy"].attempt == 1


def test_an_invocation_that_is_nearly_over_rings_its_bells_again(world: World) -> None:
    begin(world, ONE)

    response = handler(sample("sqs_job.json"), FakeContext(left=timedelta(seconds=11)))

    assert failures(response) == []
    assert world.stages(ONE)["tidy"].attempt == 0
    assert [bell.stage_id for bell in world.transport.pending()] == ["tidy"]


def test_the_lease_ends_with_the_share_of_the_time_that_a_bell_has(world: World) -> None:
    begin(world, ONE)
    body = sample("sqs_job.json")["Records"][0]["body"]
    event = with_bodies(sample("sqs_job.json"), body, "junk", "junk")

    handler(event, FakeContext(left=timedelta(seconds=70)))

    (lease,) = [
        change.stage.lease
        for commit in world.persistence.commits
        for change in commit
        if isinstance(change, UpdateStage) and change.stage.lease
    ]
    assert lease.expires_at == world.now + timedelta(seconds=20 + 30)


def test_what_happened_is_counted(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE, OTHER)

    handler(sample("sqs_jobs_one_bad.json"), context)

    counts = metrics(capsys.readouterr().out)
    assert counts["BellsGivenBack"] == [1.0]
    assert (counts["StagesCompleted"], counts["RunsCompleted"]) == ([2.0], [2.0])


def test_a_bell_that_comes_twice_counts_its_run_once(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE)
    body = sample("sqs_job.json")["Records"][0]["body"]

    handler(with_bodies(sample("sqs_job.json"), body, body), context)

    counts = metrics(capsys.readouterr().out)
    assert (counts["StagesCompleted"], counts["RunsCompleted"]) == ([1.0], [1.0])


def test_a_commit_that_is_lost_to_others_counts_for_nothing(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE)
    cancel = partial(world.dispatch, CancelRun(run_id=ONE))
    world.persistence.meanwhile(lambda: None, cancel)

    handler(sample("sqs_job.json"), context)

    counts = metrics(capsys.readouterr().out)
    assert counts["RunsCancelled"] == [1.0]
    assert not counts.keys() & {"RunsCompleted", "StagesCompleted"}


def test_how_long_a_bell_waited_and_a_stage_took_is_measured(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE)
    event = sent_at(sample("sqs_job.json"), world.now - timedelta(seconds=3))
    # Between the claim and the settling.
    world.persistence.meanwhile(lambda: None, lambda: world.pass_time(timedelta(seconds=2)))

    handler(event, context)

    spans = metrics(capsys.readouterr().out)
    assert (spans["BellWait"], spans["StageDuration"]) == ([3_000.0], [2_000.0])


def test_a_bell_that_was_put_off_waits_from_when_it_was_to_ring(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE)
    event = sent_at(sample("sqs_job.json"), world.now - timedelta(minutes=10))
    bell = json.loads(event["Records"][0]["body"])
    bell["not_before"] = (world.now - timedelta(seconds=1)).isoformat()

    handler(with_bodies(event, json.dumps(bell)), context)

    assert metrics(capsys.readouterr().out)["BellWait"] == [1_000.0]


def test_a_bell_that_does_not_say_when_it_was_sent_is_answered_all_the_same(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world, ONE)
    event = sample("sqs_job.json")
    event["Records"][0]["attributes"] = {}

    response = handler(event, context)

    assert failures(response) == []
    assert "BellWait" not in metrics(capsys.readouterr().out)


def test_a_bell_rung_in_vain_tells_nothing_of_how_long_things_take(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(sample("sqs_job.json"), context)

    assert metrics(capsys.readouterr().out) == {"BellsDiscarded": [1.0]}


def test_a_start_bell_from_the_queue_starts_its_run(world: World, context: FakeContext) -> None:
    world.create("hello", {"name": "Ada"}, run_id=ONE)
    (bell,) = world.transport.pending()

    response = handler(with_bodies(sample("sqs_job.json"), bell_wire.encode(bell)), context)

    assert failures(response) == []
    assert world.run(ONE).status is Status.RUNNING
