"""Each test of a violation fails where the engine lacks the rule that prevents it."""

from typing import Final

import pytest

from tests.promises import test_violations_of_advancing as advancing
from tests.promises import test_violations_of_claims as claims
from tests.promises import test_violations_of_closing as closing
from tests.promises import test_violations_of_outboxes as outboxes
from tests.promises import test_violations_of_reruns as reruns
from tests.promises.cases import ON_BOTH, Case, case, perform, refutes

FAN: Final = {"workflow_id": "fan", "stage_id": "left"}
THREE: Final = {"workflow_id": "three", "stage_id": "first"}

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
        advancing.test_v05_a_lone_stage_of_an_older_generation_does_not_end_the_next_one,
        "settle of anything",
    ),
    case(
        reruns.test_v06_a_run_whose_cancel_the_tick_has_finished_is_rerun,
        "closing run never due",
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
        outboxes.test_v16_the_end_of_a_cancelled_run_is_told_last_as_well,
        "terminal event first",
    ),
    case(
        reruns.test_v17_a_callback_token_of_an_older_generation_resumes_nothing,
        "links of every generation",
        aside=True,
    ),
    case(
        reruns.test_v17_an_answer_that_a_rerun_overtakes_settles_nothing_of_the_next_generation,
        "answer without condition",
        aside=True,
    ),
    case(
        reruns.test_v18_of_two_reruns_that_read_the_same_one_is_made,
        "rerun of anything",
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
]


@ON_BOTH
@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_its_rule_the_test_of_a_violation_fails(case: Case, layout: str) -> None:
    perform(case, layout, "nothing")

    assert refutes(case, layout)


def test_every_test_of_a_violation_is_tried_without_its_rule() -> None:
    modules = (advancing, claims, closing, outboxes, reruns)
    tests = {
        each for module in modules for name, each in vars(module).items() if name[:6] == "test_v"
    }

    assert {case.test for case in CASES} == tests
