"""How a moment is spelt and read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernel.model import moment

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_moment_is_spelt_in_utc_to_the_millisecond() -> None:
    elsewhere = (NOON + timedelta(microseconds=1_999)).astimezone(timezone(timedelta(hours=-5)))

    text = moment.to_text(elsewhere)

    assert text == "2026-11-22T12:00:00.001Z"


def test_a_text_is_read_back_as_the_same_moment() -> None:
    text = "2026-11-22T12:00:00.001Z"

    again = moment.from_text(text)

    assert again == NOON + timedelta(milliseconds=1)
    assert again.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "noon", "2026-11-22T12:00:00", "9999-12-31T23:59:59-01:00"])
def test_what_is_no_certain_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment.from_text(text)
