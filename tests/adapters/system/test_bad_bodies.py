"""Whatever a body does in a process of its own: it is an attempt, and the worker goes on."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from adapters.system.printed import MOST_LINES
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.logbook import Level
from kernel.procedures.execute_job import JobOutcome
from tests.adapters.system.lone_bodies import (
    PATIENCE,
    eventually,
    failure_of,
    is_alive,
    printed,
    run,
    saved,
    with_processes,
)
from tests.support.world import World


@pytest.fixture
def world() -> World:
    return with_processes()


def test_a_crash_of_native_code_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "crashes")

    assert failure.code == "BODY_LOST"
    assert "SIGSEGV" in failure.message
    assert any("bad_bodies.py" in line and "in crashes" in line for line in printed(world))


def test_a_body_that_ends_its_process_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "exits", 7)

    assert (failure.code, "exit code 7" in failure.message) == ("BODY_LOST", True)


def test_a_body_that_ends_its_process_as_if_all_were_well_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "exits", 0)

    assert (failure.code, "exit code 0" in failure.message) == ("BODY_LOST", True)


def test_a_body_that_exits_has_merely_failed(world: World) -> None:
    failure = failure_of(world, "leaves")

    assert failure.code == "STAGE_ERROR"
    assert "SystemExit(3)" in failure.message


def test_a_process_that_is_killed_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "kills_itself")

    assert failure.code == "BODY_LOST"
    assert "SIGKILL" in failure.message
    assert "memory" in failure.message


def test_what_a_body_has_forked_goes_with_it(world: World) -> None:
    run_id, result = run(world, "forks")

    child = world.output(run_id, "forks")
    assert result.outcome is JobOutcome.COMPLETED
    assert isinstance(child, dict)
    assert eventually(lambda: not is_alive(int(str(child["value"]))))


def test_what_a_body_has_forked_goes_when_the_body_crashes(world: World) -> None:
    run_id, result = run(world, "forks_and_crashes")

    child = int(saved(world, run_id, "forks_and_crashes", "child"))
    assert result.error is not None
    assert "SIGSEGV" in result.error.message
    assert eventually(lambda: not is_alive(child))


def test_of_a_body_that_goes_on_twice_one_counts(world: World) -> None:
    run_id, result = run(world, "goes_on_twice")

    assert result.outcome is JobOutcome.COMPLETED
    assert world.output(run_id, "goes_on_twice") != {"value": 0}


def test_a_body_that_prints_without_end_neither_blocks_nor_floods(world: World) -> None:
    failure = failure_of(world, "prints_for_ever")

    assert failure.code == "STAGE_TIMEOUT"
    assert len(printed(world)) == MOST_LINES + 1


def test_what_a_body_prints_is_kept_up_to_a_limit_which_is_said(world: World) -> None:
    run_id, result = run(world, "prints_much")

    entries = [one for one in world.logbook.entries if one.fields.get("printed")]
    assert result.outcome is JobOutcome.COMPLETED
    assert [one.message for one in entries][:3] == ["to one", "to the other", "line 0"]
    assert entries[0].fields["run_id"] == run_id
    assert (entries[0].fields["stage_id"], entries[0].fields["attempt"]) == ("prints_much", 1)
    assert len(entries) == MOST_LINES + 1
    assert (entries[-1].level, "not kept" in entries[-1].message) == (Level.WARNING, True)


def test_who_goes_on_printing_is_not_waited_for(world: World) -> None:
    began = monotonic()

    failure = failure_of(world, "leaves_a_printer_behind")

    assert "exit code 7" in failure.message
    assert monotonic() - began < PATIENCE


def test_a_line_without_an_end_is_kept_in_parts(world: World) -> None:
    run(world, "prints_no_lines")

    assert "".join(printed(world)) == "x" * 20_000


def test_what_is_no_output_is_refused_as_anywhere(world: World) -> None:
    _, result = run(world, "returns_a_function")

    assert result.error is not None
    assert (result.error.code, result.will_retry) == ("INVALID_OUTPUT", False)


def test_an_exception_that_cannot_travel_is_a_failure_as_any(world: World) -> None:
    failure = failure_of(world, "raises_what_cannot_travel")

    assert (failure.code, failure.message) == ("STAGE_ERROR", "StubbornError: 1 and 2")
    assert any("in raises_what_cannot_travel" in str(e.fields) for e in world.logbook.entries)


def test_a_body_that_takes_too_much_memory_fails_for_that(world: World) -> None:
    assert failure_of(world, "takes_too_much").code == "MEMORY_LIMIT"


def test_a_body_may_take_as_much_as_it_is_allowed(world: World) -> None:
    _, result = run(world, "takes_what_it_may")

    assert result.outcome is JobOutcome.COMPLETED


def test_a_body_that_closes_all_it_finds_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "closes_everything")

    assert (failure.code, "exit code 1" in failure.message) == ("BODY_LOST", True)


def test_a_body_that_talks_to_the_engine_itself_is_an_attempt(world: World) -> None:
    failure = failure_of(world, "scribbles")

    assert (failure.code, "understands" in failure.message) == ("BODY_LOST", True)


def test_two_bodies_never_share_a_process(world: World) -> None:
    runs = [run(world, "tells_its_process")[0] for _ in range(2)]

    processes = {str(world.output(run_id, "tells_its_process")) for run_id in runs}
    assert len({*processes, str({"value": os.getpid()})}) == 3


def test_nothing_is_left_of_a_process(world: World) -> None:
    def held() -> tuple[int, int]:
        return len([*Path("/proc/self/fd").iterdir()]), threading.active_count()

    run(world, "tells_its_process")
    before = held()

    for name in ("tells_its_process", "crashes", "exits", "blocks_signals"):
        run(world, name)

    assert eventually(lambda: held() <= before), (before, held())


def test_each_of_many_at_once_learns_its_own_end(world: World) -> None:
    names = ["crashes", "kills_itself", "tells_its_process", "exits"] * 4

    with ThreadPoolExecutor(8) as pool:
        results = [result for _, result in pool.map(lambda name: run(world, name), names)]

    said = [result.error.message if result.error else "" for result in results]
    for nth, part in enumerate(["SIGSEGV", "SIGKILL", "", "exit code 1"]):
        assert all(part in message for message in said[nth::4])
    assert said[2::4] == [""] * 4


@pytest.mark.parametrize("workflow_id", ["three", "diamond"])
def test_a_run_goes_through_in_processes_of_their_own(world: World, workflow_id: str) -> None:
    world.policy = Policy(isolates=True)

    run_id = world.create(workflow_id, {"value": 1})
    world.drain()

    assert world.run(run_id).status is Status.COMPLETED
