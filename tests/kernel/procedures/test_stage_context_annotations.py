"""What a body or a check pins to its run."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.authoring import (
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
)
from kernel.errors import InvalidInputError
from kernel.model.policy import Policy
from kernel.ports.clock import Clock
from tests.support.moves import (
    finish_alone,
)
from tests.support.turns import Turns
from tests.support.workflows import Number, Ticket
from tests.support.world import World

Seen = dict[str, Any]


def test_what_a_body_pins_is_kept_when_it_is_settled(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("topic", "rivers")
        ctx.annotate("pages", [1, 2])
        assert not world.persistence.annotations(ctx.run_id)
        return ctx.input

    run = finish_alone(world, only)

    pinned = world.persistence.annotations(run.id)
    assert [(one.key, one.value) for one in pinned] == [("topic", "rivers"), ("pages", [1, 2])]
    assert {(one.stage_id, one.generation, one.attempt) for one in pinned} == {("only", 0, 1)}


def test_what_a_failed_attempt_pinned_is_kept_too(world: World) -> None:
    turns = Turns[Number](ValueError("no luck"), Number(value=1))

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("attempt", ctx.attempt)
        return turns.take()

    run = finish_alone(world, only)

    pinned = world.persistence.annotations(run.id)
    assert [one.value for one in pinned] == [1, 2]


def test_body_and_polls_do_not_replace_each_others_annotations(world: World) -> None:
    turns = Turns[Ready[Number] | NotReady](NotReady(), Ready(Number(value=1)))

    @batch_stage(id="only")
    class Noting:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            ctx.annotate("submitted", value=True)
            return Suspend(Ticket(number=1))

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady:
            ctx.annotate("polled", turns.taken)
            return turns.take()

    run = finish_alone(world, Noting)

    pinned = world.persistence.annotations(run.id)
    assert [(one.key, one.value) for one in pinned] == [
        ("submitted", True),
        ("polled", 0),
        ("polled", 1),
    ]


def test_a_body_pins_no_more_than_the_limit(world: World) -> None:
    world.policy = Policy(annotation_limit=2)

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        for number in range(3):
            ctx.annotate(f"fact-{number}", number)
        return ctx.input

    run = finish_alone(world, only)

    assert run.error is not None
    assert run.error.code == InvalidInputError.code
    assert "pins more than 2 annotations" in run.error.message


@dataclass
class Interrupted:
    """A clock at which somebody else gets a turn, as a second thread might."""

    inner: Clock
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def now(self) -> datetime:
        while self.meanwhile:
            self.meanwhile.pop()()
        return self.inner.now()

    def sleep(self, span: timedelta) -> None:
        self.inner.sleep(span)


def test_what_threads_of_a_body_pin_at_once_is_all_kept(world: World) -> None:
    clock = Interrupted(world.ports.clock)
    both = World(ports=replace(world.ports, clock=clock))

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        clock.meanwhile.append(lambda: ctx.annotate("theirs", 1))
        ctx.annotate("mine", 2)
        return ctx.input

    run = finish_alone(both, only)

    pinned = world.persistence.annotations(run.id)
    assert {note.key: note.value for note in pinned} == {"theirs": 1, "mine": 2}


def nested(depth: int) -> list[Any]:
    whole: list[Any] = []
    for _ in range(depth):
        whole = [whole]
    return whole


@pytest.mark.parametrize(
    "value", [float("nan"), object(), {1}, "x" * 5_000, nested(5_000)], ids=type
)
def test_what_cannot_be_stored_cannot_be_pinned(world: World, value: Any) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("fact", value)
        return ctx.input

    run = finish_alone(world, only)

    assert run.error is not None
    assert run.error.code == InvalidInputError.code
    assert "'fact'" in run.error.message
