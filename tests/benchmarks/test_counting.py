"""What is metered on memory is what the adapters ask of AWS, counted at botocore over moto."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from kernel.authoring import Workflow
from tests.benchmarks.emulated import Emulated, emulated
from tests.benchmarks.playing import Metered
from tests.benchmarks.units import INDEXES
from tests.benchmarks.usage import Kind, Usage
from tests.benchmarks.workloads import parallel, sequential


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated() as account:
        yield account


@pytest.mark.parametrize("workflow", [sequential(3), parallel(8)], ids=["three", "one-eight-one"])
def test_both_countings_agree_bell_by_bell_and_on_what_is_stored(
    aws: Emulated, workflow: Workflow
) -> None:
    metered = Metered(workflows=[workflow])
    expected = metered.play(workflow.id)

    counted = aws.play(workflow)

    assert calls(counted) == calls(expected)
    assert by_key(aws.items_of(workflow.id)) == by_key(metered.items_of(workflow.id))


def test_the_template_makes_the_indexes_that_are_charged_for(aws: Emulated) -> None:
    expected = {(index.name, (index.hash, index.sort), "KEYS_ONLY") for index in INDEXES}

    table = aws.table()

    assert {
        (
            index["IndexName"],
            tuple(key["AttributeName"] for key in index["KeySchema"]),
            index["Projection"]["ProjectionType"],
        )
        for index in table["GlobalSecondaryIndexes"]
    } == expected


def calls(run: Mapping[str, Usage]) -> dict[str, Any]:
    return {bell: usage.of(Kind.CALL) for bell, usage in run.items()}


def by_key(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {item["sk"]: item for item in items}
