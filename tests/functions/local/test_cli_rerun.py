"""`headrace rerun`: a signed request to a deployed API, and what it says of the answer."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.local.running import Watch
from functions.local.stack import LocalStack
from tests.functions.local.http_front import OWNER, REGION, SESSION, Front, Heard, Reply, front
from tests.functions.local.seat import refused, rerun, sit_down

FORBIDDEN: Final = Reply(status=403, body='{"message": "Forbidden"}')


class Owner:
    """Whoever deployed the stack: its runs, and the server that its API is reached at."""

    def __init__(self, stack: LocalStack, served: Front) -> None:
        self.served = served
        self._stack = stack

    def run(self, workflow_id: str) -> str:
        """Return the id of a run that is over."""
        body = {"workflow_id": workflow_id, "input": {}}
        run_id = str(self._stack.request("POST", "/runs", body).body["run_id"])
        self.finish(run_id)
        return run_id

    def finish(self, run_id: str) -> None:
        watch = Watch(self._stack, run_id, [], Silence())
        watch.until_over(timedelta(seconds=20), threading.Event())

    def shown(self, run_id: str) -> Any:
        return self._stack.request("GET", f"/runs/{run_id}").body


class Silence:
    def show(self, run: object) -> None:
        """Look away."""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    stack = LocalStack(
        workflows="tests.functions.local.flows", tick_every=None, comes_back=timedelta()
    )
    with stack:
        yield stack


@pytest.fixture
def owner(stack: LocalStack) -> Iterator[Owner]:
    def answer(heard: Heard) -> Reply:
        """Do what API Gateway does."""
        if not heard.is_signed:
            return FORBIDDEN
        headers = {name.lower(): value for name, value in heard.headers.items()}
        response = stack.request(heard.method, heard.path, heard.body.decode(), headers)
        return Reply(
            status=response.status, body=json.dumps(response.body), headers=response.headers
        )

    with front(answer) as served:
        yield Owner(stack, served)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    sit_down(monkeypatch, tmp_path)
    return monkeypatch


def test_a_run_goes_again_from_the_stage(owner: Owner) -> None:
    run_id = owner.run("splitting")

    result = rerun(run_id, "--from", "add", "--url", owner.served.url)

    owner.finish(run_id)
    run = owner.shown(run_id)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Run {run_id} goes again from 'add', in generation 1.\n"
    assert (run["status"], run["generation"]) == ("COMPLETED", 1)
    assert [stage["generation"] for stage in run["stages"]] == [0, 0, 1]


def test_the_request_is_signed_for_the_api_by_whoever_sits_here(owner: Owner) -> None:
    rerun("run-1", "--from", "add", "--url", owner.served.url)

    [heard] = owner.served.heard
    authorization = heard.headers["Authorization"]
    assert authorization.startswith(f"AWS4-HMAC-SHA256 Credential={OWNER.access_key}/")
    assert f"/{REGION}/execute-api/aws4_request" in authorization
    assert heard.headers["X-Amz-Security-Token"] == SESSION
    assert heard.is_signed
    assert json.loads(heard.body) == {"stage_id": "add"}
    assert heard.headers["Idempotency-Key"]


def test_the_url_may_come_from_the_environment(
    owner: Owner, environment: pytest.MonkeyPatch
) -> None:
    run_id = owner.run("splitting")
    environment.setenv("HEADRACE_API_URL", f"{owner.served.url}/")

    result = rerun(run_id, "--from", "left")

    owner.finish(run_id)
    assert result.exit_code == 0


def test_the_same_key_reruns_once(owner: Owner) -> None:
    run_id = owner.run("splitting")
    words = (run_id, "--from", "add", "--key", "again", "--url", owner.served.url)
    rerun(*words)
    owner.finish(run_id)

    result = rerun(*words)

    assert result.exit_code == 0
    assert result.stdout == f"Run {run_id} was rerun with this key before, in generation 1.\n"
    assert owner.shown(run_id)["generation"] == 1


def test_without_a_key_every_call_is_a_request_of_its_own(owner: Owner) -> None:
    run_id = owner.run("splitting")
    words = (run_id, "--from", "add", "--url", owner.served.url)
    rerun(*words)
    owner.finish(run_id)

    rerun(*words)

    owner.finish(run_id)
    assert owner.shown(run_id)["generation"] == 2


def test_json_is_all_that_standard_output_gets_when_it_is_asked_for(owner: Owner) -> None:
    run_id = owner.run("splitting")

    result = rerun(run_id, "--from", "add", "--json", "--url", owner.served.url)

    owner.finish(run_id)
    assert json.loads(result.stdout) == {"run_id": run_id, "generation": 1, "rerun": True}
    assert "goes again from 'add'" in result.stderr


def test_a_run_that_nobody_knows_is_refused_in_the_apis_words(owner: Owner) -> None:
    result = rerun("nonesuch", "--from", "add", "--url", owner.served.url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "No run has the id 'nonesuch'.")
    assert hint.startswith("Check the id.")


def test_a_stage_that_the_workflow_lacks_is_refused_in_the_apis_words(owner: Owner) -> None:
    result = rerun(owner.run("splitting"), "--from", "nonesuch", "--url", owner.served.url)

    code, sentence, _ = refused(result)
    assert code == 2
    assert "'nonesuch'" in sentence


def test_an_id_with_odd_characters_is_asked_for_as_it_is(owner: Owner) -> None:
    result = rerun("no/such run?", "--from", "add", "--url", owner.served.url)

    assert owner.served.heard[0].path == "/runs/no%2Fsuch%20run%3F/rerun"
    assert owner.served.heard[0].is_signed
    assert refused(result)[0] == 2


def test_whoever_may_not_ask_is_told_what_is_missing(
    owner: Owner, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_SECRET_ACCESS_KEY", "a guess")

    result = rerun("run-1", "--from", "add", "--url", owner.served.url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, f"The API at {owner.served.url} answers 403: Forbidden.")
    assert "execute-api:Invoke" in hint
