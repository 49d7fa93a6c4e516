"""What goes into one request."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.aws.batches import batches


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ("", []),
        ("abc", ["abc"]),
        ("0123456789", ["0123456789"]),
        ("0123456789x", ["0123456789", "x"]),
    ],
)
def test_ten_go_into_one_batch(things: str, expected: list[str]) -> None:
    made = ["".join(batch) for batch in batches(things, size=lambda _: 1, limit=100)]

    assert made == expected


def test_a_batch_is_full_when_its_bytes_are() -> None:
    sizes = [40, 60, 1, 100, 150, 10]

    made = [list(batch) for batch in batches(sizes, size=lambda size: size, limit=100)]

    assert made == [[40, 60], [1], [100], [150], [10]]


@settings(deadline=None)
@given(sizes=st.lists(st.integers(min_value=0, max_value=150)))
def test_nothing_is_lost_or_moved(sizes: list[int]) -> None:
    made = [*batches(sizes, size=lambda size: size, limit=100)]

    assert [size for batch in made for size in batch] == sizes
    assert all(len(batch) <= 10 for batch in made)
    assert all(len(batch) == 1 or sum(batch) <= 100 for batch in made)
