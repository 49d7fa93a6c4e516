"""Which names are taken as they are, because other things are called by them."""

from typing import Any

import pytest

from kernel.authoring.naming import is_queue_name


@pytest.mark.parametrize("name", ["heavy", "g", "gpu2", "defaults", "x" * 30])
def test_a_queues_name_is_small_letters_and_digits(name: str) -> None:
    assert is_queue_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "2gpu", "Heavy", "gpu-large", "gpu_large", "größe", "x" * 31, "gpu\n", 7, None),
        *("default", "default\n", "urgent"),
    ],
)
def test_what_could_not_be_part_of_a_name_in_aws_is_no_queues_name(name: Any) -> None:
    assert not is_queue_name(name)
