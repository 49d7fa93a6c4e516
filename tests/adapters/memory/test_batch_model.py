"""The scripted provider of batches keeps its port's promises, and its script."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.memory import Ending, ScriptedBatches, SkippingClock
from adapters.memory.batch_model import Said, echo
from kernel.errors import ModelBusyError, ModelRejectedError, NotFoundError
from kernel.model.failure import Failure
from kernel.model.message import ModelRequest
from kernel.ports.batch_model import BatchAnswer, BatchLimits, BatchState, BatchTicket
from tests.conformance.batch_model import BatchModelContract
from tests.conformance.batch_model_ground import REFUSED, lines_of

AN_HOUR = timedelta(hours=1)
MODEL = "scripted:one"


def in_capitals(request: ModelRequest) -> Said:
    said = echo(request)
    if said == REFUSED:
        return Failure.of("MODEL_REJECTED", "The line was refused.")
    return said.upper()


class Scripted:
    """The provider's side: the script is written while batches run."""

    def __init__(self) -> None:
        self._clock = SkippingClock()
        self.batches = ScriptedBatches(clock=self._clock, answer=in_capitals)

    @property
    def handed_in(self) -> list[list[str]]:
        return [[line.id for line in batch.lines] for batch in self.batches.handed_in]

    def work(self) -> None:
        self._clock.sleep(AN_HOUR)

    def expire(self, *, answered: int) -> None:
        self.batches.end(Ending(state=BatchState.EXPIRED, answered=answered))
        self.work()

    def fail(self, reason: str) -> None:
        self.batches.end(Ending(state=BatchState.FAILED, answered=0, reason=reason))
        self.work()


class TestScriptedBatches(BatchModelContract):
    @pytest.fixture
    def provider(self) -> Scripted:
        return Scripted()

    @pytest.fixture
    def batches(self, provider: Scripted) -> ScriptedBatches:
        return provider.batches

    @pytest.fixture
    def another(self, batches: ScriptedBatches) -> ScriptedBatches:
        return batches


def handed_in(batches: ScriptedBatches, *prompts: str) -> BatchTicket:
    return batches.submit("batch", MODEL, lines_of(MODEL, *prompts))


def test_a_line_may_be_lost_and_another_one_answered_twice() -> None:
    def answer(request: ModelRequest) -> Sequence[Said]:
        return {"lose": [], "double": ["one", "two"]}[echo(request)]

    clock = SkippingClock()
    batches = ScriptedBatches(clock=clock, answer=answer)
    ticket = handed_in(batches, "lose", "double")

    clock.sleep(AN_HOUR)

    answers = [(one.id, one.reply.text) for one in batches.answers(ticket) if one.reply]
    assert answers == [("line-1", "one"), ("line-1", "two")]


def test_nobody_may_count_on_the_order_of_answers() -> None:
    clock = SkippingClock()
    batches = ScriptedBatches(clock=clock)
    ticket = handed_in(batches, "a", "b", "c")

    clock.sleep(AN_HOUR)

    assert [answer.id for answer in batches.answers(ticket)] == ["line-2", "line-1", "line-0"]


def test_a_batch_may_hold_answers_that_nobody_asked_for() -> None:
    clock = SkippingClock()
    stranger = BatchAnswer(id="stranger", error=Failure.of("X", "Who is this?"))
    batches = ScriptedBatches(clock=clock, strangers=[stranger])
    ticket = handed_in(batches, "a")

    clock.sleep(AN_HOUR)

    assert [answer.id for answer in batches.answers(ticket)] == ["line-0", "stranger"]


def test_its_lines_are_answered_one_after_the_other() -> None:
    clock = SkippingClock()
    batches = ScriptedBatches(clock=clock)
    ticket = handed_in(batches, "a", "b", "c", "d")

    clock.sleep(AN_HOUR / 2)
    batches.cancel(ticket)
    clock.sleep(AN_HOUR)

    assert batches.standing(ticket).state is BatchState.CANCELLED
    assert batches.standing(ticket).done == 2
    assert len([*batches.answers(ticket)]) == 2


def test_each_batch_has_the_ending_that_was_written_for_it() -> None:
    clock = SkippingClock()
    lost = Ending(state=BatchState.EXPIRED, answered=0)
    batches = ScriptedBatches(clock=clock, endings=[lost])
    tickets = [
        batches.submit(name, MODEL, lines_of(MODEL, "a")) for name in ("one", "two", "three")
    ]

    clock.sleep(AN_HOUR)

    states = [batches.standing(ticket).state for ticket in tickets]
    assert states == [BatchState.EXPIRED, BatchState.ENDED, BatchState.ENDED]


def test_a_provider_may_take_nothing_for_a_while() -> None:
    batches = ScriptedBatches(clock=SkippingClock())
    batches.refusal = ModelBusyError("Too much to do.")

    with pytest.raises(ModelBusyError):
        handed_in(batches, "a")

    batches.refusal = None
    assert handed_in(batches, "a").name == "batch"
    assert len(batches.handed_in) == 1


def test_a_batch_that_it_has_forgotten_is_not_found() -> None:
    batches = ScriptedBatches(clock=SkippingClock())
    ticket = handed_in(batches, "a")

    batches.forget("batch")

    with pytest.raises(NotFoundError):
        batches.standing(ticket)
    assert batches.find("batch", MODEL) is None


@pytest.mark.parametrize(
    ("name", "prompts", "demand"),
    [
        ("a_name", ["a", "b"], "a name is"),
        ("n" * 64, ["a", "b"], "a name is"),
        ("name", ["a"], "at least 2"),
        ("name", ["a", "b", "c", "d"], "at most 3"),
    ],
)
def test_what_no_provider_would_take_is_rejected(
    name: str, prompts: list[str], demand: str
) -> None:
    limits = BatchLimits(most_lines=3, most_bytes=1_000, least_lines=2)
    batches = ScriptedBatches(clock=SkippingClock(), limits=limits)

    with pytest.raises(ModelRejectedError, match=demand):
        batches.submit(name, MODEL, lines_of(MODEL, *prompts))


def test_ids_that_come_twice_are_rejected() -> None:
    batches = ScriptedBatches(clock=SkippingClock())
    first, second = lines_of(MODEL, "a"), lines_of(MODEL, "b")

    with pytest.raises(ModelRejectedError, match="no id comes twice"):
        batches.submit("batch", MODEL, [*first, *second])
