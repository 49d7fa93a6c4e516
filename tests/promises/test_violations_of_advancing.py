"""Violations 1, 2, 3, 5, 11 and 19: a run moves on once, and only when its group is done.

The numbers, here and beside, are those of `docs/promises.md`.
"""

from adapters.dynamodb.patience import Patience
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.authoring import workflow
from kernel.commands.advance_run import AdvanceRun, Moved
from kernel.model.status import Status
from kernel.procedures.publish_events import PublishEvents
from tests.promises.busy_items import BusyItems
from tests.promises.scenes import ALL_TYPES, TWO, at_commit, cancel, rerun, statuses
from tests.simulation.watched import PatientItems
from tests.support.moves import A_MINUTE, begin, claimed, execute, failure, settle, settled
from tests.support.workflows import Number, first, join, left, right, second
from tests.support.world import World

longer = (
    workflow("longer", input=Number)
    .pipe(first)
    .parallel(left, right)
    .pipe(join)
    .pipe(second)
    .build()
)


def test_v01_events_that_are_sent_leave_a_transition_that_was_not_made_due(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    world.dispatch(PublishEvents(run_ids=[run_id]))

    world.pass_time(A_MINUTE)
    world.tick()

    assert world.sink.types.count("stage:completed") == 2
    assert world.run(run_id).status is Status.COMPLETED


def test_v02_siblings_are_read_after_the_own_settle_so_the_last_one_moves_the_run(
    world: World,
) -> None:
    run_id = begin(world, "fan")
    at_commit(world, 2, lambda: execute(world, run_id, "right"))

    execute(world, run_id, "left")

    assert world.run(run_id).status is Status.COMPLETED


def test_v03_a_conflict_of_two_commits_is_waited_out_and_is_no_lost_condition(
    world: World,
) -> None:
    busy = BusyItems()
    patience = Patience(table="table", clock=world.clock, entropy=world.ports.entropy)
    world.persistence.inner = DynamoPersistence(PatientItems(busy, patience))

    run_id = world.create("diamond", {"value": 1})
    world.drain()

    assert busy.conflicts > 10
    assert world.run(run_id).status is Status.COMPLETED
    assert world.sink.types.count("workflow:completed") == 1


def test_v05_an_advance_of_an_older_generation_changes_nothing(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    at_commit(world, 1, lambda: (cancel(world, run_id), rerun(world, run_id, "left")))

    late = world.dispatch(AdvanceRun(run_id=run_id))

    assert late.moved is Moved.NOTHING
    assert world.run(run_id).status is Status.RUNNING
    assert statuses(world, run_id) == {"left": Status.PENDING, "right": Status.PENDING}
    world.finish(run_id)


def test_v05_a_lone_stage_of_an_older_generation_does_not_end_the_next_one(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    at_commit(world, 1, lambda: (cancel(world, run_id), rerun(world, run_id, "first")))

    late = settle(world, held, TWO)

    assert late is None
    assert (world.run(run_id).generation, world.run(run_id).cursor) == (1, 1)
    assert statuses(world, run_id) == {"first": Status.PENDING}
    world.finish(run_id)


def test_v11_a_run_does_not_fail_while_a_sibling_is_at_work(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "right")
    settled(world, run_id, "left", failure(retryable=False))

    waits = world.dispatch(AdvanceRun(run_id=run_id)).moved
    settle(world, held, TWO)
    ends = world.dispatch(AdvanceRun(run_id=run_id)).moved

    assert (waits, ends) == (Moved.NOTHING, Moved.FAILED)
    assert world.sink.types[-2:] == ("stage:completed", "workflow:failed")


def test_v19_an_advance_from_a_group_that_was_left_does_not_go_back_to_the_next_one(
    world: World,
) -> None:
    world.learn(longer)
    run_id = begin(world, "longer")
    execute(world, run_id, "first")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    at_commit(world, 1, lambda: two_groups_on(world, run_id))

    late = world.dispatch(AdvanceRun(run_id=run_id))

    assert late.moved is Moved.NOTHING
    assert world.run(run_id).cursor == 4
    assert world.stages(run_id)["join"].status is Status.COMPLETED


def two_groups_on(world: World, run_id: str) -> None:
    world.dispatch(AdvanceRun(run_id=run_id))
    settled(world, run_id, "join", TWO)
