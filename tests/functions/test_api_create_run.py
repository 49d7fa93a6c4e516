"""POST /runs: what starts a run, what repeats one, and what is refused."""

import base64
import json
from http import HTTPStatus
from typing import Any

import pytest

from functions.api import handler
from functions.bodies import LARGEST
from kernel.model.status import Status
from kernel.procedures.delete_run import DeleteRun
from tests.functions.samples import FakeContext, about_run, sample, with_body
from tests.support.world import World


def post(body: object, *, key: str | None = None) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Send the sample with another body; return status, answer and headers."""
    event = with_body(sample("api_create_run.json"), body)
    headers = {name: each for name, each in event["headers"].items() if name != "idempotency-key"}
    event["headers"] = headers | ({} if key is None else {"idempotency-key": key})
    answer = handler(event, FakeContext())
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_the_request_of_the_sample_makes_a_run(world: World, context: FakeContext) -> None:
    answer = handler(sample("api_create_run.json"), context)

    made = json.loads(answer["body"])
    assert answer["statusCode"] == 201
    assert answer["headers"]["Location"] == f"/runs/{made['run_id']}"
    assert (made["workflow_id"], made["status"]) == ("hello", "PENDING")
    assert world.run(made["run_id"]).status is Status.PENDING


def test_run_ids_are_ulids_and_sort_by_time(world: World) -> None:
    ids = [post({"workflow_id": "hello", "input": {}})[1]["run_id"] for _ in range(20)]

    assert {len(id_) for id_ in ids} == {26}
    assert [id_[:10] for id_ in ids] == sorted(id_[:10] for id_ in ids)


def test_the_same_key_and_request_give_the_same_run_as_it_stands(world: World) -> None:
    asked = {"workflow_id": "hello", "input": {"name": "Ada"}}
    first, made, _ = post(asked, key="once")
    world.drain()

    again, same, headers = post(asked, key="once")

    assert (first, again) == (201, 200)
    assert same == made | {"status": "COMPLETED"}
    assert headers["Location"] == f"/runs/{made['run_id']}"


def test_the_key_of_a_deleted_run_says_so(world: World) -> None:
    asked = {"workflow_id": "hello", "input": {"name": "Ada"}}
    _, made, _ = post(asked, key="once")
    world.finish(made["run_id"])
    world.dispatch(DeleteRun(run_id=made["run_id"]))

    status, problem, _ = post(asked, key="once")

    assert (status, problem["code"]) == (410, "GONE")
    assert f"made run '{made['run_id']}', which has been deleted" in problem["detail"]


def test_the_same_key_with_another_request_is_a_conflict(world: World) -> None:
    _, made, _ = post({"workflow_id": "hello", "input": {"name": "Ada"}}, key="once")

    status, problem, _ = post({"workflow_id": "hello", "input": {"name": "Bob"}}, key="once")

    assert (status, problem["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert problem["run_id"] == made["run_id"]
    assert "new Idempotency-Key" in problem["advice"]


def test_all_that_a_run_can_be_given_reaches_it(world: World) -> None:
    _, made, _ = post(
        {
            "workflow_id": "three",
            "input": {"value": 1},
            "config": {"second": {"amount": 5}},
            "priority": 9,
            "tenant": "acme",
            "start_at": "2026-01-01T13:30:00+01:00",
            "annotations": {"topic": "rivers"},
        }
    )

    run = world.run(made["run_id"])
    assert (run.priority, run.tenant) == (9, "acme")
    assert run.start_at is not None
    assert run.start_at.isoformat() == "2026-01-01T12:30:00+00:00"
    (note,) = world.persistence.annotations(run.id)
    assert (note.key, note.value) == ("topic", "rivers")


def test_a_body_in_base64_is_read(world: World, context: FakeContext) -> None:
    event = sample("api_create_run.json")
    encoded = base64.b64encode(event["body"].encode()).decode()

    answer = handler({**event, "body": encoded, "isBase64Encoded": True}, context)

    assert answer["statusCode"] == 201


def test_an_unknown_workflow_is_not_found_and_the_known_ones_are_named(world: World) -> None:
    status, problem, headers = post({"workflow_id": "nonesuch"})

    assert (status, problem["status"], problem["title"]) == (404, 404, "Not Found")
    assert (problem["code"], problem["workflow_id"]) == ("NOT_FOUND", "nonesuch")
    assert "known are: diamond, failing, fan, hello" in problem["detail"]
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"input": {"value": "many"}}, "value: Input should be a valid integer"),
        ({"input": None}, "Input should be an object"),
        ({"config": {"fourth": {}}}, "there is no stage 'fourth', only first, second, third"),
        ({"config": {"first": {"amount": "x"}}}, "stage 'first': amount: Input should be a valid"),
        ({"config": []}, "config: Input should be a valid dictionary"),
        ({"priority": 11}, "priority is 11; give a whole number from 0 to 10"),
        ({"priority": "5"}, "priority: Input should be a valid integer"),
        ({"priority": True}, "priority: Input should be a valid integer"),
        ({"start_at": "tomorrow"}, "start_at: Invalid isoformat string: 'tomorrow'"),
        ({"start_at": "2026-01-01T12:00:00"}, "does not say in which time zone"),
        ({"start_at": "9999-12-31T23:59:59Z"}, "start_at is after the year 9000"),
        ({"start_at": 1_767_268_800}, "give a moment as text"),
        ({"tenant": ""}, "tenant: String should have at least 1 character"),
        ({"workflow_id": 7}, "workflow_id: Input should be a valid string"),
        (
            {"annotations": {"long": "x" * 5_000}},
            "the value is longer than 4096 characters of JSON",
        ),
        ({"annotations": {str(nth): 1 for nth in range(21)}}, "more than 20 annotations"),
        ({"colour": "blue"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_problem(
    more: dict[str, Any], problem: str, world: World
) -> None:
    status, answer, _ = post({"workflow_id": "three", "input": {"value": 1}} | more)

    assert (status, answer["code"]) == (422, "INVALID_INPUT")
    assert problem in "; ".join(answer["problems"])
    assert not world.due()


def test_every_problem_of_a_body_is_told_at_once(world: World) -> None:
    _, answer, _ = post({"priority": "high", "colour": "blue"})

    assert len(answer["problems"]) == 3
    assert answer["advice"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", "There is no body"),
        ("not json", "The body is not JSON: expected"),
        ('{"workflow_id": "hello"', "The body is not JSON: EOF"),
        ('{"workflow_id": "hello", "input": NaN}', "The body is not JSON"),
        ('{"workflow_id": "\\ud800"}', "The body is not JSON"),
        ("[" * 100_000, "The body is not JSON: recursion limit"),
        ("[]", "The body is list; send a JSON object."),
        ("null", "The body is NoneType; send a JSON object."),
    ],
    ids=["none", "text", "half", "nan", "surrogate", "deep", "list", "null"],
)
def test_a_body_that_is_no_json_object_says_where_it_breaks(
    body: str, detail: str, world: World
) -> None:
    status, answer, _ = post(body)

    assert (status, answer["code"]) == (400, "MALFORMED")
    assert answer["detail"].startswith(detail)


def test_a_number_beyond_json_is_refused_wherever_it_stands(world: World) -> None:
    in_input = post('{"workflow_id": "three", "input": {"value": 1e999}}')
    in_note = post('{"workflow_id": "hello", "input": {}, "annotations": {"big": 1e999}}')

    assert (in_input[0], in_note[0]) == (422, 422)
    assert "annotation 'big'" in in_note[1]["problems"][0]


def test_base64_that_is_none_is_malformed(world: World, context: FakeContext) -> None:
    event = sample("api_create_run.json") | {"body": "no base64!", "isBase64Encoded": True}

    answer = handler(event, context)

    assert answer["statusCode"] == 400


def test_a_body_over_five_megabytes_is_too_large(world: World) -> None:
    status, answer, _ = post({"workflow_id": "hello", "input": {"name": "x" * LARGEST}})

    assert (status, answer["code"]) == (413, "TOO_LARGE")
    assert "at most 5,000,000" in answer["detail"]


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "two\nlines"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(key: str, world: World) -> None:
    status, answer, _ = post({"workflow_id": "hello"}, key=key)

    assert status == 422
    assert "1 to 255 printable ASCII characters" in answer["detail"]


@pytest.mark.usefixtures("missing_table")
def test_without_its_table_it_asks_to_come_again_and_names_the_variable() -> None:
    status, answer, headers = post({"workflow_id": "hello", "input": {}})

    assert (status, answer["code"]) == (503, "UNAVAILABLE")
    assert headers["Retry-After"] == "5"
    assert answer["detail"] == "The table 'headrace' does not exist; check HEADRACE_TABLE."


@pytest.mark.parametrize("budget", ["2.50", 2.5])
def test_a_run_is_made_with_a_budget_and_shows_it(world: World, budget: object) -> None:
    _, made, _ = post({"workflow_id": "three", "input": {"value": 1}, "budget": budget})

    event = about_run(sample("api_show_run.json"), made["run_id"])
    shown = json.loads(handler(event, FakeContext())["body"])

    assert shown["bill"]["budget"] == "2.5"
    assert shown["bill"]["total"]["cost"] == "0"


@pytest.mark.parametrize("budget", [0, -1, "much", 1e10, [1], "0.0000000001"])
def test_a_budget_that_is_none_is_refused(world: World, budget: object) -> None:
    status, answer, _ = post({"workflow_id": "three", "input": {"value": 1}, "budget": budget})

    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "budget" in answer["detail"]


def test_a_run_is_given_another_budget(world: World) -> None:
    _, made, _ = post({"workflow_id": "three", "input": {"value": 1}, "budget": "0.1"})
    event = about_run(sample("api_raise_budget.json"), made["run_id"])

    answer = handler(event, FakeContext())

    assert json.loads(answer["body"]) == {
        "run_id": made["run_id"],
        "budget": "5.00",
        "committed": "0",
    }
    bill = world.persistence.bill(made["run_id"])
    assert bill is not None
    assert bill.limit == 5_000_000_000


@pytest.mark.parametrize("body", [{}, {"budget": 0}, {"budget": "much"}, {"budget": "1", "x": 1}])
def test_another_budget_that_is_none_is_refused(world: World, body: object) -> None:
    _, made, _ = post({"workflow_id": "three", "input": {"value": 1}})
    event = with_body(about_run(sample("api_raise_budget.json"), made["run_id"]), body)

    answer = handler(event, FakeContext())

    assert answer["statusCode"] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert world.persistence.bill(made["run_id"]) is None
