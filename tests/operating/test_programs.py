"""The programs in the operating guide do what it says, on the template's account."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import boto3
import pytest

from functions import wiring
from kernel.model.change import SaveDeadLetter
from kernel.model.policy import Policy
from tests.operating import guide
from tests.support.builders import a_dead_letter, an_event
from tests.support.by_hand import ByHand, by_hand

LISTING, REPLAYING, ORPHANS, DELETING, TENANT = range(5)
LONG: Final = {"text": "long " * 2_000}
Run = Callable[..., list[str]]


@pytest.fixture
def aws() -> Iterator[ByHand]:
    with by_hand("tests.operating.kept_flows") as played:
        yield played


@pytest.fixture
def run(
    aws: ByHand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return what runs a program of the guide and returns the lines that it prints."""
    monkeypatch.chdir(tmp_path)
    variables = aws.account.environments["TickFunction"]
    Path("stack.json").write_text(json.dumps(dict(variables)), encoding="utf-8")

    def run(nth: int, **words: str) -> list[str]:
        program = guide.programs()[nth]
        for word, meant in words.items():
            program = program.replace(word, meant)
        capsys.readouterr()
        exec(compile(program, "operating.md", "exec"), {})  # noqa: S102 - it is our own page
        return capsys.readouterr().out.splitlines()

    return run


def finished(aws: ByHand, **more: object) -> str:
    run_id = aws.start("leaving", LONG, **more)
    aws.finish(run_id)
    return run_id


def test_there_are_as_many_programs_as_are_tried_here() -> None:
    assert len(guide.programs()) == TENANT + 1


def test_events_that_were_given_up_on_are_listed_and_go_back_in_line(
    aws: ByHand, run: Run
) -> None:
    run_id = finished(aws)
    event = an_event(id=f"{run_id}:1", run_id=run_id, type="workflow:completed")
    letter = a_dead_letter(
        event=event, at=aws.now, expires_at=aws.now + Policy().dead_letters_kept
    )
    wiring.ports().persistence.commit([SaveDeadLetter(letter=letter)])

    listed = run(LISTING)
    replayed = run(REPLAYING)

    (line,) = listed
    assert line.endswith(f"workflow:completed {run_id}:1 It is too large.")
    assert replayed == ["ReplayDeadLettersResult(replayed=1, failed=0)"]
    assert run(LISTING) == []


def test_an_event_that_was_given_up_on_outlives_its_run_until_the_table_forgets_it(
    aws: ByHand, run: Run
) -> None:
    run_id = finished(aws)
    end = aws.now + Policy().dead_letters_kept
    letter = a_dead_letter(event=an_event(run_id=run_id), at=aws.now, expires_at=end)
    wiring.ports().persistence.commit([SaveDeadLetter(letter=letter)])

    run(DELETING, RUN_ID=run_id)

    (left,) = aws.items()
    assert left["sk"].startswith("DEAD#")
    assert float(left["expires_at"]) == pytest.approx(end.timestamp(), abs=1)


def test_a_run_is_deleted_with_all_that_it_left(aws: ByHand, run: Run) -> None:
    run_id = finished(aws)

    said = run(DELETING, RUN_ID=run_id)

    assert said == [f"DeleteRunResult(run_id='{run_id}')"]
    assert (aws.items(), aws.blobs()) == ([], [])


def test_the_runs_of_a_tenant_are_found_with_where_they_stand(aws: ByHand, run: Run) -> None:
    finished(aws, tenant="other")
    over = finished(aws, tenant="acme")
    waiting = aws.start("waiting", LONG, tenant="acme")

    said = run(TENANT, TENANT="acme")

    assert sorted(said) == sorted([f"{over} COMPLETED", f"{waiting} ACTIVE"])


def test_blobs_without_a_run_are_found_and_no_others(aws: ByHand, run: Run) -> None:
    finished(aws)
    bucket = aws.account.outputs["BlobBucketName"]
    boto3.client("s3").put_object(Bucket=bucket, Key="runs/nobody/input-1.json", Body=b"1")

    young = run(ORPHANS)
    old = run(ORPHANS, **{"timedelta(days=1)": "timedelta(days=-1)"})

    assert (young, old) == ([], ["runs/nobody/input-1.json"])
