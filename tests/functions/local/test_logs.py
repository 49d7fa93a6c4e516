"""Log lines end in the run's folder, not on the terminal, and none is written twice."""

import json
import logging
from pathlib import Path

import pytest

from functions.local.logs import RunLog, logs_to
from functions.telemetry import logger


def test_lines_written_early_come_along_to_the_file(tmp_path: Path) -> None:
    log = RunLog()

    log.write("before\n")
    log.settle_in(tmp_path / "log.jsonl")
    log.write("after\n")

    assert (tmp_path / "log.jsonl").read_text() == "before\nafter\n"


def test_a_log_that_has_its_file_keeps_it(tmp_path: Path) -> None:
    log = RunLog()
    first = log.settle_in(tmp_path / "first.jsonl")

    second = log.settle_in(tmp_path / "second.jsonl")

    assert second == first
    assert not (tmp_path / "second.jsonl").exists()


def test_everybodys_lines_are_collected_as_json_and_each_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[str] = []

    with logs_to(RunLog(echo=heard.append)):
        logger.warning("from a handler")
        logging.getLogger("a.stage").warning("from a stage")
        logging.getLogger("a.stage").info("chatter")
    logging.getLogger("a.stage").warning("afterwards")

    assert [json.loads(line)["message"] for line in heard] == ["from a handler", "from a stage"]
    assert "from" not in capsys.readouterr().out
