"""`headrace cost`: what a run cost, what a topic came to, and what another run may cost."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from functions.local.cli import app
from functions.local.running import Watch
from functions.local.stack import LocalStack
from tests.functions.local.http_front import Front, Heard, Reply, front
from tests.functions.local.seat import refused, sit_down

REVIEWS = {"reviews": [{"id": "a", "text": "The parcel was late."}, {"id": "b", "text": "Good."}]}


class Silence:
    def show(self, run: object) -> None:
        """Look away."""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(workflows="functions.workflows.review", tick_every=None) as stack:
        yield stack


@pytest.fixture(scope="module")
def run_id(stack: LocalStack) -> str:
    body = {"workflow_id": "review", "input": REVIEWS, "budget": "2.50"}
    run_id = str(stack.request("POST", "/runs", body).body["run_id"])
    watch = Watch(stack, run_id, [], Silence())
    assert watch.until_over(timedelta(seconds=30), threading.Event()).status == "COMPLETED"
    return run_id


@pytest.fixture
def served(stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Front]:
    sit_down(monkeypatch, tmp_path)

    def answer(heard: Heard) -> Reply:
        response = stack.request(heard.method, heard.path, None, {})
        return Reply(status=response.status, body=json.dumps(response.body), headers={})

    with front(answer) as served:
        yield served


def cost(*words: str) -> Result:
    return CliRunner().invoke(app, ["cost", *words])


def test_a_run_is_told_by_its_stages_and_with_what_is_left(run_id: str, served: Front) -> None:
    result = cost(run_id, "--url", served.url)

    assert result.exit_code == 0
    assert "classify: $0.00" in result.stdout
    assert f"Run {run_id}: $0.00" in result.stdout
    assert "Its budget is $2.5, of which $2.49" in result.stdout
    assert served.heard[0].is_signed


def test_a_topic_is_told_by_what_is_below_it(run_id: str, served: Front) -> None:
    result = cost("--topic", "workflow.review.stage", "--months", "2", "--url", served.url)

    assert "workflow.review.stage.extract: $0.00" in result.stdout
    assert "All under workflow.review.stage, in 1 run: $0.00" in result.stdout
    assert served.heard[0].is_signed


def test_an_estimate_is_what_other_runs_cost(run_id: str, served: Front) -> None:
    told = json.loads(cost("--estimate", "review", "--json", "--url", served.url).stdout)

    result = cost("--estimate", "review", "--url", served.url)

    mean = told["runs"]["mean"]
    assert f"A run of 'review' cost ${mean} on average, ${mean} at least" in result.stdout


def test_where_nothing_was_spent_nobody_can_tell(served: Front) -> None:
    result = cost("--estimate", "other", "--url", served.url)

    assert "No run of 'other' has asked models" in result.stdout


def test_what_the_api_refuses_is_said_in_its_words(served: Front) -> None:
    result = cost("--topic", "a..b", "--url", served.url)

    code, sentence, _ = refused(result)
    assert (code, "is no topic" in sentence) == (2, True)


@pytest.mark.parametrize("words", [(), ("run-1", "--topic", "a"), ("run-1", "--estimate", "a")])
def test_costs_are_told_of_one_thing_at_a_time(served: Front, words: tuple[str, ...]) -> None:
    result = cost(*words, "--url", served.url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "Costs are told of one thing at a time.")
    assert "--estimate" in hint
