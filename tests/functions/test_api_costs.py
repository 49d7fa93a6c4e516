"""What models cost, over HTTP: a run's calls, and what a topic came to."""

import json
from typing import Any

import pytest

from functions.api import handler
from functions.workflows.review import review
from kernel.model.json import Json
from tests.functions.samples import FakeContext, about_run, sample
from tests.support.world import World

REVIEWS: Json = {
    "reviews": [{"id": "a", "text": "The parcel was late."}, {"id": "b", "text": "Good."}]
}


@pytest.fixture
def run_id(world: World) -> str:
    world.learn(review)
    run_id = world.create("review", REVIEWS)
    world.finish(run_id)
    return run_id


def ask(event: dict[str, Any], **query: str) -> tuple[int, dict[str, Any]]:
    answer = handler({**event, "queryStringParameters": query or None}, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


def test_the_calls_of_a_run_are_listed_with_their_prices(run_id: str) -> None:
    status, shown = ask(about_run(sample("api_list_calls.json"), run_id))

    call = next(call for call in shown["calls"] if call["stage_id"] == "classify")
    assert (status, len(shown["calls"]), shown["more"]) == (200, 7, False)
    assert call["topic"] == "workflow.review.stage.classify"
    assert (call["state"], call["input_price"], call["output_price"]) == ("settled", "0.8", "4")
    assert (call["prompt"], call["error"]) == (None, None)


def test_the_calls_of_one_stage_are_listed_alone_and_not_all(run_id: str) -> None:
    event = about_run(sample("api_list_calls.json"), run_id)

    status, shown = ask(event, stage="extract", limit="1")

    assert (status, shown["more"]) == (200, True)
    assert [call["stage_id"] for call in shown["calls"]] == ["extract"]


def test_what_a_topic_cost_is_told_by_month_topic_and_run(run_id: str, world: World) -> None:
    bill = world.persistence.bill(run_id)

    status, shown = ask(sample("api_show_costs.json"), topic="workflow.review", months="2")

    assert bill is not None
    assert (status, shown["total"]["calls"]) == (200, bill.total.calls)
    assert [*shown["months"]] == ["2025-12", "2026-01"]
    assert shown["months"]["2026-01"] == shown["total"]
    assert shown["topics"]["workflow.review.stage.extract"]["calls"] == 2
    assert shown["runs"] == {
        "count": 1,
        **dict.fromkeys(["least", "mean", "most"], shown["total"]["cost"]),
    }


def test_what_nobody_spent_anything_on_has_no_costs(run_id: str) -> None:
    status, shown = ask(sample("api_show_costs.json"), topic="workflow.reviews")

    assert (status, shown["total"]["cost"]) == (200, "0")
    assert shown["runs"] == {"count": 0, "least": None, "mean": None, "most": None}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({}, "topic"),
        ({"topic": "workflow..x"}, "is no topic"),
        ({"topic": "workflow", "months": "14"}, "from 1 to 13"),
        ({"topic": "workflow", "months": "many"}, "months"),
        ({"topic": "workflow", "month": "2026-01"}, "month"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    world: World, query: dict[str, str], problem: str
) -> None:
    status, shown = ask(sample("api_show_costs.json"), **query)

    assert (status, shown["code"]) == (422, "INVALID_INPUT")
    assert problem in shown["detail"]


def test_calls_of_a_run_that_is_not_there_are_not_found(world: World) -> None:
    status, shown = ask(about_run(sample("api_list_calls.json"), "run-0"))

    assert (status, shown["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("limit", ["0", "1001", "few"])
def test_no_more_calls_are_listed_than_fit_in_an_answer(run_id: str, limit: str) -> None:
    status, _ = ask(about_run(sample("api_list_calls.json"), run_id), limit=limit)

    assert status == 422
