"""A run in a terminal is a table that changes; elsewhere it is one line for each change."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from functions.local.progress import Lines, LiveTable, shown_on
from functions.local.views import RunView, read_run

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLAN = [
    {"group": 1, "stages": [{"id": "bake"}, {"id": "stir"}]},
    {"group": 2, "stages": [{"id": "serve"}]},
]


def now() -> datetime:
    return NOON + timedelta(seconds=3)


def a_stage(stage_id: str, status: str, **others: Any) -> dict[str, Any]:
    return {
        "stage_id": stage_id,
        "group": 1,
        "status": status,
        "attempt": 1,
        "polls": 0,
        "started_at": "2026-11-22T12:00:01.000Z",
        "completed_at": None,
        "progress": None,
        "waits_for": None,
        "error": None,
        "artifacts": [],
        **others,
    }


def a_run(*stages: dict[str, Any]) -> RunView:
    shown = {
        "run_id": "run-1",
        "status": "RUNNING",
        "created_at": "2026-11-22T12:00:00.000Z",
        "completed_at": None,
        "error": None,
        "output": None,
        "stages": list(stages),
    }
    return read_run(shown, PLAN)


def paper(*, terminal: bool) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=100,
        color_system=None,
        legacy_windows=False,
    )


def written(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def suspended(polls: int, **others: Any) -> dict[str, Any]:
    return a_stage("bake", "SUSPENDED", polls=polls, **others)


def test_the_table_shows_every_stage_also_those_still_to_come() -> None:
    console, table = paper(terminal=True), LiveTable(now)
    half = {"fraction": 0.5, "message": "half done"}

    table.show(a_run(suspended(2, progress=half), a_stage("stir", "PENDING", attempt=0)))
    console.print(table.drawn())

    assert written(console) == [
        "Group  Stage  Status     Attempt  Polls  Elapsed  Progress",
        "1      bake   SUSPENDED        1      2    2.0 s  50%: half done",
        "1      stir   PENDING                      2.0 s",
        "2      serve  -",
    ]


def test_each_change_is_one_line_and_what_stays_is_not_said_again() -> None:
    console = paper(terminal=False)
    lines = Lines(console, now)
    failed = {"message": "ValueError: no", "code": "STAGE_ERROR"}

    for stage in (
        a_stage("bake", "PENDING", attempt=0),
        a_stage("bake", "RUNNING"),
        a_stage("bake", "RUNNING"),
        suspended(0),
        suspended(1),
        a_stage("bake", "PENDING", error=failed),
        a_stage("bake", "COMPLETED", attempt=2),
    ):
        lines.show(a_run(stage))

    assert written(console) == [
        "    3.0 s  bake             RUNNING",
        "    3.0 s  bake             SUSPENDED",
        "    3.0 s  bake             SUSPENDED  poll 1",
        "    3.0 s  bake             PENDING    ValueError: no (STAGE_ERROR)",
        "    3.0 s  bake             COMPLETED  attempt 2",
    ]


def test_a_terminal_gets_the_table_and_a_file_gets_lines() -> None:
    terminal, file = paper(terminal=True), paper(terminal=False)

    for console in (terminal, file):
        with shown_on(console, now) as progress:
            progress.show(a_run(a_stage("stir", "RUNNING")))

    assert any("Group  Stage  Status" in line for line in written(terminal))
    assert written(file) == ["    3.0 s  stir             RUNNING"]
