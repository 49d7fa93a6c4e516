"""The sample events fit the stack: sent through its functions, they carry a run to its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.local.blueprint import functions_in
from tests.deploying.sites import Site
from tests.functions.samples import EVENTS, about_run, sample
from tests.privilege.crew import API, TICK, WORKER

NOBODY = "01JZ8Q6W3M5T9XVB2K4NCDEFGH"
OF_THE_API = sorted(EVENTS.glob("api_*.json"))


def asked(site: Site, name: str, run_id: str | None = None) -> tuple[int, Any]:
    """Send a request of the samples, about *run_id* where it is about a run."""
    event = sample(name) if run_id is None else about_run(sample(name), run_id)
    answer = site.invoke(API, event)
    return answer["statusCode"], json.loads(answer["body"])


def about(name: str, run_id: str) -> Any:
    """Return an event of the samples whose bells are about *run_id*."""
    return json.loads(json.dumps(sample(name)).replace(NOBODY, run_id))


@pytest.mark.parametrize("path", OF_THE_API, ids=lambda path: str(path.stem))
def test_every_request_of_the_samples_has_a_route_in_the_template(path: Path) -> None:
    event = sample(path.name)
    routes = {f"{route.method} {route.path}" for route in functions_in()[API].routes}

    method, route = event["routeKey"].split(" ")

    assert event["routeKey"] in routes
    assert event["requestContext"]["routeKey"] == event["routeKey"]
    assert event["requestContext"]["http"]["method"] == method
    assert event["requestContext"]["http"]["path"] == event["rawPath"]
    assert route.format_map(event.get("pathParameters", {})) == event["rawPath"]


def test_a_run_goes_from_its_request_to_its_output(site: Site) -> None:
    status, made = asked(site, "api_create_run.json")
    run_id = made["run_id"]

    site.invoke(TICK, sample("schedule_tick.json"))
    answers = [
        site.invoke(WORKER, about(name, run_id))
        for name in ("sqs_job.json", "sqs_jobs_one_bad.json")
    ]
    site.work_until(lambda: asked(site, "api_show_run.json", run_id)[1]["status"] == "COMPLETED")

    assert status == 201
    assert asked(site, "api_show_run.json", run_id)[1]["output"] == {"text": "Hello, Ada!"}
    assert [len(answer["batchItemFailures"]) for answer in answers] == [0, 1]
    assert asked(site, "api_create_run.json") == (200, {**made, "status": "COMPLETED"})


def test_a_run_that_is_over_is_not_cancelled_and_goes_again(site: Site) -> None:
    run_id = asked(site, "api_create_run.json")[1]["run_id"]
    site.work_until(lambda: asked(site, "api_show_run.json", run_id)[1]["status"] == "COMPLETED")

    cancelled = asked(site, "api_cancel_run.json", run_id)
    rerun = asked(site, "api_rerun_run.json", run_id)
    site.work_until(lambda: asked(site, "api_show_run.json", run_id)[1]["status"] == "COMPLETED")

    assert cancelled == (200, {"run_id": run_id, "status": "COMPLETED", "cancelled": False})
    assert rerun == (200, {"run_id": run_id, "generation": 1, "rerun": True})


def test_what_is_deployed_is_listed_and_a_link_to_nowhere_is_told(site: Site) -> None:
    status, listed = asked(site, "api_list_workflows.json")
    refused, problem = asked(site, "api_callback.json")

    assert status == 200
    assert "hello" in [workflow["id"] for workflow in listed["workflows"]]
    assert (refused, problem["code"]) == (404, "NOT_FOUND")
