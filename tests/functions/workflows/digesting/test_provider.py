"""Proves that the batch is done piece by piece, whatever is lost or doubled on the way."""

import pytest

from functions.workflows.digesting.picking import Request
from functions.workflows.digesting.provider import JobLostError, LocalProvider
from tests.functions.workflows.fake_context import FakeStorage

REQUESTS = [
    Request(
        document=0,
        passage=nth,
        language="en",
        sentences=[f"Wheel number {nth} of the mill turns in the water.", "Short."],
        hints=["mill"],
        most=1,
    )
    for nth in range(5)
]


@pytest.fixture
def storage() -> FakeStorage:
    return FakeStorage()


@pytest.fixture
def provider(storage: FakeStorage) -> LocalProvider:
    return LocalProvider(storage=storage)


def test_each_check_does_a_piece_until_none_is_left(provider: LocalProvider) -> None:
    pieces = provider.submit(REQUESTS, pieces=3)

    left = [provider.work() for _ in range(4)]

    assert pieces == 3
    assert left == [2, 1, 0, 0]
    assert sorted(pick.passage for pick in provider.results()) == [0, 1, 2, 3, 4]


def test_a_piece_is_worked_out_when_it_is_its_turn(
    provider: LocalProvider, storage: FakeStorage
) -> None:
    provider.submit(REQUESTS, pieces=2)

    provider.work()

    assert storage.exists("batch-1-done.json")
    assert not storage.exists("batch-2-done.json")


def test_handing_in_the_job_twice_does_not_start_it_again(
    provider: LocalProvider, storage: FakeStorage
) -> None:
    provider.submit(REQUESTS, pieces=3)
    provider.work()
    before = dict(storage.blobs)

    pieces = provider.submit(REQUESTS[:1], pieces=1)

    assert pieces == 3
    assert storage.blobs == before


def test_a_job_that_was_handed_in_by_half_is_handed_in_again(
    provider: LocalProvider, storage: FakeStorage
) -> None:
    provider.submit(REQUESTS, pieces=3)
    storage.delete("batch.json")

    pieces = provider.submit(REQUESTS, pieces=3)

    assert pieces == 3
    assert provider.work() == 2


def test_a_check_that_was_lost_before_it_wrote_is_made_up_for(
    provider: LocalProvider, storage: FakeStorage
) -> None:
    provider.submit(REQUESTS, pieces=2)
    provider.work()
    provider.work()
    complete = provider.results()
    storage.delete("batch-1-done.json")

    left = provider.work()

    assert left == 0
    assert provider.results() == complete


def test_there_are_never_more_pieces_than_requests(provider: LocalProvider) -> None:
    pieces = provider.submit(REQUESTS[:2], pieces=9)

    assert pieces == 2


def test_a_batch_of_nothing_is_done_at_once(provider: LocalProvider) -> None:
    provider.submit([], pieces=4)

    assert provider.work() == 0
    assert provider.results() == []


@pytest.mark.parametrize("lost", ["batch.json", "batch-1-asked.json"])
def test_a_job_that_is_gone_is_missed(
    provider: LocalProvider, storage: FakeStorage, lost: str
) -> None:
    provider.submit(REQUESTS, pieces=2)
    storage.delete(lost)

    with pytest.raises(JobLostError, match=lost):
        provider.work()
