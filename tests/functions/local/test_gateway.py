"""Requests find their routes, and answers come back as a caller would read them."""

from typing import Any

import pytest

from functions.local.blueprint import Route
from functions.local.gateway import Gateway, Response

ROUTES = [
    Route(method="POST", path="/runs"),
    Route(method="GET", path="/runs/{run_id}"),
    Route(method="GET", path="/console/{path+}"),
]


class Recorder:
    """A function that remembers its events and answers each one with *answer*."""

    def __init__(self, answer: Any = None) -> None:
        self.events: list[Any] = []
        self._answer = answer

    def __call__(self, event: Any) -> Any:
        self.events.append(event)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_a_request_is_routed_and_its_body_goes_out_as_json() -> None:
    function = Recorder()

    Gateway(ROUTES, function).request("POST", "/runs", {"a": 1}, {"Idempotency-Key": "k"})

    [event] = function.events
    assert event["routeKey"] == "POST /runs"
    assert event["body"] == '{"a": 1}'
    assert event["headers"]["idempotency-key"] == "k"


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/runs/run-1", "GET /runs/{run_id}", {"run_id": "run-1"}),
        ("/runs/a%2Fb", "GET /runs/{run_id}", {"run_id": "a/b"}),
        ("/console/js/app.js", "GET /console/{path+}", {"path": "js/app.js"}),
    ],
)
def test_parameters_are_taken_from_the_path(
    path: str, route: str, parameters: dict[str, str]
) -> None:
    function = Recorder()

    Gateway(ROUTES, function).request("GET", path)

    assert function.events[0]["routeKey"] == route
    assert function.events[0]["pathParameters"] == parameters


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("DELETE", "/runs/run-1"), ("GET", "/runs/run-1/x")]
)
def test_what_has_no_route_never_reaches_the_function(method: str, path: str) -> None:
    function = Recorder()

    response = Gateway(ROUTES, function).request(method, path)

    assert response == Response(status=404, body={"message": "Not Found"})
    assert not function.events


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ({"run_id": "run-1"}, 200, {"run_id": "run-1"}),
        (
            {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": "[1]"},
            201,
            [1],
        ),
        (
            {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": "[1]"},
            200,
            "[1]",
        ),
        ({"statusCode": 204}, 204, ""),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, "hi"),
        (ValueError("a bug"), 500, {"message": "Internal Server Error"}),
    ],
)
def test_an_answer_is_read_as_api_gateway_reads_it(answer: Any, status: int, body: Any) -> None:
    gateway = Gateway(ROUTES, Recorder(answer))

    response = gateway.request("GET", "/runs/run-1")

    assert (response.status, response.body) == (status, body)
    assert response.is_fine == (status < 400)
