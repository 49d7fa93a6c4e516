"""Which dead letters are meant."""

from typing import Any

import pytest

from kernel.model.dead_letter import LetterFilter
from tests.support.builders import A_MINUTE, NOON, a_dead_letter, after


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True),
        ({"ids": ["run-1:0:workflow:created"]}, True),
        ({"ids": ["another"]}, False),
        ({"ids": []}, False),
        ({"types": ["stage:failed", "workflow:created"]}, True),
        ({"types": ["stage:failed"]}, False),
        ({"older_than": 10 * A_MINUTE}, True),
        ({"older_than": 11 * A_MINUTE}, False),
        ({"younger_than": 10 * A_MINUTE}, True),
        ({"younger_than": 9 * A_MINUTE}, False),
        ({"older_than": 9 * A_MINUTE, "younger_than": 11 * A_MINUTE}, True),
        ({"older_than": 9 * A_MINUTE, "types": ["stage:failed"]}, False),
    ],
    ids=str,
)
def test_a_letter_fits_where_all_that_is_asked_does(asked: dict[str, Any], *, fits: bool) -> None:
    letter = a_dead_letter(at=NOON)

    assert LetterFilter(**asked).fits(letter, now=after(10)) is fits
