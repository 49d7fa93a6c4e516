"""`headrace rerun` that cannot be: one sentence, one hint, and an exit code."""

import socket
import threading
from pathlib import Path

import pytest

from functions.local import remote
from tests.functions.local.http_front import Heard, Reply, front, saying
from tests.functions.local.seat import refused, rerun, sit_down


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    sit_down(monkeypatch, tmp_path)
    return monkeypatch


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", "not a url", "ftp://example.org", "http://[", "https:"),
        *("http://127.0.0.1:99999", "http://127.0.0.1:http", "http://127.0.0.1:1 "),
        *("http://127.0.0.1:1/?", "http://127.0.0.1:1/#top", "http://127.0.0.1:1\n"),
    ],
)
def test_without_a_url_nothing_is_asked(url: str | None) -> None:
    result = rerun("run-1", "--from", "add", *(("--url", url) if url is not None else ()))

    code, sentence, hint = refused(result)
    assert code == 2
    assert "URL of an API" in sentence
    assert "HEADRACE_API_URL" in hint


def test_without_credentials_nothing_is_asked(environment: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        environment.delenv(name)

    with front(saying(200, {})) as served:
        result = rerun("run-1", "--from", "add", "--url", served.url)

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "There are no AWS credentials to sign the request with.")
    assert "AWS_PROFILE" in hint
    assert served.heard == []


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


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "two\nlines"])
def test_a_key_that_no_header_can_hold_is_not_sent(key: str) -> None:
    with front(saying(200, {})) as served:
        result = rerun("run-1", "--from", "add", "--key", key, "--url", served.url)

    code, sentence, _ = refused(result)
    assert (code, sentence) == (2, "What --key gives cannot be sent.")
    assert served.heard == []


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
        (503, {"detail": "DynamoDB is out of reach.", "advice": "Wait."}, 1, "DynamoDB", "--key"),
        (500, {"message": "Internal Server Error"}, 1, "answers 500: Internal", "--key"),
        (502, "<html>", 1, "answers 502: Bad Gateway", "Send it again"),
        (429, {"message": "Too Many Requests"}, 1, "answers 429", "again in a moment"),
        (404, {"message": "Not Found"}, 2, "answers 404: Not Found", "HEADRACE_API_URL"),
        (418, "", 2, "answers 418: I'm a Teapot", "HEADRACE_API_URL"),
        (499, [], 2, "answers 499: it does not say why", "HEADRACE_API_URL"),
        (301, "", 2, "is no Headrace API", "HEADRACE_API_URL"),
        (200, "<html>welcome", 2, "is no Headrace API", "HEADRACE_API_URL"),
        (200, {"hello": "world"}, 2, "is no Headrace API", "HEADRACE_API_URL"),
        (
            500,
            {"detail": "A bug.", "request_id": "abc-1"},
            1,
            "A bug. In its log this is abc",
            "--",
        ),
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
