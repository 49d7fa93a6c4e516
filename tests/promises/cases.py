"""A test of a promise, and the engine without the rule that it shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from adapters.system.clock import SystemClock
from kernel.decisions import resuming
from kernel.errors import EngineError
from kernel.model.callback import Callback
from kernel.model.change import UpdateRun, UpdateStage
from kernel.model.stage import StageRecord
from tests.promises.mutated import LAYOUTS, check, mutated_world
from tests.simulation.mutations import MUTATIONS, requiring, without
from tests.simulation.tampering import NOTHING, Tampering
from tests.support.due_watch import DueWatch

ON_BOTH: Final = pytest.mark.parametrize("layout", LAYOUTS)

_retried = vars(StageRecord)["retried"]


def _giving_back(stage: StageRecord, *given: Any, **named: Any) -> StageRecord:
    retried: StageRecord = _retried(stage, *given, **named)
    return replace(retried, attempt=stage.attempt - 1)


def _anything(*_: object) -> bool:
    return True


def _both(one: Tampering, other: Tampering) -> Tampering:
    """Return what does to a change what *one* does, and then what the *other* does."""
    return Tampering(change=lambda change: other.changed(one.changed([change]))[0])


_claims = requiring(UpdateStage, "not_before")
_closes = requiring(UpdateRun, "status", "closing", "generation", "version")
_reruns = requiring(UpdateRun, "status", "closing", "generation")
_starts = requiring(UpdateRun, "status", "closing")
_tells = requiring(UpdateRun, "version", "due_at")
OTHERS: Final = {
    "nothing": NOTHING,
    "attempts given back": Tampering(names=((StageRecord, "retried", _giving_back),)),
    "claim without generation": without(_claims, "generation"),
    "claim without attempt": without(_claims, "attempt"),
    # Where a stage shares its run's instant, the end of the run moved that away too.
    "claim of anything": without(_claims, "status", "attempt", "generation", "due_at"),
    "advance without cursor": MUTATIONS["advance without cursor, stages made twice"],
    "settle of anything": _both(
        MUTATIONS["settle without token and status"], MUTATIONS["advance without generation"]
    ),
    "close of what has moved": without(_closes, "version"),
    "rerun of anything": without(_reruns, "status", "closing", "generation"),
    "start of what is closing": without(_starts, "closing"),
    "fact of a key that was used": _both(
        MUTATIONS["any idempotency key"], without(_tells, "version", "due_at")
    ),
    "links of every generation": replace(
        MUTATIONS["answer without condition"],
        names=(
            (resuming, "_compare_attempts", _anything),
            (Callback, "opens", _anything),
        ),
    ),
    "clock deaf to the store": Tampering(names=((SystemClock, "hears", _anything),)),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A test, the rule that is left out, and what the test is given beside a world."""

    test: Callable[..., None]
    without: str
    given: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.test.__name__[5:8]} {self.without}"


def case(test: Callable[..., None], left_out: str, **given: Any) -> Case:
    return Case(test=test, without=left_out, given=tuple(given.items()))


def perform(case: Case, layout: str, left_out: str) -> None:
    """Carry out the test on an engine that lacks what *left_out* names."""
    tampering = {**MUTATIONS, **OTHERS}[left_out]
    world = mutated_world(tampering, layout)
    watch = DueWatch(world=world)
    world.persistence.watchers.append(watch)
    with tampering.in_force():
        case.test(world, **dict(case.given))
        check(world, watch)


def refutes(case: Case, layout: str) -> bool:
    """Return whether the test notices that its rule is left out."""
    try:
        perform(case, layout, case.without)
    except (AssertionError, EngineError, pytest.fail.Exception):
        return True
    return False
