"""The call log is a bill without a run."""

from dataclasses import replace

import pytest

from adapters.memory import MemoryCallLog, SkippingClock
from kernel.ai.ledger import Draft
from kernel.authoring import Usd
from kernel.errors import BudgetExceededError, UnpricedModelError
from kernel.model.call import CallKind, CallState


def a_draft(**given: object) -> Draft:
    draft = Draft(topic="a.b", model="scripted:one", kind=CallKind.TEXT, reserve=1_000)
    return replace(draft, **given)  # type: ignore[arg-type]


@pytest.fixture
def log() -> MemoryCallLog:
    return MemoryCallLog(SkippingClock(), budget=Usd("0.000003"))


def test_a_call_is_begun_and_settled_once(log: MemoryCallLog) -> None:
    call = log.begin(a_draft())
    assert (log.tally().in_flight, log.tally().held) == (1, 1_000)

    log.settle(replace(call, state=CallState.SETTLED, cost=400))
    log.settle(replace(call, state=CallState.SETTLED, cost=900))

    assert (log.tally().calls, log.tally().cost, log.tally().in_flight) == (1, 400, 0)


def test_a_named_call_is_one_line(log: MemoryCallLog) -> None:
    first = log.begin(a_draft(id="batch-1"))

    assert log.begin(a_draft(id="batch-1", reserve=9)) == first
    assert len(log.calls) == 1


def test_calls_count_under_their_topics(log: MemoryCallLog) -> None:
    for topic in ("a", "a.b", "a.bc"):
        log.begin(a_draft(topic=topic, reserve=1))

    assert [log.tally(prefix).in_flight for prefix in ("", "a", "a.b", "b")] == [3, 3, 1, 0]


def test_the_budget_is_kept(log: MemoryCallLog) -> None:
    for _ in range(3):
        log.begin(a_draft())

    with pytest.raises(BudgetExceededError, match=r"\$0.000003 does not allow"):
        log.begin(a_draft())
    with pytest.raises(UnpricedModelError, match="nobody knows what 'scripted:one' charges"):
        log.begin(a_draft(reserve=None))


def test_what_was_made_elsewhere_is_recorded_once(log: MemoryCallLog) -> None:
    call = replace(log.drafted(a_draft(id="x")), state=CallState.SETTLED, cost=7)

    log.record(call)
    log.record(replace(call, cost=8))

    assert log.tally().cost == 7
