"""Tests of traps, defects and the protocol fail, too, where their rule is left out."""

from typing import Final

import pytest

from tests.kernel.procedures import test_definition as definition
from tests.kernel.procedures import test_reap_stuck as reap_stuck
from tests.promises import test_defects_of_engines as engines
from tests.promises import test_defects_of_polling as polling
from tests.promises import test_defects_of_sending as sending
from tests.promises import test_protocol as protocol
from tests.promises import test_traps_of_running as running
from tests.promises.cases import ON_BOTH, Case, case, perform, refutes

FAN: Final = {"workflow_id": "fan", "stage_id": "left"}
THREE: Final = {"workflow_id": "three", "stage_id": "first"}

CASES: Final = [
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
        polling.test_d17_of_two_who_poll_at_once_one_asks,
        "poll claimed without number",
        **FAN,
    ),
    case(
        polling.test_d17_of_two_who_poll_at_once_one_asks,
        "poll claimed without number",
        **THREE,
    ),
    case(
        polling.test_d17_a_poll_whose_lease_ran_out_settles_nothing_after_the_next,
        "poll settled without token and status",
        **FAN,
    ),
    case(
        engines.test_d20_a_worker_of_an_older_generation_excuses_no_failure_of_the_next,
        "settle without token and status",
        workflow_id="fan",
    ),
    case(
        running.test_t03_a_bell_of_a_run_that_is_over_starts_nothing,
        "claim of anything",
    ),
    case(
        reap_stuck.test_a_run_that_moves_in_the_meantime_is_left_alone,
        "close of what has moved",
    ),
    case(
        definition.test_what_moves_at_the_last_moment_goes_on,
        "close of what has moved",
    ),
    case(
        engines.test_d01_a_start_that_loses_its_commit_rings_for_nothing,
        "start of what is closing",
    ),
    case(
        engines.test_d21_a_fact_that_is_attached_twice_is_told_once,
        "fact of a key that was used",
    ),
    case(
        engines.test_t36_a_stage_that_runs_elsewhere_is_fenced_like_any_other,
        "settle without token and status",
        workflow_id="fan",
    ),
    case(
        sending.test_d23_a_dead_letter_is_replayed_in_its_place,
        "replay keeps the letter",
    ),
    case(
        sending.test_d23_a_dead_letter_is_replayed_in_its_place,
        "given up on without a letter",
    ),
    case(
        sending.test_d26_a_clock_that_is_ahead_reaps_no_healthy_stage,
        "clock deaf to the store",
        workflow_id="three",
    ),
    case(
        sending.test_d26_a_clock_that_is_ahead_reaps_no_healthy_stage,
        "clock deaf to the store",
        workflow_id="fan",
    ),
    case(
        sending.test_d26_a_clock_that_is_behind_writes_no_lease_that_ends_early,
        "clock deaf to the store",
        workflow_id="fan",
    ),
    case(
        protocol.test_p10_of_two_answers_at_once_one_counts_and_its_bytes_stay,
        "answer without condition",
        aside=True,
    ),
    case(
        protocol.test_p10_an_answer_that_comes_with_a_cancel_revives_nothing,
        "answer without condition",
        aside=True,
    ),
    case(
        protocol.test_p34_a_stage_that_waits_for_a_call_is_due_at_its_deadline_and_fails_there,
        "settled stage never due",
        aside=True,
    ),
]


@ON_BOTH
@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_its_rule_the_test_of_a_defect_fails(case: Case, layout: str) -> None:
    perform(case, layout, "nothing")

    assert refutes(case, layout)
