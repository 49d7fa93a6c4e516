"""The other routes, and what every route does when something is wrong."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions import wiring
from functions.api import handler
from functions.settings import SettingsError
from kernel.authoring import StageContext, stage, workflow
from kernel.errors import UnavailableError
from kernel.model.status import Status
from tests.functions.samples import REQUEST_ID, FakeContext, about_run, sample, with_body
from tests.support.moves import begin
from tests.support.workflows import Number
from tests.support.world import World


@stage(queue="heavy")
def lift(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


lifting = workflow("lifting", input=Number).pipe(lift).build()


def ask(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = handler(event, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


def test_a_run_is_shown_with_its_stages(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.drain()

    status, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert status == 200
    assert (shown["run_id"], shown["status"], shown["waiting"]) == (run_id, "COMPLETED", False)
    assert [stage["stage_id"] for stage in shown["stages"]] == ["first", "second", "third"]
    assert shown["output"] == {"value": 4}
    assert shown["created_at"] == "2026-01-01T12:00:00.000Z"


def test_a_stage_is_shown_with_what_it_left(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.drain()

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    third = shown["stages"][2]
    assert (third["output"], third["metrics"]) == ({"value": 4}, {"added": 1})
    assert third["artifacts"] == [
        {
            "name": "sum.txt",
            "key": f"runs/{run_id}/third/0-1/artifacts/sum.txt",
            "content_type": "text/plain; charset=utf-8",
            "size": 1,
        }
    ]
    assert (third["attempt"], third["max_attempts"], third["error"]) == (1, 3, None)


def test_a_run_that_waits_says_so_and_for_what(world: World) -> None:
    run_id = world.create("waiting", {"value": 1})
    world.drain()

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert (shown["status"], shown["waiting"], shown["output"]) == ("RUNNING", True, None)
    waits = shown["stages"][1]["waits_for"]
    assert (shown["stages"][1]["polls"], waits["callback"]) == (0, False)
    assert waits["next_poll_at"].startswith("2026-01-01T12:01:00")


def test_a_stage_that_nobody_may_come_for_says_why(world: World) -> None:
    world.learn(lifting)
    run_id = begin(world, "lifting")

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert shown["stages"][0]["unserved"] == "Nobody serves the queue 'heavy'."


def test_a_failed_run_says_which_stage_and_why(world: World) -> None:
    run_id = world.create("failing", {"value": 1})
    world.finish(run_id)

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert shown["status"] == "FAILED"
    assert shown["error"]["stage_id"] == "fails"
    assert shown["stages"][1]["error"]["message"] == "RuntimeError: no luck with 2"


def test_the_last_group_of_several_is_the_output_by_stage(world: World) -> None:
    run_id = world.create("fan", {"value": 2})
    world.drain()

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert shown["output"] == {"left": {"value": 4}, "right": {"value": 6}}


def test_an_output_too_large_for_its_record_is_shown_as_its_blob(world: World) -> None:
    name = "x" * 10_000
    run_id = world.create("hello", {"name": name})
    world.drain()

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    blob = f"runs/{run_id}/tidy/0-1/output.json"
    assert shown["output"] == {"blob": blob, "size": 10_000 + len('{"text":"Hello, !"}')}
    assert world.blobs.exists(blob)


def test_the_leases_token_is_nobodys_business(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.drain()

    _, shown = ask(about_run(sample("api_show_run.json"), run_id))

    assert "token" not in json.dumps(shown)
    assert "settled_by" not in json.dumps(shown)


def test_a_run_that_is_not_there_is_not_found(world: World) -> None:
    status, problem = ask(sample("api_show_run.json"))

    assert (status, problem["code"]) == (404, "NOT_FOUND")
    assert problem["detail"] == "No run has the id '01JZ8Q6W3M5T9XVB2K4NCDEFGH'."
    assert problem["run_id"] == "01JZ8Q6W3M5T9XVB2K4NCDEFGH"


def test_an_id_of_any_length_is_just_not_found(world: World) -> None:
    status, problem = ask(about_run(sample("api_show_run.json"), "x" * 3_000))

    assert (status, problem["code"]) == (404, "NOT_FOUND")


def test_a_run_is_cancelled_with_its_reason(world: World) -> None:
    world.create("hello", {"name": "Ada"}, run_id="01JZ8Q6W3M5T9XVB2K4NCDEFGH")

    status, told = ask(sample("api_cancel_run.json"))

    assert status == 200
    assert told == {
        "run_id": "01JZ8Q6W3M5T9XVB2K4NCDEFGH",
        "status": "CANCELLED",
        "cancelled": True,
    }
    error = world.run("01JZ8Q6W3M5T9XVB2K4NCDEFGH").error
    assert error is not None
    assert error.message == "changed my mind"


@pytest.mark.parametrize("body", ["", "{}", '{"reason": ""}'])
def test_cancelling_needs_no_reason(body: str, world: World) -> None:
    run_id = world.create("three", {"value": 1})

    status, _ = ask(about_run(with_body(sample("api_cancel_run.json"), body), run_id))

    assert status == 200
    assert world.run(run_id).status is Status.CANCELLED


def test_cancelling_what_is_over_changes_nothing_and_says_how_it_ended(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.drain()

    status, told = ask(about_run(sample("api_cancel_run.json"), run_id))

    assert status == 200
    assert (told["status"], told["cancelled"]) == ("COMPLETED", False)


def test_a_run_that_is_over_is_rerun_from_a_stage(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.finish(run_id)
    event = with_body(about_run(sample("api_rerun_run.json"), run_id), {"stage_id": "second"})

    status, told = ask(event)

    assert (status, told) == (200, {"run_id": run_id, "generation": 1, "rerun": True})
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_run_that_goes_on_is_not_rerun(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    event = with_body(about_run(sample("api_rerun_run.json"), run_id), {"stage_id": "second"})

    status, problem = ask(event)

    assert (status, problem["code"]) == (409, "ILLEGAL_TRANSITION")


def test_cancelling_what_is_not_there_is_not_found(world: World) -> None:
    status, problem = ask(sample("api_cancel_run.json"))

    assert (status, problem["code"]) == (404, "NOT_FOUND")


def test_a_reason_that_does_not_fit_is_refused(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    status, problem = ask(
        about_run(with_body(sample("api_cancel_run.json"), {"reason": "x" * 1_001}), run_id)
    )

    assert status == 422
    assert problem["problems"] == ["reason: String should have at most 1000 characters"]


def test_workflows_are_listed_with_what_one_needs_to_start_them(world: World) -> None:
    status, listed = ask(sample("api_list_workflows.json"))

    assert status == 200
    hello = next(each for each in listed["workflows"] if each["id"] == "hello")
    assert hello["plan"][0]["stages"][0]["id"] == "tidy"
    assert hello["input_schema"]["properties"]["name"]["default"] == "world"
    three = next(each for each in listed["workflows"] if each["id"] == "three")
    assert three["default_config"]["first"] == {"amount": 1}


def test_a_route_that_is_not_there_names_those_that_are(world: World) -> None:
    event = sample("api_list_workflows.json")
    http = event["requestContext"]["http"] | {"path": "/nowhere"}
    event |= {
        "rawPath": "/nowhere",
        "requestContext": event["requestContext"] | {"http": http},
    }

    status, problem = ask(event)

    assert (status, problem["code"]) == (404, "NO_ROUTE")
    assert problem["detail"] == "There is no GET /nowhere."
    assert "POST /runs" in problem["advice"]


def test_a_store_that_does_not_answer_asks_to_come_again(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.persistence.refuse(UnavailableError("Nobody answers."))

    status, problem = ask(about_run(sample("api_cancel_run.json"), run_id))

    assert (status, problem["detail"]) == (503, "Nobody answers.")


def test_requests_that_come_at_once_get_their_own_answers(world: World) -> None:
    ids = [world.create("three", {"value": nth}) for nth in range(16)]
    event = sample("api_show_run.json")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda run_id: ask(about_run(event, run_id)), ids))

    assert [shown["run_id"] for _, shown in answers] == ids


def test_a_bug_is_told_to_the_log_and_not_to_the_caller(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = world.create("three", {"value": 1})
    world.persistence.meanwhile(lambda: int("secret"))

    status, problem = ask(about_run(sample("api_cancel_run.json"), run_id))

    assert (status, problem["code"]) == (500, "INTERNAL_ERROR")
    assert problem["request_id"] == REQUEST_ID
    assert "secret" not in json.dumps(problem)
    assert "secret" in caplog.text


def test_an_environment_that_is_wrong_is_told_to_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unwired() -> None:
        raise SettingsError("HEADRACE_TABLE is missing.")

    monkeypatch.setattr(wiring, "kernel", unwired)

    status, problem = ask(sample("api_list_workflows.json"))

    assert status == 500
    assert "HEADRACE_TABLE" not in json.dumps(problem)
    assert "HEADRACE_TABLE is missing." in caplog.text
