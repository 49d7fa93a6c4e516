"""Each test of a violation fails where the engine lacks the rule that prevents it.

So do those of some defects and traps, which say the same rules in the words of their authors.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from kernel.errors import EngineError
from kernel.model.change import UpdateStage
from kernel.model.stage import StageRecord
from tests.promises import test_defects_of_engines as engines
from tests.promises import test_traps_of_running as running
from tests.promises import test_violations_of_advancing as advancing
from tests.promises import test_violations_of_claims as claims
from tests.promises import test_violations_of_closing as closing
from tests.promises import test_violations_of_outboxes as outboxes
from tests.promises import test_violations_of_reruns as reruns
from tests.promises.mutated import LAYOUTS, check, mutated_world
from tests.simulation.mutations import MUTATIONS, requiring, without
from tests.simulation.tampering import Tampering
from tests.support.due_watch import DueWatch

FAN: Final = {"workflow_id": "fan", "stage_id": "left"}
THREE: Final = {"workflow_id": "three", "stage_id": "first"}

_retried = vars(StageRecord)["retried"]


def _giving_back(stage: StageRecord, *given: Any, **named: Any) -> StageRecord:
    retried: StageRecord = _retried(stage, *given, **named)
    return replace(retried, attempt=stage.attempt - 1)


_claims = requiring(UpdateStage, "not_before")
OTHERS: Final = {
    "attempts given back": Tampering(names=((StageRecord, "retried", _giving_back),)),
    "claim without generation": without(_claims, "generation"),
    "claim without attempt": without(_claims, "attempt"),
    # Where a stage shares its run's instant, the end of the run moved that away too.
    "claim of anything": without(_claims, "status", "attempt", "generation", "due_at"),
    "advance without cursor": MUTATIONS["advance without cursor, stages made twice"],
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A test, the rule that is left out, and what the test is given beside a world."""

    test: Callable[..., None]
    without: str
    given: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.test.__name__[5:8]} {self.without}"


def case(test: Callable[..., None], left_out: str, **given: str) -> Case:
    return Case(test=test, without=left_out, given=tuple(given.items()))


CASES: Final = [
    case(
        advancing.test_v01_events_that_are_sent_leave_a_transition_that_was_not_made_due,
        "flush forgets the transition",
    ),
    case(
        advancing.test_v02_siblings_are_read_after_the_own_settle_so_the_last_one_moves_the_run,
        "siblings read before the own settle",
    ),
    case(
        advancing.test_v03_a_conflict_of_two_commits_is_waited_out_and_is_no_lost_condition,
        "conflict taken for a loss",
    ),
    case(
        claims.test_v04_a_lease_that_ran_out_is_reaped_and_not_taken_over_so_attempts_have_an_end,
        "settle and reap without limit",
    ),
    case(
        claims.test_v04_a_lease_that_ran_out_is_reaped_and_not_taken_over_so_attempts_have_an_end,
        "claim of what is claimed",
    ),
    case(
        advancing.test_v05_an_advance_of_an_older_generation_changes_nothing,
        "advance without generation",
    ),
    case(
        reruns.test_v06_a_run_that_is_only_half_cancelled_is_not_rerun,
        "rerun of what is not over",
    ),
    case(
        closing.test_v07_an_old_cancel_that_lists_late_leaves_the_next_generation_alone,
        "list without generation",
        **FAN,
    ),
    case(
        closing.test_v07_an_old_cancel_that_listed_before_fences_nothing_of_the_next_generation,
        "fence without generation",
        **FAN,
    ),
    case(
        closing.test_v07_an_old_cancel_that_listed_before_fences_nothing_of_the_next_generation,
        "fence without generation",
        **THREE,
    ),
    case(
        closing.test_v07_an_old_cancel_does_not_end_the_next_generation_that_is_being_cancelled,
        "finish without closing and generation",
    ),
    case(
        closing.test_v08_a_cancel_that_finds_another_under_way_returns_when_nothing_can_start_any_more,
        "second cancel returns early",
        **FAN,
    ),
    case(
        closing.test_v09_a_stage_that_is_made_before_the_close_is_fenced,
        "cancel lists before it fences",
    ),
    case(
        closing.test_v09_a_run_that_is_being_closed_is_not_moved_on_by_the_settling_of_its_stage,
        "advance without open",
    ),
    case(
        closing.test_v09_a_run_that_is_being_closed_is_not_moved_on_by_a_transition,
        "advance without open",
    ),
    case(
        closing.test_v10_a_stage_that_changed_since_it_was_listed_is_fenced_all_the_same,
        "fence by version",
        **FAN,
    ),
    case(
        closing.test_v10_a_stage_that_changed_since_it_was_listed_is_fenced_all_the_same,
        "fence by version",
        **THREE,
    ),
    case(
        advancing.test_v11_a_run_does_not_fail_while_a_sibling_is_at_work,
        "failed run does not wait",
    ),
    case(
        outboxes.test_v12_an_event_joins_those_that_wait_and_replaces_none,
        "events set, not appended",
    ),
    case(
        outboxes.test_v12_what_a_run_has_to_say_while_others_flush_it_is_said_later,
        "clear without version",
    ),
    case(
        outboxes.test_v12_what_a_stage_has_to_say_while_others_flush_it_is_said_later,
        "clear without version",
        **FAN,
    ),
    case(
        reruns.test_v13_what_a_replaced_stage_had_to_say_is_said_all_the_same,
        "replaced record drops its outbox",
        workflow_id="unlucky",
        stage_id="left",
    ),
    case(
        reruns.test_v14_stages_are_stamped_with_the_generation_of_their_run,
        "stages made in generation 0",
    ),
    case(
        claims.test_v15_attempts_are_never_given_back_so_a_zombie_writes_beside_the_winner,
        "attempts given back",
    ),
    case(
        outboxes.test_v16_the_end_of_a_run_is_told_after_all_that_its_stages_had_to_say,
        "terminal event first",
        workflow_id="fan",
    ),
    case(
        reruns.test_v18_a_rerun_that_was_overtaken_by_a_whole_generation_is_made_of_what_that_one_left,
        "rerun without generation",
    ),
    case(
        advancing.test_v19_an_advance_from_a_group_that_was_left_does_not_go_back_to_the_next_one,
        "advance without cursor",
    ),
    case(
        claims.test_v20_the_bell_of_an_older_generation_claims_nothing_of_the_next,
        "claim without generation",
    ),
    case(
        claims.test_v20_the_bell_of_an_attempt_that_is_over_wastes_no_other,
        "claim without attempt",
    ),
    case(
        running.test_t03_a_bell_of_a_run_that_is_over_starts_nothing,
        "claim of what is claimed",
    ),
    case(
        running.test_t21_a_stage_that_is_completed_is_not_executed_again,
        "claim of what is claimed",
        workflow_id="fan",
    ),
    case(
        running.test_t24_of_two_who_free_a_lost_job_one_does_and_says_so_once,
        "reap without condition",
    ),
    case(
        engines.test_d06_a_claim_that_comes_with_a_cancel_revives_no_stage,
        "claim of anything",
    ),
    case(
        engines.test_d07_a_late_failure_leaves_a_completed_stage_completed,
        "settle without token and status",
        workflow_id="fan",
    ),
    case(
        engines.test_d16_a_cancel_that_comes_with_the_end_leaves_one_end,
        "close without condition",
    ),
    case(
        engines.test_d20_a_worker_of_an_older_generation_excuses_no_failure_of_the_next,
        "settle without token and status",
        workflow_id="fan",
    ),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_its_rule_the_test_of_a_promise_fails(case: Case, layout: str) -> None:
    tampering = {**MUTATIONS, **OTHERS}[case.without]
    world = mutated_world(tampering, layout)
    watch = DueWatch(world=world)
    world.persistence.watchers.append(watch)

    with tampering.in_force(), pytest.raises((AssertionError, EngineError, pytest.fail.Exception)):
        _perform(case, world, watch)


def _perform(case: Case, world: Any, watch: DueWatch) -> None:
    case.test(world, **dict(case.given))
    check(world, watch)
