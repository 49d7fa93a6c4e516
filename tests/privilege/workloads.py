"""All that the functions ever do, so that every permission is asked for that they may need."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from tests.privilege import flows
from tests.privilege.crew import WORKER, Crew
from tests.privilege.flows import AN_HOUR, LONG

A_MINUTE: Final = timedelta(minutes=1)
A_MONTH: Final = timedelta(days=31)
URGENT: Final = 9


def runs_end(crew: Crew) -> Sequence[str]:
    """Large payloads, one stage after the other and side by side; urgent, and one that fails."""
    runs = [
        crew.start("book", LONG, annotations={"ticket": 7}),
        crew.start("book", LONG, priority=URGENT),
        crew.start("refused", LONG),
    ]
    crew.settle_down()
    return _status(crew, *runs)


def providers_are_asked(crew: Crew) -> Sequence[str]:
    """Wait for an hour, and for another one."""
    runs = [crew.start("prints", LONG), crew.start("prints", LONG, priority=URGENT)]
    for _ in range(3):
        crew.settle_down()
        crew.skip(AN_HOUR + A_MINUTE)
    return _status(crew, *runs)


def runs_start_later(crew: Crew) -> Sequence[str]:
    """Be ordered for later than a queue can hold back, and be tried again as late."""
    start_at = (crew.now + AN_HOUR).isoformat()
    runs = [
        crew.start("resting", LONG, start_at=start_at),
        crew.start("resting", LONG, start_at=start_at, priority=URGENT),
    ]
    for _ in range(3):
        crew.settle_down()
        crew.skip(AN_HOUR + A_MINUTE)
    return _status(crew, *runs)


def callers_answer(crew: Crew) -> Sequence[str]:
    """Wait for a call, whose answer is large; the API looks whether all fits together."""
    run = crew.start("letter", LONG)
    crew.settle_down()
    assert crew.request("POST", _link(crew, run), {"output": LONG}).is_fine
    crew.settle_down()
    return _status(crew, run)


def runs_are_cancelled_and_rerun(crew: Crew) -> Sequence[str]:
    run = crew.start("letter", LONG)
    again = crew.start("book", LONG, priority=URGENT)
    crew.settle_down()
    assert crew.request("POST", f"/runs/{run}/cancel").is_fine
    assert crew.request("POST", f"/runs/{again}/rerun", {"stage_id": "front"}).is_fine
    assert crew.request("GET", "/workflows").is_fine
    assert crew.request("GET", f"/runs/{again}/calls").is_fine
    assert crew.request("GET", "/costs?topic=workflow").is_fine
    assert crew.request("POST", f"/runs/{again}/budget", {"budget": "5.00"}).is_fine
    crew.settle_down()
    return _status(crew, run, again)


def stages_run_elsewhere(crew: Crew) -> Sequence[str]:
    """Ring in a named queue: by the worker, the API and the tick, at once and much later; and
    from there in all others.
    """
    parcel = crew.start("parcel", LONG)
    runs = [crew.start("hauling", LONG), crew.start("hauling", LONG, priority=URGENT), parcel]
    crew.settle_down()
    assert crew.request("POST", _link(crew, parcel), {"output": LONG}).is_fine
    crew.lose_bells()
    crew.skip(2 * A_MINUTE)
    assert crew.tick()["rung"] == 1
    for _ in range(3):
        crew.settle_down()
        crew.skip(AN_HOUR + A_MINUTE)
    return _status(crew, *runs)


def ticks_repeat_what_was_lost(crew: Crew) -> Sequence[str]:
    """Lose the bells of runs, urgent and not; their inputs are fetched by the tick."""
    runs = [crew.start("letter", LONG), crew.start("book", LONG, priority=URGENT)]
    crew.lose_bells()
    crew.skip(2 * A_MINUTE)
    assert crew.tick()["claimed"] == 2
    crew.settle_down()
    assert crew.request("POST", f"/runs/{runs[0]}/cancel").is_fine
    return _status(crew, *runs)


def ticks_advance_what_was_left(crew: Crew) -> Sequence[str]:
    """Let workers settle siblings and not come to see whether they were the last ones."""
    run = crew.start("book", {"text": "short enough for a bell"})
    crew.answer_bells()
    crew.answer_bells()
    with crew.role_of(WORKER).without("dynamodb:Query"):
        crew.settle_down()
    crew.skip(2 * A_MINUTE)
    assert crew.tick()["advanced"] > 0
    # The bells that were given back come again in their time.
    crew.skip(2 * AN_HOUR)
    crew.settle_down()
    return _status(crew, run)


def ticks_free_what_dead_workers_held(crew: Crew) -> Sequence[str]:
    """Let a body outlive its lease: the tick has it tried again, much later."""
    run = crew.start("dawdling", LONG)

    def far_too_late() -> None:
        crew.skip(AN_HOUR)
        assert crew.tick()["stale_released"] == 1

    flows.meanwhile.append(far_too_late)
    crew.settle_down()
    crew.skip(flows.A_YEAR)
    crew.settle_down()
    return _status(crew, run)


def late_workers_sweep_up(crew: Crew) -> Sequence[str]:
    """Remove a run in whose body somebody still works, and writes."""
    run = crew.start("dawdling", LONG)

    def removed() -> None:
        assert crew.request("POST", f"/runs/{run}/cancel").is_fine
        _outlive(crew, run)

    flows.meanwhile.append(removed)
    crew.settle_down()
    assert crew.blobs(run) == []
    return ("CANCELLED",)


def blobs_are_missing(crew: Crew) -> Sequence[str]:
    """Lose what runs were given, before the worker, the tick and the API want to read it."""
    started, ticked, asked = (crew.start("letter", LONG) for _ in range(3))
    crew.lose_bells()
    for run in (started, ticked):
        _lose_blobs(crew, run, "input")
    crew.skip(2 * A_MINUTE)
    crew.tick()
    crew.settle_down()
    _lose_blobs(crew, asked, "output")
    crew.request("POST", _link(crew, asked), {"output": LONG})
    for run in (started, ticked, asked):
        crew.request("POST", f"/runs/{run}/cancel")
    return _status(crew, started, ticked, asked)


def events_are_given_up_on(crew: Crew) -> Sequence[str]:
    """Have the bus refuse each event for what it is, until it is a dead letter."""
    with crew.gate.answering("PutEvents", _refused):
        run = crew.start("refused", LONG)
        crew.settle_down()
        buried = 0
        for _ in range(12):
            crew.skip(20 * A_MINUTE)
            buried += crew.tick()["dead_lettered"]
    assert buried > 1
    return _status(crew, run)


def runs_are_removed(crew: Crew) -> Sequence[str]:
    run = crew.start("book", LONG, annotations={"ticket": 7})
    crew.settle_down()
    status = _status(crew, run)
    _outlive(crew, run)
    assert crew.blobs(run) == []
    return status


ALL: Final[Sequence[Callable[[Crew], Sequence[str]]]] = (
    runs_end,
    providers_are_asked,
    runs_start_later,
    callers_answer,
    runs_are_cancelled_and_rerun,
    stages_run_elsewhere,
    ticks_repeat_what_was_lost,
    ticks_advance_what_was_left,
    ticks_free_what_dead_workers_held,
    late_workers_sweep_up,
    blobs_are_missing,
    events_are_given_up_on,
    runs_are_removed,
)


def _status(crew: Crew, *runs: str) -> Sequence[str]:
    return tuple(crew.shown(run)["status"] for run in runs)


def _link(crew: Crew, run: str) -> str:
    url = crew.blob(f"runs/{run}/ask/0-1/files/link")
    return url.removeprefix(crew.account.outputs["ApiUrl"])


def _lose_blobs(crew: Crew, run: str, word: str) -> None:
    found = [key for key in crew.blobs(run) if word in key]
    assert found, crew.blobs(run)
    for key in found:
        crew.lose_blob(key)


def _outlive(crew: Crew, run: str) -> None:
    """Let the run's days pass, and ticks, until it is gone."""
    crew.skip(A_MONTH)
    for _ in range(4):
        crew.tick()
    assert crew.request("GET", f"/runs/{run}").status == 404


def _refused(parameters: Any) -> dict[str, Any]:
    refusal = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    entries = parameters["Entries"]
    return {"FailedEntryCount": len(entries), "Entries": [refusal] * len(entries)}
