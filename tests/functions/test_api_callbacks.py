"""`POST /callbacks/{token}`: open to whoever has the token, and to nobody else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory import MemoryRegistry
from functions import wiring
from functions.api import handler
from kernel.authoring import workflow
from kernel.model.callback import Callback
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.functions.samples import FakeContext, sample, with_body
from tests.support.calling import Asked, asked, asking, asks
from tests.support.moves import begin, claimed, execute
from tests.support.workflows import Number
from tests.support.world import World

ANSWER = {"output": {"value": 41}}


def called(token: str, body: object, method: str = "POST") -> dict[str, Any]:
    """Return the sample call with another token."""
    event = with_body(sample("api_callback.json"), body)
    path = f"/callbacks/{token}"
    http = {**event["requestContext"]["http"], "method": method, "path": path}
    context = {**event["requestContext"], "http": http}
    return {**event, "rawPath": path, "requestContext": context}


def call(token: str, body: object = ANSWER, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = handler(called(token, body, **more), FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def run(world: World) -> Asked:
    return asked(world)


def test_a_call_completes_the_stage(world: World, run: Asked) -> None:
    status, told = call(run.token)

    assert status == 200
    assert told == {
        "run_id": run.run_id,
        "stage_id": "ask",
        "resumed": True,
        "status": "COMPLETED",
    }
    assert world.output(run.run_id, "ask") == {"value": 41}


@pytest.mark.parametrize(
    ("error", "code"),
    [({"message": "No."}, "STAGE_FAILED"), ({"code": "REFUSED", "message": "No."}, "REFUSED")],
)
def test_a_call_may_fail_the_stage(run: Asked, error: dict[str, str], code: str) -> None:
    status, told = call(run.token, {"error": error})

    failed = run.stage.error
    assert (status, told["status"]) == (200, "FAILED")
    assert failed is not None
    assert (failed.code, failed.message) == (code, "No.")


def test_a_second_call_is_told_that_it_was_answered(run: Asked) -> None:
    call(run.token)

    status, told = call(run.token, {"error": {"message": "No."}})

    assert (status, told["resumed"], told["status"]) == (200, False, "COMPLETED")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("[]", 400),
        ({}, 422),
        ({"output": 1, "error": {"message": "No."}}, 422),
        ({"error": None}, 422),
        ({"error": {"message": ""}}, 422),
        ({"error": {"message": "No.", "code": "a b"}}, 422),
        ({"output": {"value": "many"}}, 422),
        ({"output": {"value": 1}, "more": 1}, 422),
    ],
)
def test_a_body_that_does_not_fit_leaves_the_token_usable(
    run: Asked, body: object, status: int
) -> None:
    refused, _ = call(run.token, body)

    assert refused == status
    assert run.stage.status is Status.SUSPENDED
    assert call(run.token)[0] == 200


@pytest.mark.parametrize(
    "body", [{f"field-{nth}": 1 for nth in range(10_000)}, {"field" * 100_000: 1}]
)
def test_of_a_body_that_is_wrong_throughout_only_so_much_is_told(
    run: Asked, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    answer = handler(called(run.token, body), FakeContext())

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (422, "INVALID_INPUT")
    assert len(problem["problems"]) <= 51
    assert len(answer["body"]) < 10_000
    assert len(repr(caplog.records[-1].__dict__)) < 10_000


def test_what_is_wrong_with_an_output_is_told(run: Asked) -> None:
    status, problem = call(run.token, {"output": {"value": "many"}})

    assert (status, problem["code"]) == (422, "INVALID_INPUT")
    assert problem["problems"]
    assert "value" in problem["detail"]


def test_that_one_of_two_is_missing_is_told_in_a_sentence(run: Asked) -> None:
    _, problem = call(run.token, {})

    assert problem["detail"] == (
        "The body does not fit: give an `output` or an `error`, and only one of them."
    )


@pytest.mark.usefixtures("world")
def test_a_link_to_a_run_that_is_not_there_is_not_found() -> None:
    answer = handler(sample("api_callback.json"), FakeContext())

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "NOT_FOUND")


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("token", ["x", "1.a.b.1s.0.1.short", "%20", "x" * 4_000, "a.b~c-d"])
def test_what_is_no_token_is_not_found(token: str) -> None:
    status, problem = call(token)

    assert (status, problem["code"]) == (404, "NOT_FOUND")


def test_a_wrong_secret_is_not_found(run: Asked) -> None:
    status, _ = call(replace(Callback.read(run.token), secret="a" * 32).token)

    assert status == 404
    assert run.stage.status is Status.SUSPENDED


def test_a_call_that_comes_too_early_is_told_when_to_come_again(world: World) -> None:
    world.learn(asking([]))
    run_id = begin(world, "asking")
    execute(world, run_id, "first")
    key: StageKey = claimed(world, run_id, "ask").stage.key
    token = Callback(key=key, generation=0, attempt=1, secret="a" * 32).token

    answer = handler(called(token, ANSWER), FakeContext())

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (409, "TOO_EARLY")
    assert answer["headers"]["Retry-After"] == "5"


def test_a_link_of_a_cancelled_run_is_gone(world: World, run: Asked) -> None:
    world.dispatch(CancelRun(run_id=run.run_id))

    status, problem = call(run.token)

    assert (status, problem["code"], problem["title"]) == (410, "GONE", "Gone")


def test_a_link_is_not_lost_while_its_workflow_is_on_its_way(
    world: World, run: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = World(ports=replace(world.ports, registry=MemoryRegistry([])))
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "kernel", lambda: elsewhere.kernel)
        answer = handler(called(run.token, ANSWER), FakeContext())

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (409, "DEFINITION_CHANGED")
    assert answer["headers"]["Retry-After"] == "5"
    assert call(run.token)[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_following_the_link_completes_nothing(run: Asked, method: str) -> None:
    status, problem = call(run.token, method=method)

    assert (status, problem["code"]) == (404, "NO_ROUTE")
    assert run.stage.status is Status.SUSPENDED


def test_no_call_gets_its_token_into_the_log(
    world: World, run: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    secret = Callback.read(run.token).secret
    world.policy = replace(world.policy, callback_base=None)

    call(run.token, {"output": "no number"})
    call(run.token, method="GET")
    world.persistence.meanwhile(lambda: int("a bug"))
    call(run.token)
    call(run.token)
    call(run.token)

    assert "a bug" in caplog.text
    assert secret not in caplog.text
    assert secret not in repr([one.__dict__ for one in caplog.records])


def test_a_deployment_that_has_the_stage_elsewhere_says_so_and_the_link_stays_usable(
    world: World, run: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = workflow("asking", input=Number).pipe(asks([])).build()
    other = World(ports=replace(world.ports, registry=MemoryRegistry([moved])))
    monkeypatch.setattr(wiring, "kernel", lambda: other.kernel)

    status, problem = call(run.token)

    assert (status, problem["code"]) == (409, "DEFINITION_CHANGED")
    assert run.stage.status is Status.SUSPENDED
