"""What the template's retention leaves of a run, and what it leaves alone: the real handlers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from functions.local.account import REGION
from functions.local.template import translate_template
from kernel.model.policy import Policy
from tests.support.by_hand import ByHand, by_hand

FLOWS: Final = "tests.operating.kept_flows"
LONG: Final = {"text": "long " * 2_000}
A_DAY: Final = timedelta(days=1)
A_MINUTE: Final = timedelta(minutes=1)
Rule = Mapping[str, Any]


@pytest.fixture
def aws() -> Iterator[ByHand]:
    with by_hand(FLOWS, RetentionDays="3") as played:
        yield played


def finished_twice(aws: ByHand) -> str:
    """Return the id of a run that is over, after it was rerun, with facts, files and history."""
    run_id = aws.start("leaving", LONG, annotations={"ticket": 7})
    assert aws.finish(run_id)["status"] == "COMPLETED"
    answer = aws.request("POST", f"/runs/{run_id}/rerun", {"stage_id": "bind"})
    assert answer.status == 200
    assert aws.finish(run_id)["status"] == "COMPLETED"
    return run_id


def kept_rules() -> Sequence[Rule]:
    bucket = translate_template(region=REGION)["Resources"]["BlobBucket"]["Properties"]
    rules: Sequence[Rule] = bucket["LifecycleConfiguration"]["Rules"]
    return rules


def apply_rules(aws: ByHand, rules: Sequence[Rule], *, age: timedelta) -> list[str]:
    """Do to each blob what S3 would, when all are *age* old; return which are gone.

    Blobs carry no tags, so a rule that asks for one means none of them.
    """
    ends = [
        (rule.get("Prefix", ""), timedelta(days=rule["ExpirationInDays"]))
        for rule in rules
        if rule["Status"] == "Enabled"
        and "ExpirationInDays" in rule
        and not rule.get("TagFilters")
    ]
    gone = [
        key
        for key in aws.blobs()
        if any(key.startswith(prefix) and age > after for prefix, after in ends)
    ]
    for key in gone:
        boto3.client("s3").delete_object(Bucket=aws.account.outputs["BlobBucketName"], Key=key)
    return gone


def test_a_run_is_all_there_until_its_days_are_over(aws: ByHand) -> None:
    run_id = finished_twice(aws)
    before = aws.items()
    blobs = aws.blobs()

    aws.skip(3 * A_DAY - A_MINUTE)
    done = aws.tick()

    assert done["retired"] == 0
    assert aws.items() == before
    assert aws.kinds().keys() == {"RUN", "IN", "STAGE", "PAST", "NOTE"}
    assert [item for item in before if "expires_at" in item] == []
    assert aws.blobs() == blobs
    assert aws.shown(run_id)["status"] == "COMPLETED"


def test_nothing_of_a_run_remains_when_its_days_are_over(aws: ByHand) -> None:
    run_id = finished_twice(aws)
    assert len(aws.blobs()) > 6

    aws.skip(3 * A_DAY + A_MINUTE)
    done = aws.tick()

    assert (done["retired"], done["left"], done["failed"]) == (1, 0, 0)
    assert aws.items() == []
    assert (aws.entries("due"), aws.entries("runs")) == ([], [])
    assert aws.blobs() == []
    assert aws.request("GET", f"/runs/{run_id}").status == 404


def test_others_keep_what_is_theirs(aws: ByHand) -> None:
    finished_twice(aws)
    aws.skip(2 * A_DAY)
    kept = finished_twice(aws)

    aws.skip(A_DAY + A_MINUTE)
    done = aws.tick()

    assert done["retired"] == 1
    assert {item["pk"] for item in aws.items()} == {f"RUN#{kept}"}
    assert {key.split("/")[1] for key in aws.blobs()} == {kept}


def test_keys_of_requests_outlive_their_run_until_the_table_forgets_them(aws: ByHand) -> None:
    body = {"workflow_id": "leaving", "input": LONG}
    key = {"Idempotency-Key": "order-7"}
    run_id = aws.request("POST", "/runs", body, **key).body["run_id"]
    aws.finish(run_id)

    aws.skip(3 * A_DAY + A_MINUTE)
    aws.tick()

    (left,) = aws.items()
    days_left = timedelta(seconds=float(left["expires_at"]) - aws.now.timestamp()) / A_DAY
    assert (left["sk"], left["pk"]) == ("IDEM", "IDEM#run.create#order-7")
    assert days_left == pytest.approx(Policy().idempotency_kept / A_DAY - 3, abs=0.1)
    assert aws.request("POST", "/runs", body, **key).status == 410
    assert aws.blobs() == []


def test_a_run_that_waits_for_months_keeps_its_blobs_and_completes(aws: ByHand) -> None:
    run_id = aws.start("waiting", LONG)
    aws.finish(run_id)
    blobs = aws.blobs()

    for _ in range(8):
        aws.skip(30 * A_DAY)
        aws.tick()
        aws.finish(run_id)
    gone = apply_rules(aws, kept_rules(), age=aws.ahead)

    assert (gone, aws.blobs()) == ([], blobs)
    assert aws.shown(run_id)["waiting"]
    assert answered(aws, run_id)["status"] == "COMPLETED"
    assert aws.shown(run_id)["output"]["size"] > len(LONG["text"])


def test_a_rule_by_age_alone_would_cost_such_a_run_its_blobs(aws: ByHand) -> None:
    run_id = aws.start("waiting", LONG)
    aws.finish(run_id)
    by_age = {"Status": "Enabled", "ExpirationInDays": 90}
    aws.skip(240 * A_DAY)
    link = link_of(aws, run_id)

    gone = apply_rules(aws, [*kept_rules(), by_age], age=aws.ahead)

    assert len(gone) > 2
    assert aws.request("POST", link, {"output": LONG}).status == 200
    assert aws.finish(run_id)["status"] != "COMPLETED"


def answered(aws: ByHand, run_id: str) -> Any:
    """Answer the stage that waits for a call; return the run when it is over."""
    answer = aws.request("POST", link_of(aws, run_id), {"output": LONG})
    assert answer.status == 200
    return aws.finish(run_id)


def link_of(aws: ByHand, run_id: str) -> str:
    key = f"runs/{run_id}/await_answer/0-1/files/link.txt"
    bucket = aws.account.outputs["BlobBucketName"]
    url = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return str(url).removeprefix(aws.account.outputs["ApiUrl"])
