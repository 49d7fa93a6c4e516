"""A command goes in; its decision is committed once, and what follows may be lost."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.dispatch import Command, Context, Kernel, Outcome, Table
from kernel.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from kernel.model.bell import Bell, BellKind
from kernel.model.change import CreateRun, equals
from kernel.model.policy import Policy
from kernel.model.stage import StageKey
from tests.support.builders import a_run, an_event, an_intake, update_run
from tests.support.moves import A_MINUTE
from tests.support.world import World

BELL = Bell(kind=BellKind.START, run_id="run-1", workflow_id="three")


@dataclass(frozen=True, kw_only=True)
class Say(Command[str]):
    """Comes back as it went in."""

    name = "test.say"

    word: str = "yes"


class Sayings:
    """A handler that notes what it was asked, and answers with *outcomes* in turn."""

    def __init__(self, *outcomes: Outcome[str]) -> None:
        self.outcomes = outcomes
        self.contexts: list[Context] = []

    def __call__(self, command: Say, context: Context) -> Outcome[str]:
        self.contexts.append(context)
        return self.outcomes[min(context.tries, len(self.outcomes) - 1)]


class Published:
    """What was asked to be published; *error* is raised at each request."""

    def __init__(self, error: Exception | None = None) -> None:
        self.requests: list[tuple[str, tuple[StageKey, ...]]] = []
        self.error = error

    def __call__(self, kernel: Kernel, run_id: str, stages: tuple[StageKey, ...]) -> None:
        self.requests.append((run_id, stages))
        if self.error is not None:
            raise self.error


def kernel(world: World, handler: Any, publish: Published | None = None) -> Kernel:
    table = Table(handlers={Say: handler}, procedures={}, publish=publish or Published())
    return Kernel(world.ports, world.policy, table)


def creation(run_id: str = "run-1") -> CreateRun:
    run = a_run(id=run_id, workflow_id="three", due_at=a_run().created_at)
    return CreateRun(run=run, intake=an_intake(run_id=run_id))


def test_a_decision_to_change_nothing_writes_nothing(world: World) -> None:
    handler = Sayings(Outcome(result="no"))

    result = kernel(world, handler).dispatch(Say())

    assert result == "no"
    assert world.persistence.commits == []


def test_a_decision_is_committed_once_and_answered(world: World) -> None:
    handler = Sayings(Outcome(result="yes", changes=(creation(),)))

    result = kernel(world, handler).dispatch(Say())

    assert result == "yes"
    assert world.persistence.commits == [(creation(),)]


def test_a_procedure_is_carried_out_as_it_is(world: World) -> None:
    def spell(command: Say, kernel: Kernel) -> str:
        return command.word.upper()

    table = Table(handlers={}, procedures={Say: spell}, publish=Published())

    result = Kernel(world.ports, world.policy, table).dispatch(Say(word="no"))

    assert result == "NO"


def test_a_handler_knows_the_moment_the_policy_and_how_often_it_was_asked(world: World) -> None:
    handler = Sayings(Outcome(result="yes"))

    kernel(world, handler).dispatch(Say())

    (context,) = handler.contexts
    assert (context.now, context.policy, context.tries) == (world.now, world.policy, 0)
    assert context.is_first_try


def test_a_lost_commit_is_decided_anew_after_a_pause(world: World) -> None:
    handler = Sayings(
        Outcome(result="first", changes=(creation(),)),
        Outcome(result="second", changes=(creation("run-2"),)),
    )
    world.persistence.refuse(ConditionFailedError("Somebody was there first."))
    before = world.now

    result = kernel(world, handler).dispatch(Say())

    assert result == "second"
    assert [context.tries for context in handler.contexts] == [0, 1]
    assert before <= world.now <= before + world.policy.conflict_pause


def test_the_pauses_grow_and_have_an_end(world: World) -> None:
    handler = Sayings(Outcome(result="yes", changes=(creation(),)))
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=8)
    before = world.now

    with pytest.raises(ConflictError, match=r"test\.say lost 8 commits in a row") as caught:
        kernel(world, handler).dispatch(Say())

    assert caught.value.context == {"command": "test.say"}
    assert len(handler.contexts) == 8
    assert world.now - before < world.policy.conflict_pause * 2**8
    assert world.persistence.commits == []


@pytest.mark.parametrize(
    "error", [UnavailableError("Away."), NotFoundError("Gone."), RuntimeError("A bug.")]
)
def test_another_failure_of_the_store_is_not_tried_again(world: World, error: Any) -> None:
    handler = Sayings(Outcome(result="yes", changes=(creation(),)))
    world.persistence.refuse(error)

    with pytest.raises(type(error)):
        kernel(world, handler).dispatch(Say())

    assert len(handler.contexts) == 1


def test_a_rejection_by_the_handler_writes_nothing(world: World) -> None:
    def reject(command: Say, context: Context) -> Outcome[str]:
        raise InvalidInputError("No.", problems=["no"])

    with pytest.raises(InvalidInputError, match="No"):
        kernel(world, reject).dispatch(Say())

    assert world.persistence.commits == []


def test_bells_ring_after_the_commit_and_only_then(world: World) -> None:
    handler = Sayings(Outcome(result="yes", changes=(creation(),), bells=(BELL,)))
    world.persistence.refuse(UnavailableError("Away."))
    with pytest.raises(UnavailableError):
        kernel(world, handler).dispatch(Say())
    before = list(world.transport.sent)

    kernel(world, handler).dispatch(Say())

    assert (before, [sent.bell for sent in world.transport.sent]) == ([], [BELL])


def test_a_queue_that_lets_nobody_in_fails_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("Not you.")

    monkeypatch.setattr(world.transport, "send", refuse)
    outcome = Outcome(result="yes", changes=(creation(),), bells=(BELL,))

    result = kernel(world, Sayings(outcome)).dispatch(Say())

    assert result == "yes"
    assert world.logbook.entries[-1].fields == {"error": "Not you."}


@pytest.mark.parametrize("port", ["transport", "scheduler"])
def test_a_bell_that_is_lost_fails_nothing(world: World, port: str) -> None:
    late = replace(BELL, not_before=world.now + timedelta(days=1))
    outcome = Outcome(result="yes", changes=(creation(),), bells=(BELL, late))
    getattr(world, port).down = True

    result = kernel(world, Sayings(outcome)).dispatch(Say())

    getattr(world, port).down = False
    assert result == "yes"
    assert world.logbook.messages == ("A doorbell may be lost; the tick will ring it again.",)
    assert len(world.transport.sent) + len(world.scheduler.rings) == 1


@pytest.mark.parametrize(
    ("not_before", "delay"),
    [
        (timedelta(seconds=-5), timedelta()),
        (timedelta(), timedelta()),
        (timedelta(milliseconds=1), timedelta(seconds=1)),
        (timedelta(seconds=90), timedelta(seconds=90)),
        (timedelta(minutes=15), timedelta(minutes=15)),
    ],
    ids=str,
)
def test_a_bell_is_held_back_in_whole_seconds_and_never_too_short(
    world: World, not_before: timedelta, delay: timedelta
) -> None:
    bell = replace(BELL, not_before=world.now + not_before)
    outcome = Outcome(result="yes", changes=(creation(),), bells=(bell,))

    kernel(world, Sayings(outcome)).dispatch(Say())

    assert world.transport.last.delay == delay


def test_a_bell_for_later_than_the_transport_can_wait_goes_to_the_scheduler(
    world: World,
) -> None:
    moment = world.now + 16 * A_MINUTE
    bell = replace(BELL, not_before=moment)
    outcome = Outcome(result="yes", changes=(creation(),), bells=(bell,))

    kernel(world, Sayings(outcome)).dispatch(Say())

    assert [(ring.moment, ring.bell) for ring in world.scheduler.rings] == [(moment, bell)]


def test_events_are_sent_right_after_the_commit(world: World) -> None:
    world.persistence.commit([creation()])
    change = update_run(world.run("run-1"), events=(an_event(),))
    publish = Published()

    kernel(world, Sayings(Outcome(result="yes", changes=(change,))), publish).dispatch(Say())

    assert publish.requests == [("run-1", ())]


def test_a_commit_without_events_sends_none(world: World) -> None:
    publish = Published()
    outcome = Outcome(result="yes", changes=(creation(),))

    kernel(world, Sayings(outcome), publish).dispatch(Say())

    assert publish.requests == []


@pytest.mark.parametrize("kind", [UnavailableError, PermissionError])
def test_events_that_cannot_be_sent_fail_nothing(world: World, kind: type[Exception]) -> None:
    world.persistence.commit([creation()])
    change = update_run(world.run("run-1"), events=(an_event(),))
    publish = Published(kind("The bus is away."))

    result = kernel(world, Sayings(Outcome(result="yes", changes=(change,))), publish).dispatch(
        Say()
    )

    assert result == "yes"
    assert world.logbook.entries[-1].fields == {"error": "The bus is away."}


def test_a_commit_that_is_refused_leaves_nothing_half_done(world: World) -> None:
    world.persistence.commit([creation()])
    stale = update_run(world.run("run-1"), equals("version", 99), tenant="acme")
    handler = Sayings(
        Outcome(result="no", changes=(creation("run-2"), stale)), Outcome(result="late")
    )

    result = kernel(world, handler).dispatch(Say())

    assert result == "late"
    with pytest.raises(NotFoundError):
        world.run("run-2")


def test_only_events_that_are_published_are_kept(world: World) -> None:
    context = Context(ports=world.ports, policy=Policy(published=("workflow:*",)), now=world.now)
    wanted, unwanted = an_event(), an_event(type="stage:completed")

    kept = context.kept(unwanted, wanted)

    assert kept == (wanted,)
