"""`headrace run`: what it says, what it leaves, and the code that it ends with."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from functions.local.cli import app
from functions.local.template import TEMPLATE

ROOT = TEMPLATE.parent
PACKAGE = "tests.functions.local.flows"
HEADRACE = [sys.executable, "-c", "from functions.local.cli import main; main()"]


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADRACE_WORKFLOWS", PACKAGE)


def headrace(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=stdin)


def started(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """Start a process of its own, which can be interrupted."""
    return subprocess.Popen(
        [*HEADRACE, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def only_folder() -> Path:
    [folder] = Path(".headrace", "runs").iterdir()
    return folder


def test_a_run_is_shown_line_by_line_and_its_output_and_log_are_kept() -> None:
    before = dict(os.environ)

    result = headrace("run", "hello", "--input", '{"name": "Ada"}', "--no-tick")

    assert dict(os.environ) == before
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "Opening an AWS account in this process."
    assert lines[1].endswith("of 'hello' has begun.")
    assert any("cheer" in line and "COMPLETED" in line for line in lines)
    assert 'Output: {"text": "Hello, Ada!"}' in lines
    assert json.loads((only_folder() / "output.json").read_text()) == {"text": "Hello, Ada!"}
    assert "bell answered" in (only_folder() / "log.jsonl").read_text()
    assert "\x1b" not in result.stdout
    assert "{" not in result.stdout.replace('Output: {"text"', "")


def test_artifacts_go_where_they_are_wanted_and_are_named_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "reports"

    result = headrace("run", "leaving", "--out", str(out))

    assert result.exit_code == 0
    assert (out / "cover.md").read_text() == "# Cover\n"
    assert (out / "draft" / "page.txt").read_text() == "a draft"
    assert (out / "publish" / "page.txt").read_text() == "printed"
    assert len(json.loads((out / "output.json").read_text())["text"]) == 10_000
    assert result.stdout.splitlines()[-1] == f"cover.md (8 bytes) is at {out}/cover.md"
    assert max(len(line) for line in result.stdout.splitlines()) < 500


def test_json_is_all_that_standard_output_gets_when_it_is_asked_for() -> None:
    result = headrace("run", "splitting", "--json")

    document = json.loads(result.stdout)
    assert (document["status"], document["output"]) == ("COMPLETED", {"value": 12})
    assert document["polls"] == 0
    assert document["aws_calls"]["dynamodb"] > 0
    assert "COMPLETED in" in result.stderr


def test_a_run_that_fails_says_where_and_why() -> None:
    result = headrace("run", "doomed")

    assert result.exit_code == 1
    assert "in stage 'refuse': It will never work. (FATAL)" in result.stdout
    assert result.stdout.splitlines()[-1] == f"The log is at {only_folder() / 'log.jsonl'}."


def test_a_run_that_takes_too_long_is_cancelled() -> None:
    result = headrace("run", "sleepy", "--timeout", "0.5")

    assert result.exit_code == 1
    assert "CANCELLED after" in result.stdout
    assert "It took longer than 0.5 seconds." in result.stdout


def test_input_may_come_from_standard_input() -> None:
    result = headrace("run", "hello", "--input", "-", stdin='{"name": "Alan"}')

    assert 'Output: {"text": "Hello, Alan!"}' in result.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nope"], "No workflow has the id 'nope'; known are: "),
        (["hello", "--input", "{"], "What --input gives is not JSON: "),
        (["hello", "--input", "@none.json"], "The file 'none.json' cannot be read: "),
        (["hello", "--input", '{"name": 3}'], "The input of workflow 'hello' does not fit"),
        (["hello", "--config", '{"none": {}}'], "The config does not fit: there is no stage"),
        (["hello", "--workflows", "no.such"], "The workflow module 'no.such' cannot be imported"),
        (["hello", "--out", __file__], f"The folder '{__file__}' cannot be written to: "),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence_with_a_hint(
    words: list[str], sentence: str
) -> None:
    result = headrace("run", *words)

    said = result.stderr.splitlines()
    assert result.exit_code == 2
    assert said[0].startswith(f"Error: {sentence}")
    assert said[1].startswith("Hint: ")
    assert len(said) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["run", "hello", "--priority", "11"],
        ["run", "hello", "--workers", "0"],
        ["run", "hello", "--timeout", "0"],
        ["run"],
        ["fly"],
    ],
)
def test_a_command_that_cannot_be_read_shows_how_it_is_used(words: list[str]) -> None:
    result = headrace(*words)

    assert result.exit_code == 2
    assert "Usage: " in result.output
    assert "Traceback" not in result.output


def test_workflows_are_listed_with_their_stages_and_what_they_take() -> None:
    result = headrace("workflows")

    assert result.exit_code == 0
    assert "  stages  left + right > add" in result.stdout
    assert '  input   name="world"' in result.stdout


def test_reviews_in_a_table_become_a_report_with_its_bill() -> None:
    table = "id,stars,text\na,1,It broke.\nb,,Great price!\n"
    Path("mine.csv").write_text(table, encoding="utf-8")

    result = headrace("run", "review", "mine.csv", "--workflows", "functions.workflows")

    report = only_folder() / "report.md"
    assert (result.exit_code, result.stderr) == (0, "")
    assert f" is at {report}\n" in result.stdout
    # Two reviews, asked about twice; a batch; and a verdict for each of two themes.
    assert "Language models: 7 calls, " in result.stdout
    assert "| b | price | happy |" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file 'mine.csv' is empty."),
        ("id,text\n", "The input of workflow 'review' does not fit"),
        ("id,stars,text\na,many,It broke.\n", "The input of workflow 'review' does not fit"),
    ],
)
def test_reviews_that_are_not_as_they_must_be_are_refused(content: str, sentence: str) -> None:
    Path("mine.csv").write_text(content, encoding="utf-8")

    result = headrace("run", "review", "mine.csv", "--workflows", "functions.workflows")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {sentence}")


def test_what_nobody_foresaw_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("functions.local.listing.list_in", broken)
    quiet, verbose = headrace("workflows"), headrace("workflows", "--verbose")

    assert quiet.exit_code == verbose.exit_code == 1
    assert "Traceback" not in quiet.output
    assert "ZeroDivisionError: division by zero" in quiet.stderr
    assert "Traceback" in verbose.stderr


def test_ctrl_c_cancels_the_run_first(tmp_path: Path) -> None:
    process = started("run", "sleepy", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None

    said = [process.stdout.readline()]
    while "half asleep" not in said[-1] and said[-1]:
        said.append(process.stdout.readline())
    process.send_signal(2)
    rest, errors = process.communicate(timeout=30)

    assert process.returncode == 130, said
    assert "CANCELLED after" in rest
    assert "It was interrupted with Ctrl-C." in rest
    assert errors == ""


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from functions.local.cli import app\n"
        "try: app(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'boto3', 'moto', 'rich', 'functions.wiring'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "--no-tick" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"
