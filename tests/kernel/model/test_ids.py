"""How ids follow from one another."""

from kernel.model.ids import blob_prefix, job_id, short


def test_a_job_is_named_after_its_run_stage_generation_and_attempt() -> None:
    assert job_id("run-1", "split", 2, 3) == "run-1:split:2:3"


def test_an_attempt_keeps_its_blobs_where_no_other_does() -> None:
    assert blob_prefix("run-1", "split", 2, 3) == "runs/run-1/split/2-3/"


def test_a_short_name_is_the_same_every_time_and_another_for_another_text() -> None:
    names = [short("acme"), short("acme"), short("acme!"), short("acme", 8)]

    assert names[0] == names[1] != names[2]
    assert [len(name) for name in names] == [16, 16, 16, 8]
