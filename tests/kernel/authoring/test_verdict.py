"""What a stage can say."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from kernel.authoring import Completed, Failed, NotReady, Ready, Retry, RetryAfter, Suspend
from kernel.errors import DefinitionError


def test_an_output_needs_no_metrics_and_no_artifacts() -> None:
    completed, ready = Completed(3), Ready(3)

    assert (completed.output, completed.metrics, completed.artifacts) == (3, None, None)
    assert (ready.output, ready.metrics, ready.artifacts) == (3, None, None)


def test_metrics_and_artifacts_stand_beside_the_output() -> None:
    completed = Completed(3, metrics={"words": 3.0}, artifacts={"report.md": "# Three"})

    assert completed.metrics == {"words": 3.0}
    assert completed.artifacts == {"report.md": "# Three"}


def test_a_suspension_asks_every_minute_for_a_day_unless_it_says_otherwise() -> None:
    suspend = Suspend()

    assert suspend.state is None
    assert suspend.poll_every == timedelta(seconds=60)
    assert suspend.max_wait == timedelta(hours=24)
    assert not suspend.callback


def test_a_suspension_keeps_what_it_is_given() -> None:
    suspend = Suspend({"ticket": 1}, poll_every=timedelta(seconds=5), callback=True)

    assert suspend.state == {"ticket": 1}
    assert suspend.poll_every == timedelta(seconds=5)
    assert suspend.callback


def test_a_verdict_is_frozen() -> None:
    suspend = Suspend()

    with pytest.raises(FrozenInstanceError):
        suspend.callback = True  # type: ignore[misc]


def test_a_failure_has_a_code() -> None:
    failed = Failed("The provider refused.")

    assert failed.code == "STAGE_FAILED"


def test_not_ready_may_say_when_to_ask_again() -> None:
    assert NotReady().check_in is None
    assert NotReady(timedelta(seconds=1)).check_in == timedelta(seconds=1)


def test_waiting_for_no_time_is_refused() -> None:
    nothing = timedelta(0)

    with pytest.raises(ValueError, match="poll_every is more than no time"):
        Suspend(poll_every=nothing)
    with pytest.raises(ValueError, match="max_wait is more than no time"):
        Suspend(max_wait=nothing)
    with pytest.raises(ValueError, match="check_in is more than no time"):
        NotReady(nothing)
    with pytest.raises(ValueError, match="delay is more than no time"):
        RetryAfter(nothing)


def test_waiting_for_ever_is_refused_where_it_is_said() -> None:
    ever = timedelta.max

    with pytest.raises(ValueError, match="poll_every is ten years at most"):
        Suspend(poll_every=ever)
    with pytest.raises(ValueError, match="max_wait is ten years at most"):
        Suspend(callback=True, max_wait=ever)
    with pytest.raises(ValueError, match="check_in is ten years at most"):
        NotReady(ever)
    with pytest.raises(ValueError, match="delay is ten years at most"):
        RetryAfter(ever)
    with pytest.raises(DefinitionError, match="max_delay is ten years at most"):
        Retry(max_delay=ever)


def test_a_stage_that_wants_to_be_tried_later_says_so_in_words() -> None:
    silent, spoken = RetryAfter(timedelta(minutes=1)), RetryAfter(timedelta(minutes=1), "Busy.")

    assert str(silent) == "The stage asked to be tried again in 0:01:00."
    assert str(spoken) == spoken.message == "Busy."
    assert spoken.delay == timedelta(minutes=1)


def test_a_stage_is_tried_three_times_unless_it_says_otherwise() -> None:
    retry = Retry()

    assert retry.max_attempts == 3
    assert retry.first_delay == timedelta(seconds=1)
    assert retry.factor == 2.0
    assert retry.max_delay == timedelta(minutes=5)


@pytest.mark.parametrize("attempts", [0, 101])
def test_a_retry_with_senseless_attempts_is_refused(attempts: int) -> None:
    with pytest.raises(DefinitionError, match="max_attempts is 1 to 100"):
        Retry(max_attempts=attempts)


def test_all_that_is_wrong_with_a_retry_is_said_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        Retry(
            max_attempts=0,
            first_delay=timedelta(seconds=-1),
            factor=0.5,
            max_delay=timedelta(seconds=-2),
        )

    assert caught.value.context["problems"] == [
        "max_attempts is 1 to 100",
        "first_delay is not negative",
        "factor is 1 or more",
        "max_delay is not below first_delay",
    ]
