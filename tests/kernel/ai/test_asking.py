"""What a stage asks of a model, and what it gets."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.memory import ScriptedModel
from kernel.ai.keeping import Keeping
from kernel.authoring import Media, Message, Reasoning, Text, Usage
from kernel.errors import (
    AnswerCutOffError,
    AnswerMisfitError,
    IllegalTransitionError,
    InvalidInputError,
    ModelBusyError,
    ModelRefusedError,
    ModelTimeoutError,
    NotConfiguredError,
)
from kernel.model.call import CallKind, CallState
from kernel.model.message import Finish
from tests.kernel.ai.desks import COST, MODEL, Office, reply


class Place(BaseModel):
    name: str
    height: int = 0


def test_a_text_comes_with_what_it_took() -> None:
    office = Office(ScriptedModel(reply(Reasoning(text="Hm."), "So.")))

    found = office.ai.generate_text("How?", model=MODEL, system="Be brief.", temperature=0.5)

    assert (found.text, found.reasoning, found.cost) == ("So.", "Hm.", COST)
    assert found.messages[-1].role == "assistant"
    (asked,) = office.model.asked
    assert (asked.system, asked.temperature) == ("Be brief.", 0.5)


def test_a_conversation_goes_on() -> None:
    office = Office(ScriptedModel("One.", "Two."))
    first = office.ai.generate_text("Count.", model=MODEL)
    more = Message(role="user", parts=(Text(text="On."),))

    office.ai.generate_text([*first.messages, more], model=MODEL)

    assert [message.role for message in office.model.asked[1].messages] == [
        "user",
        "assistant",
        "user",
    ]


def test_media_go_with_a_text_and_not_with_a_conversation() -> None:
    office = Office(ScriptedModel("A hill."))
    picture = Media(content=b"png", media_type="image/png")

    office.ai.generate_text("What is it?", media=[picture], model=MODEL)

    assert office.model.asked[0].messages[0].parts == (picture, Text(text="What is it?"))
    with pytest.raises(InvalidInputError, match="into the messages"):
        office.ai.generate_text(office.model.asked[0].messages, media=[picture], model=MODEL)


@pytest.mark.parametrize("prompt", ["", [], [Message(role="user", parts=())]])
def test_nothing_cannot_be_asked(prompt: Any) -> None:
    office = Office()

    with pytest.raises(InvalidInputError, match="nothing to ask"):
        office.ai.generate_text(prompt, model=MODEL)

    assert office.log.calls == []


@pytest.mark.parametrize("wishes", [{"timeout": timedelta()}, {"retries": -1}])
def test_an_effort_that_is_none_is_refused(wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="more than no time"):
        Office().ai.generate_text("How?", model=MODEL, **wishes)


def test_a_refusal_and_a_cut_off_answer_are_errors_and_paid_for() -> None:
    refusal, cut = reply("No.", finish=Finish.REFUSAL), reply("So", finish=Finish.LENGTH)
    office = Office(ScriptedModel(refusal, cut, cut))

    with pytest.raises(ModelRefusedError, match=r"declined to answer: No\."):
        office.ai.generate_text("How?", model=MODEL)
    with pytest.raises(AnswerCutOffError, match="cut off after 100 tokens"):
        office.ai.generate_text("How?", model=MODEL)
    part = office.ai.generate_text("How?", model=MODEL, partial=True)

    assert part.text == "So"
    assert office.ai.stats().cost == 3 * COST


def test_a_busy_model_is_asked_again_while_there_is_time() -> None:
    office = Office(ScriptedModel(script=lambda _: ModelBusyError("No.", retry_after=40)))
    office.lasts = timedelta(minutes=1)
    office.__post_init__()

    with pytest.raises(ModelBusyError):
        office.ai.generate_text("How?", model=MODEL, retries=9)

    assert [call.state for call in office.log.calls] == [CallState.FAILED] * 2
    assert office.ai.stats().cost == 0


def test_a_late_model_may_have_been_paid() -> None:
    office = Office(ScriptedModel(ModelTimeoutError("Late."), "So."))

    office.ai.generate_text("How?", model=MODEL)

    late, _ = office.log.calls
    assert (late.state, late.cost) == (CallState.FAILED, None)
    assert office.ai.stats().unpriced == 1


def test_an_attempt_without_time_asks_nothing() -> None:
    office = Office(lasts=timedelta(seconds=1))
    office.clock.sleep(timedelta(seconds=1))

    with pytest.raises(ModelTimeoutError, match="no time left"):
        office.ai.generate_text("How?", model=MODEL, retries=0)

    assert office.log.calls == []


@pytest.mark.parametrize(
    "text", ['{"name": "Etna"}', '```json\n{"name": "Etna"}\n```', ' {"name": "Etna"} ']
)
def test_an_object_is_read_as_its_type(text: str) -> None:
    office = Office(ScriptedModel(text))

    found = office.ai.generate_object("Which?", schema=Place, model=MODEL)

    assert found.value == Place(name="Etna")
    assert office.model.asked[0].schema is not None
    assert office.model.asked[0].schema["required"] == ["name"]


def test_an_object_may_be_of_any_type_that_pydantic_knows() -> None:
    office = Office(ScriptedModel("[1, 2]"))

    assert office.ai.generate_object("Which?", schema=list[int], model=MODEL).value == [1, 2]


def test_a_misfit_is_sent_back_so_often_and_no_more() -> None:
    office = Office(ScriptedModel(script=lambda _: '{"height": "tall"}'))

    with pytest.raises(AnswerMisfitError, match="in 2 tries") as caught:
        office.ai.generate_object("Which?", schema=Place, model=MODEL, repairs=1)

    assert "name" in str(caught.value.context["problems"])
    assert len(office.log.calls) == 2


def test_a_stream_is_read_once_and_says_afterwards_what_it_took() -> None:
    office = Office(ScriptedModel(reply("It is so because it is so.")))
    stream = office.ai.stream_text("Why?", model=MODEL)
    with pytest.raises(IllegalTransitionError, match="has not ended"):
        _ = stream.usage

    said = "".join(stream)

    assert said == stream.text == "It is so because it is so."
    assert (stream.cost, stream.usage.output) == (COST, 100)
    assert [call.kind for call in office.log.calls] == [CallKind.STREAM]


def test_a_stream_that_only_reasons_has_its_usage() -> None:
    office = Office(ScriptedModel(reply(Reasoning(text="Hm, hm."))))
    stream = office.ai.stream_text("Why?", model=MODEL)

    assert list(stream) == []
    assert (stream.text, stream.reasoning, stream.cost) == ("", "Hm, hm.", COST)


def test_a_stream_that_is_closed_early_is_billed_as_far_as_it_came() -> None:
    office = Office(ScriptedModel("It is so because it is so."))
    stream = office.ai.stream_text("Why?", model=MODEL)

    next(iter(stream))
    stream.close()

    (call,) = office.log.calls
    assert (call.state, call.output_tokens) == (CallState.SETTLED, 2)
    assert stream.text == "It is s"


def test_one_text_has_a_vector_and_many_have_many_in_one_call() -> None:
    office = Office()

    one = office.ai.embed("a river", model=MODEL)
    many = office.ai.embed(["a river", "a hill"], model=MODEL)

    assert many[0] == one
    assert len(many) == 2
    assert [call.kind for call in office.log.calls] == [CallKind.EMBED] * 2


@pytest.mark.parametrize("texts", ["", " ", [], ["a", ""], [1]])
def test_what_is_no_text_has_no_vector(texts: Any) -> None:
    office = Office()

    with pytest.raises(InvalidInputError, match="Vectors are made of texts"):
        office.ai.embed(texts, model=MODEL)

    assert office.log.calls == []


def test_a_call_that_was_made_elsewhere_is_put_on_the_bill() -> None:
    office = Office()

    office.ai.record_call(MODEL, Usage(input=1_000, output=100))
    office.ai.record_call("other:one", Usage(input=5), cost=Decimal("0.01"))
    office.ai.record_call("other:one", Usage(input=5))

    stats = office.ai.stats()
    assert (stats.calls, stats.unpriced, stats.cost) == (3, 1, COST + Decimal("0.01"))


def test_a_child_has_a_topic_of_its_own() -> None:
    office = Office(ScriptedModel(reply("a"), reply("b")))
    office.ai.generate_text("How?", model=MODEL)

    office.ai.child("judge").generate_text("How?", model=MODEL)

    assert office.ai.child("judge").topic == "a.b.judge"
    assert office.ai.child("judge").stats().calls == 1
    assert (office.ai.stats().calls, office.ai.stats("a.b.c").calls) == (2, 0)


@pytest.mark.parametrize("segment", ["", "a.b", "ä", "x" * 65, "a b"])
def test_a_segment_is_a_plain_word(segment: str) -> None:
    with pytest.raises(InvalidInputError, match="is no topic"):
        Office().ai.child(segment)


def test_outside_of_a_stage_there_is_no_batch() -> None:
    with pytest.raises(NotConfiguredError, match="needs a stage"):
        Office().ai.batch(MODEL)


def test_texts_are_kept_only_if_wanted_and_without_what_is_blotted_out() -> None:
    plain = Office(ScriptedModel("So."))
    kept = Office(
        ScriptedModel("Call 555-1234. " + "x" * 5_000),
        keeping=Keeping(keeps=True, redactions=(r"\d{3}-\d{4}",)),
    )
    for office in (plain, kept):
        office.ai.generate_text("Ask 555-9876.", model=MODEL)

    (nothing,), (call,) = plain.log.calls, kept.log.calls
    assert (nothing.prompt, nothing.response) == (None, None)
    assert call.prompt == "Ask [redacted]."
    assert call.response is not None
    assert call.response.startswith("Call [redacted]. x")
    assert len(call.response) == 2_000
