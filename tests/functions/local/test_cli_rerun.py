"""`headrace rerun`: a signed request to a deployed API, and what it says of the answer."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner, Result

from functions.local import remote
from functions.local.cli import app
from functions.local.running import Watch
from functions.local.stack import LocalStack
from tests.functions.local.http_front import (
    OWNER,
    REGION,
    SESSION,
    Front,
    Heard,
    Reply,
    front,
    saying,
)

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
    """Whoever sits here may sign as the owner, and has no other credentials."""
    nothing = str(tmp_path / "nothing")
    values = {
        "AWS_ACCESS_KEY_ID": OWNER.access_key,
        "AWS_SECRET_ACCESS_KEY": OWNER.secret_key,
        "AWS_SESSION_TOKEN": SESSION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "HEADRACE_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def rerun(*words: str) -> Result:
    return CliRunner().invoke(app, ["rerun", *words])


def refused(result: Result) -> tuple[int, str, str]:
    """Return the exit code, the sentence and the hint; there must be nothing else."""
    assert result.stdout == ""
    sentence, hint = result.stderr.splitlines()
    return result.exit_code, sentence.removeprefix("Error: "), hint.removeprefix("Hint: ")


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


@pytest.mark.parametrize("url", [None, "", "not a url", "ftp://example.org", "http://[", "https:"])
def test_without_a_url_nothing_is_asked(url: str | None) -> None:
    result = rerun("run-1", "--from", "add", *(("--url", url) if url is not None else ()))

    code, sentence, hint = refused(result)
    assert code == 2
    assert "URL of an API" in sentence
    assert "HEADRACE_API_URL" in hint


def test_without_credentials_nothing_is_asked(
    owner: Owner, environment: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        environment.delenv(name)

    result = rerun("run-1", "--from", "add", "--url", owner.served.url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "There are no AWS credentials to sign the request with.")
    assert "AWS_PROFILE" in hint
    assert owner.served.heard == []


@pytest.mark.parametrize(
    ("name", "value", "gone"),
    [
        ("AWS_PROFILE", "nonesuch", "AWS_CONFIG_FILE"),
        ("AWS_ACCESS_KEY_ID", "half", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_credentials_that_cannot_be_used_are_named(
    environment: pytest.MonkeyPatch, name: str, value: str, gone: str
) -> None:
    environment.setenv(name, value)
    environment.delenv(gone)

    result = rerun("run-1", "--from", "add", "--url", "http://127.0.0.1:1")

    code, sentence, hint = refused(result)
    assert code == 2
    assert sentence.startswith("The AWS credentials cannot be used: ")
    assert "AWS_PROFILE" in hint


def test_an_api_whose_name_does_not_say_its_region_needs_one(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("AWS_DEFAULT_REGION")
    environment.delenv("AWS_REGION", raising=False)

    result = rerun("run-1", "--from", "add", "--url", "https://api.example.org")

    code, sentence, hint = refused(result)
    assert code == 2
    assert "in which region" in sentence
    assert "AWS_REGION" in hint


def test_the_name_that_aws_gave_says_in_which_region_it_is() -> None:
    api = remote.RemoteApi("https://abc123.execute-api.ap-southeast-2.amazonaws.com")

    assert api.region == "ap-southeast-2"


def test_where_nobody_listens_nothing_was_asked() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        result = rerun("run-1", "--from", "add", "--url", url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (1, f"Nobody answers at {url}.")
    assert "nothing was asked yet" in hint


def test_an_answer_that_never_came_can_be_asked_for_again(
    environment: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def dawdle(_: Heard) -> Reply:
        release.wait(10)
        return Reply(status=200, body="{}")

    environment.setattr(remote, "_TIMEOUT", 0.2)
    with front(dawdle) as served:
        result = rerun("run-1", "--from", "add", "--key", "mine", "--url", served.url)
        release.set()

    code, sentence, hint = refused(result)
    assert code == 1
    assert sentence.startswith(f"There was no answer from {served.url}: Read timeout")
    assert "--key mine" in hint


@pytest.mark.parametrize(
    ("status", "body", "code", "said", "advised"),
    [
        (503, {"detail": "DynamoDB is out of reach.", "advice": "Wait."}, 1, "DynamoDB", "Wait."),
        (500, {"message": "Internal Server Error"}, 1, "answers 500: Internal", "the log"),
        (502, "<html>", 1, "answers 502: Bad Gateway", "Send it again"),
        (429, {"message": "Too Many Requests"}, 1, "answers 429", "busy"),
        (404, {"message": "Not Found"}, 2, "answers 404: Not Found", "HEADRACE_API_URL"),
        (418, "", 2, "answers 418: I'm a Teapot", "HEADRACE_API_URL"),
        (499, [], 2, "answers 499: it does not say why", "HEADRACE_API_URL"),
        (301, "", 2, "is no Headrace API", "HEADRACE_API_URL"),
        (200, "<html>welcome", 2, "is no Headrace API", "HEADRACE_API_URL"),
    ],
)
def test_every_other_answer_is_a_sentence_with_a_hint(
    status: int, body: object, code: int, said: str, advised: str
) -> None:
    with front(saying(status, body)) as served:
        result = rerun("run-1", "--from", "add", "--url", served.url)

    ended, sentence, hint = refused(result)
    assert ended == code
    assert said in sentence
    assert advised in hint


def test_a_stage_has_to_be_named() -> None:
    result = rerun("run-1")

    assert result.exit_code == 2
    assert "--from" in result.output
    assert "Traceback" not in result.output
