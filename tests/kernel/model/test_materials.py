"""What a doorbell carries is believed only if it is what the record has the digest of."""

from typing import Any

import pytest

from kernel.model.json import digest
from kernel.model.materials import Materials

COPY = Materials(input={"url": "https://example.org", "n": 1}, config={"split": {"limit": 3}})


def carried(payload: Any, digest: str | None = COPY.digest) -> Materials | None:
    return Materials.from_payload(payload, digest_=digest)


def test_a_copy_comes_back_as_it_was() -> None:
    payload = COPY.payload(limit=1_000)

    assert carried(payload) == COPY


def test_the_order_of_keys_does_not_matter() -> None:
    payload = {
        "config": {"split": {"limit": 3}},
        "input": {"n": 1, "url": "https://example.org"},
    }

    assert carried(payload) == COPY


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"input": COPY.input},
        {"input": COPY.input, "config": {}},
        {"input": {"url": "https://example.com", "n": 1}, "config": dict(COPY.config)},
        {"input": {"url": "https://example.org", "n": "1"}, "config": dict(COPY.config)},
        {"input": COPY.input, "config": dict(COPY.config), "more": 1},
    ],
    ids=str,
)
def test_another_copy_is_not_believed(payload: Any) -> None:
    assert carried(payload) is None


def test_without_a_digest_no_copy_is_believed() -> None:
    assert carried(COPY.payload(limit=1_000), digest=None) is None


def test_a_config_that_is_no_object_is_none() -> None:
    odd: dict[str, Any] = {"input": 1, "config": []}

    found = Materials.from_payload(odd, digest_=digest(odd))

    assert found == Materials(input=1, config={})


@pytest.mark.parametrize(("less", "fits"), [(0, True), (1, False)])
def test_a_copy_that_is_too_long_stays_behind(less: int, *, fits: bool) -> None:
    long = Materials(input="ü" * 10, config={})
    size = len('{"config":{},"input":""}') + 2 * 10

    copy = long.payload(limit=size - less)

    assert (copy is not None) is fits


def test_half_a_surrogate_pair_has_a_digest_too() -> None:
    odd = Materials(input="\udc80", config={})

    assert carried(odd.payload(limit=100), digest=odd.digest) == odd
