"""How a span of time is told to people."""

from datetime import timedelta

import pytest

from kernel.model.span import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (0.05, "0.05 seconds"),
        (1, "1 second"),
        (1.04, "1 second"),
        (41.873, "41.9 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (300, "5 minutes"),
        (3_600, "1 hour"),
        (5_400, "90 minutes"),
        (86_400, "24 hours"),
        (10_000_001, "10000001 seconds"),
    ],
)
def test_a_span_is_told_in_the_largest_unit_that_fits(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
