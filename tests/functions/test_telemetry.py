"""Log lines that never raise, and tell their invocation."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from functions.telemetry import PowertoolsLogbook, begin, logger
from kernel.model.json import Json
from kernel.ports.logbook import Level, LogEntry
from tests.functions.samples import FakeContext


def written(record: logging.LogRecord) -> dict[str, Json]:
    line: dict[str, Json] = json.loads(logger.registered_formatter.format(record))
    return line


def test_a_line_of_the_logbook_is_json_with_its_fields(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = LogEntry(level=Level.WARNING, message="slow", fields={"run_id": "run-1", "seconds": 3})

    PowertoolsLogbook().write(entry)

    line = written(caplog.records[-1])
    assert (line["level"], line["message"], line["service"]) == ("WARNING", "slow", "headrace")
    assert (line["run_id"], line["seconds"]) == ("run-1", 3)


@pytest.mark.parametrize("name", ["name", "message", "args", "level", "timestamp", "module"])
def test_a_field_with_a_name_that_is_taken_gets_another(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    PowertoolsLogbook().write(LogEntry(level=Level.INFO, message="said", fields={name: "mine"}))

    line = written(caplog.records[-1])
    assert line["message"] == "said"
    assert line[f"{name}_"] == "mine"


def test_a_line_that_cannot_be_written_costs_nothing() -> None:
    broken: dict[str, Json] = {7: "a number for a name"}  # type: ignore[dict-item]

    PowertoolsLogbook().write(LogEntry(level=Level.INFO, message="said", fields=broken))


def test_each_thread_tells_its_own_invocation() -> None:
    both_begun = Barrier(2)

    def invoke(request_id: str) -> Json:
        begin(FakeContext(request_id=request_id))
        both_begun.wait(timeout=10)
        return written(logging.makeLogRecord({"msg": "a line"}))["function_request_id"]

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(invoke, ["request-1", "request-2"]))

    assert told == ["request-1", "request-2"]
