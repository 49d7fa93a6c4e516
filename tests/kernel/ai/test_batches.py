"""Batches of one stage: handed in once, read once, paid once, whoever works on them."""

from typing import Any

import pytest
from pydantic import BaseModel

from adapters.memory import Ending
from adapters.memory.batch_model import echo
from kernel.authoring import Failed
from kernel.authoring.batches import (
    BatchResults,
    ItemFailed,
)
from kernel.errors import InvalidInputError, ModelRejectedError, UnavailableError
from kernel.model.call import CallKind, CallState
from kernel.model.failure import Failure
from kernel.ports.batch_model import BatchLimits, BatchState
from tests.kernel.ai.batching import AN_HOUR, Place, Turns, items, told

A_CENT = 10_000_000


class Mood(BaseModel):
    mood: str


def test_every_item_has_the_value_that_its_answer_is() -> None:
    place = Place()

    found = place.finish(place.submit("a", "b"))

    assert told(found) == {"a": "a", "b": "b"}


def test_an_answer_is_read_as_the_type_that_was_asked_for() -> None:
    place = Place(script={"answer": lambda _: '{"mood": "calm"}'})
    state = place.batch.submit(items("a", schema=Mood)).state

    found = place.finish(state, Mood)

    assert told(found) == {"a": Mood(mood="calm")}
    assert place.provider.lines[0].request.schema is not None


def test_a_batch_is_one_line_on_the_bill_at_half_the_price() -> None:
    place = Place()

    place.finish(place.submit("a", "b", "c"))

    (call,) = place.ledger.calls
    assert (call.kind, call.state, call.requests) == (CallKind.BATCH, CallState.SETTLED, 3)
    assert (call.cost, call.reserved) == (3 * A_CENT // 2, 3 * A_CENT // 2)
    assert (call.input_tokens, call.output_tokens) == (300, 60)


def test_an_attempt_that_is_repeated_hands_nothing_in_again() -> None:
    place = Place()

    first = place.submit("a", "b")
    second = place.submit("b", "other", "c")
    found = place.finish(second)

    assert first == second
    assert told(found) == {"a": "a", "b": "b"}
    assert len(place.provider.lines) == 2
    assert place.ledger.settled == 1


def test_only_what_failed_is_handed_in_again() -> None:
    busy = Failure.of("MODEL_BUSY", "Too much to do.", retryable=True)
    place = Place(script={"answer": Turns(b=[busy, busy, "at last"], c=["c"])})

    found = place.finish(place.submit("a", "b", "c"))

    assert told(found) == {"a": "a", "b": "at last", "c": "c"}
    sent = [[echo(line.request) for line in batch.lines] for batch in place.provider.handed_in]
    assert sent == [["a", "b", "c"], ["b"], ["b"]]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], "ANSWER_MISSING"),
        (['{"mood": "calm"}'] * 2, "ANSWER_DOUBLED"),
        ("no JSON", "ANSWER_MISFIT"),
        ('{"mood": 1}', "ANSWER_MISFIT"),
        (Failure.of("MODEL_REJECTED", "No."), "MODEL_REJECTED"),
    ],
)
def test_what_stays_bad_is_the_items_own_error(answers: Any, code: str) -> None:
    place = Place(script={"answer": lambda _: answers})
    state = place.batch.submit(items("a", schema=Mood), rounds=2).state

    found = place.finish(state, Mood)

    assert told(found) == {"a": code}


def test_what_would_be_refused_again_is_not_handed_in_again() -> None:
    refused = Failure.of("MODEL_REJECTED", "No.")
    place = Place(script={"answer": lambda _: refused})

    place.finish(place.submit("a"))

    assert len(place.provider.handed_in) == 1


def test_what_is_not_there_at_the_deadline_fails_the_stage() -> None:
    place = Place(script={"takes": 10 * AN_HOUR})

    found = place.finish(place.submit("a", "b", max_wait=AN_HOUR))

    assert isinstance(found, Failed)
    assert found.code == "BATCH_EXPIRED"


def test_or_the_model_is_asked_directly_for_what_is_not_there() -> None:
    place = Place(script={"takes": 2 * AN_HOUR})

    found = place.finish(place.submit("a", "b", max_wait=AN_HOUR, at_deadline="direct"))

    assert told(found) == {"a": "a", "b": "direct b"}
    assert place.asked == ["b"]


def test_what_is_too_little_for_a_batch_is_asked_directly() -> None:
    limits = BatchLimits(most_lines=100, most_bytes=1_000_000, least_lines=3)
    place = Place(script={"limits": limits})

    found = place.finish(place.submit("a", "b"))

    assert told(found) == {"a": "direct a", "b": "direct b"}
    assert place.provider.handed_in == []


def test_what_expires_at_the_provider_is_handed_in_again() -> None:
    ending = Ending(state=BatchState.EXPIRED, answered=1)
    place = Place(script={"endings": [ending]})

    found = place.finish(place.submit("a", "b", "c"))

    assert told(found) == {"a": "a", "b": "b", "c": "c"}
    assert [len(batch.lines) for batch in place.provider.handed_in] == [3, 2]


def test_many_items_become_several_batches() -> None:
    limits = BatchLimits(most_lines=2, most_bytes=1_000_000)
    place = Place(script={"limits": limits})

    found = place.finish(place.submit("a", "b", "c", "d", "e"))

    assert sorted(told(found)) == ["a", "b", "c", "d", "e"]
    assert [len(batch.lines) for batch in place.provider.handed_in] == [2, 2, 1]
    assert len(place.ledger.calls) == 1


def test_a_provider_that_is_busy_has_it_adopted_by_the_next_attempt() -> None:
    place = Place()
    place.provider.refusal = UnavailableError("Busy.")
    with pytest.raises(UnavailableError):
        place.submit("a")

    place.provider.refusal = None
    found = place.finish(place.submit("a"))

    assert told(found) == {"a": "a"}
    assert len(place.ledger.calls) == 1


def test_a_provider_that_rejects_it_is_owed_nothing() -> None:
    place = Place()
    place.provider.refusal = ModelRejectedError("No such thing.")

    with pytest.raises(ModelRejectedError):
        place.submit("a")

    (call,) = place.ledger.calls
    assert (call.state, call.cost) == (CallState.FAILED, 0)


def test_items_need_ids_of_their_own() -> None:
    place = Place()

    with pytest.raises(InvalidInputError, match="'a' names two items"):
        place.submit("a", "a")


def test_no_items_are_no_batch() -> None:
    place = Place()

    found = place.finish(place.submit())

    assert told(found) == {}
    assert place.provider.handed_in == []


def test_a_batch_that_the_provider_forgot_is_handed_in_again() -> None:
    place = Place()
    state = place.submit("a")
    place.provider.forget(place.provider.handed_in[0].name)

    found = place.finish(state)

    assert told(found) == {"a": "a"}
    assert len(place.provider.handed_in) == 2


def test_values_are_asked_for_all_at_once_or_one_by_one() -> None:
    place = Place()

    found = place.finish(place.submit("a", "b"))

    assert isinstance(found, BatchResults)
    assert found.values() == {"a": "a", "b": "b"}
    assert found["b"].id == "b"
    assert not any(isinstance(result, ItemFailed) for result in found)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BatchState.EXPIRED, "BATCH_EXPIRED"),
        (BatchState.CANCELLED, "BATCH_CANCELLED"),
        (BatchState.FAILED, "BATCH_FAILED"),
    ],
)
def test_a_batch_that_did_not_end_well_says_so_at_each_item(state: BatchState, code: str) -> None:
    ending = Ending(state=state, answered=0, reason="Line 1 is no JSON.")
    place = Place(script={"endings": [ending]})

    found = place.finish(place.submit("a", rounds=1))

    (call,) = place.ledger.calls
    assert told(found) == {"a": code}
    assert (call.state, call.cost) == (CallState.FAILED, 0)


def test_nobody_knows_what_a_batch_has_cost_that_is_lost() -> None:
    place = Place()
    state = place.submit("a", rounds=1)
    place.provider.forget(place.provider.handed_in[0].name)

    found = place.finish(state)

    (call,) = place.ledger.calls
    assert told(found) == {"a": "BATCH_LOST"}
    assert (call.state, call.cost) == (CallState.FAILED, None)
