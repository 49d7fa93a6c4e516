"""A deployment that changes workflows while runs are under way loses nothing of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.deploying.sites import Ear, Site, waiting
from tests.functions.samples import sample
from tests.privilege.crew import TICK

A_WHILE = timedelta(minutes=5)
# For longer, no message is with a function.
HIDDEN = timedelta(hours=2)


def start(site: Site, workflow_id: str, **more: Any) -> str:
    body = {"workflow_id": workflow_id, "input": {"name": "Ada"}, **more}
    answer = site.request("POST", "/runs", body)
    assert answer.status == 201, answer
    return str(answer.body["run_id"])


def shown(site: Site, run_id: str) -> Any:
    return site.request("GET", f"/runs/{run_id}").body


def suspended(site: Site, run_id: str) -> None:
    site.work_until(lambda: shown(site, run_id)["waiting"])


def status(site: Site, *run_ids: str) -> list[str]:
    return [shown(site, run_id)["status"] for run_id in run_ids]


def link(site: Site, run_id: str) -> str:
    key = f"runs/{run_id}/ask/0-1/files/link"
    bucket = site.outputs["BlobBucketName"]
    url = site.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return url.removeprefix(site.outputs["ApiUrl"])


def of_workflows(heard: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what was heard of runs as such; stages may fail and be tried again."""
    return {
        run_id: [event.removeprefix("workflow:") for event in events if "workflow:" in event]
        for run_id, events in heard.items()
    }


def pass_time(site: Site) -> None:
    site.skip(A_WHILE)
    site.invoke(TICK, sample("schedule_tick.json"))


def test_runs_under_way_go_on_or_fail_for_the_change_and_nothing_is_lost(site: Site) -> None:
    ear = Ear(site)
    asking, booking = start(site, "asking"), start(site, "booking")
    suspended(site, asking)
    suspended(site, booking)
    # Its bell is in the queue still, or its body is under way, and the process ends with it.
    lingering = start(site, "lingering")

    site.release()
    answer = site.request("POST", link(site, asking), {"output": {"name": "Bob"}})
    pass_time(site)
    site.work_until(lambda: status(site, asking, lingering) == ["COMPLETED", "COMPLETED"])
    patient = status(site, booking)
    for _ in range(4):
        pass_time(site)
    failed = shown(site, booking)
    rerun = site.request("POST", f"/runs/{booking}/rerun", {"stage_id": "look"})
    suspended(site, booking)
    pass_time(site)
    site.work_until(lambda: status(site, booking) == ["COMPLETED"])
    # What a dead worker held comes again in its time.
    site.skip(HIDDEN)
    site.work_until(lambda: not any(waiting(site).values()))

    assert answer.status == 200
    assert [shown(site, run)["output"] for run in (asking, lingering)] == [
        {"text": "Good day, Bob!"},
        {"text": "Good day, Ada!"},
    ]
    assert patient == ["RUNNING"]
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "DEFINITION_CHANGED")
    assert rerun.status == 200
    assert of_workflows(ear.heard()) == {
        asking: ["created", "started", "completed"],
        lingering: ["created", "started", "completed"],
        booking: ["created", "started", "failed", "started", "completed"],
    }
