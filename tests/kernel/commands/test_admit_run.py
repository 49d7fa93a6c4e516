"""A run is stored with all that belongs to it, and a key makes it happen once."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.commands.admit_run import AdmitRun, AdmitRunResult
from kernel.errors import ConflictError, IdempotencyConflictError
from kernel.model.bell import BellKind
from kernel.model.policy import Policy
from kernel.model.status import Status
from tests.support.builders import an_intake
from tests.support.moves import A_MINUTE
from tests.support.world import World

KEPT = Policy().idempotency_kept


def admit(world: World, run_id: str = "run-1", **given: Any) -> AdmitRunResult:
    asked: dict[str, Any] = {
        "workflow_id": "three",
        "fingerprint": "4f1d",
        "intake": an_intake(run_id=run_id),
        "priority": 5,
        "annotations": {},
        "request_digest": "request-1",
    }
    return world.dispatch(AdmitRun(run_id=run_id, **asked | given))


def test_a_run_is_stored_pending_with_what_it_was_given(world: World) -> None:
    result = admit(world, tenant="acme", priority=3)

    run = world.run("run-1")
    assert result == AdmitRunResult(run_id="run-1", created=True)
    assert (run.status, run.generation, run.cursor) == (Status.PENDING, 0, 0)
    assert (run.tenant, run.priority, run.fingerprint) == ("acme", 3, "4f1d")
    assert world.persistence.intake("run-1") == an_intake(run_id="run-1")


def test_everything_that_belongs_to_a_run_goes_in_with_one_commit(world: World) -> None:
    admit(world, idempotency_key="order-7", annotations={"topic": "rivers", "pages": 3})

    pinned = world.persistence.annotations("run-1")
    assert len(world.persistence.commits) == 1
    assert [(one.key, one.value) for one in pinned] == [("topic", "rivers"), ("pages", 3)]
    assert world.persistence.idempotency("run.create", "order-7") is not None


def test_a_new_run_rings_to_be_started(world: World) -> None:
    admit(world, tenant="acme", priority=8)

    (sent,) = world.transport.sent
    assert (sent.bell.kind, sent.bell.run_id) == (BellKind.START, "run-1")
    assert (sent.bell.tenant, sent.bell.urgent) == ("acme", True)
    assert sent.delay == timedelta()


def test_a_new_run_is_due_when_its_bell_may_be_lost(world: World) -> None:
    admit(world)

    assert world.run("run-1").due_at == world.now + world.policy.grace


def test_a_run_for_later_is_due_and_rung_for_then(world: World) -> None:
    world.policy = Policy(published=())
    later = world.now + 10 * A_MINUTE

    admit(world, start_at=later)

    assert world.run("run-1").due_at == later + world.policy.grace
    assert world.transport.last.delay == 10 * A_MINUTE


def test_a_run_for_much_later_is_left_to_the_scheduler(world: World) -> None:
    tomorrow = world.now + timedelta(days=1)

    admit(world, start_at=tomorrow)

    assert [ring.moment for ring in world.scheduler.rings] == [tomorrow]
    assert world.transport.sent == []


def test_that_a_run_was_created_waits_in_its_outbox_until_it_starts(world: World) -> None:
    admit(world)

    assert [event.type for event in world.run("run-1").outbox] == ["workflow:created"]
    assert world.sink.events == ()


def test_an_event_that_nobody_wants_is_not_stored(world: World) -> None:
    world.policy = Policy(published=("stage:*",))

    admit(world)

    assert world.run("run-1").outbox == ()


def test_the_same_key_and_request_give_the_same_run(world: World) -> None:
    admit(world, idempotency_key="order-7")

    again = admit(world, "run-2", idempotency_key="order-7")

    assert again == AdmitRunResult(run_id="run-1", created=False)
    assert len(world.persistence.commits) == 1


def test_a_repeat_with_the_same_run_id_is_told_that_it_created_the_run(world: World) -> None:
    admit(world, idempotency_key="order-7")

    again = admit(world, idempotency_key="order-7")

    assert again == AdmitRunResult(run_id="run-1", created=True)


def test_the_same_key_for_another_request_is_refused(world: World) -> None:
    admit(world, idempotency_key="order-7")

    with pytest.raises(IdempotencyConflictError, match=r"'order-7'.*'run-1'") as caught:
        admit(world, "run-2", idempotency_key="order-7", request_digest="request-2")

    assert caught.value.context == {"run_id": "run-1"}


def test_of_two_at_once_one_wins_and_the_other_gets_its_run(world: World) -> None:
    world.persistence.meanwhile(lambda: admit(world, "run-2", idempotency_key="order-7"))

    result = admit(world, "run-1", idempotency_key="order-7")

    assert result == AdmitRunResult(run_id="run-2", created=False)
    assert len(world.persistence.commits) == 1


def test_a_key_is_remembered_for_as_long_as_the_policy_says(world: World) -> None:
    admit(world, idempotency_key="order-7")
    world.pass_time(KEPT)

    again = admit(world, "run-2", idempotency_key="order-7")

    assert not again.created


def test_a_key_that_has_expired_is_free_again(world: World) -> None:
    admit(world, idempotency_key="order-7")
    world.pass_time(KEPT + timedelta(milliseconds=1))

    again = admit(world, "run-2", idempotency_key="order-7", request_digest="request-2")

    assert again == AdmitRunResult(run_id="run-2", created=True)


def test_without_a_key_the_same_request_makes_another_run(world: World) -> None:
    admit(world, "run-1")

    again = admit(world, "run-2")

    assert again == AdmitRunResult(run_id="run-2", created=True)


def test_a_run_id_that_is_taken_is_refused(world: World) -> None:
    admit(world)

    with pytest.raises(ConflictError, match="'run-1' is taken"):
        admit(world)
