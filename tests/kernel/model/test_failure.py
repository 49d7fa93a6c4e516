"""A failure is bounded, whoever words it."""

from kernel.model.failure import LONGEST_CODE, LONGEST_MESSAGE, Failure


def test_a_failure_is_cut_to_what_a_record_may_hold() -> None:
    failure = Failure.of("C" * 10_000, "m" * 10_000)

    assert failure.code == "C" * LONGEST_CODE
    assert len(failure.message) == LONGEST_MESSAGE
    assert failure.message.endswith("…")


def test_a_short_failure_stays_as_it_is() -> None:
    failure = Failure.of("REFUSED", "Not like this.", retryable=True)

    assert failure == Failure(code="REFUSED", message="Not like this.", retryable=True)
