"""The rules by which DynamoDB charges, on items that are easy to count."""

from decimal import Decimal
from typing import Any

import pytest

from tests.benchmarks.units import DUE, item_size, read_units, write_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("é€", 5),
        (True, 1),
        (0, 1),
        (7, 2),
        (1_000_000, 2),
        (12_345, 4),
        (Decimal("0.0012"), 2),
        ([], 3),
        (["a", "bc"], 3 + 2 + 3),
        ({}, 3),
        ({"k": "v", "n": {"x": 1}}, 3 + 3 + (1 + (3 + 4) + 1)),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(value: Any, size: int) -> None:
    item = {"name": value}

    assert item_size(item) == len("name") + size


def test_a_write_is_charged_for_the_larger_image_and_twice_in_a_transaction() -> None:
    small, large = {"pk": "x" * 100}, {"pk": "x" * 1023}

    alone = write_units(large, small, in_transaction=False)
    together = write_units(small, large, in_transaction=True)

    assert (alone, together) == (2, 4)


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4096, 1), (4097, 2)])
def test_a_read_is_charged_by_four_kilobytes_and_half_where_it_may_be_stale(
    size: int, units: int
) -> None:
    fresh, stale = read_units(size), read_units(size, consistent=False)

    assert fresh == units
    assert stale * 2 == units


def test_an_index_entry_that_comes_goes_moves_or_stays_is_one_one_two_or_no_writes() -> None:
    absent = {"pk": "RUN#1", "sk": "RUN"}
    early = {**absent, "due_shard": "3", "due_at": "2026-01-01"}
    late = {**early, "due_at": "2026-01-02"}
    changed = {**early, "run": {"st": "RUNNING"}}

    came, went = DUE.write_units(absent, early), DUE.write_units(early, None)
    moved, stayed = DUE.write_units(early, late), DUE.write_units(early, changed)

    assert (came, went, moved, stayed) == (1, 1, 2, 0)
