"""Keys are spelt the same way for ever: a change would lose what is stored."""

from adapters.dynamodb import keys
from adapters.dynamodb.keys import Key, Shards
from kernel.model.stage import StageKey
from kernel.model.status import Status


def test_keys_are_spelt_as_the_docs_say() -> None:
    assert keys.run_key("r1") == Key(pk="RUN#r1", sk="RUN")
    assert keys.intake_key("r1") == Key(pk="RUN#r1", sk="IN")
    assert keys.stage_key("r1", 12, "split") == Key(pk="RUN#r1", sk="STAGE#0012#split")
    assert keys.note_key("r1", "n1") == Key(pk="RUN#r1", sk="NOTE#n1")
    assert keys.dead_key("3", "2026", "r:0:x") == Key(pk="DEAD#3", sk="DEAD#2026#r:0:x")
    assert keys.idempotency_key("run.create", "a#b") == Key(pk="IDEM#run.create#a#b", sk="IDEM")


def test_a_siblings_key_tells_which_stage_it_is() -> None:
    key = keys.stage_key("r#1", 12, "a#b")

    stage = keys.sibling_of(key)

    assert stage == StageKey(run_id="r#1", stage_id="a#b", group=12, solo=False)


def test_a_runs_key_tells_of_no_stage() -> None:
    assert keys.sibling_of(keys.run_key("r1")) is None


def test_one_group_does_not_begin_like_another() -> None:
    other = keys.stage_key("r1", 123, "split")

    assert not other.sk.startswith(keys.group_prefix(12))


def test_a_run_stays_in_its_shard() -> None:
    shards = Shards(due=8, listing=4)

    assert shards.due_shard("01JFGQ6Z4S8V7Y3N2M1K0H9G8F") == "7"
    assert shards.runs_hash("reports", "01JFGQ6Z4S8V7Y3N2M1K0H9G8F") == "reports#3"


def test_runs_are_spread_evenly() -> None:
    shards = Shards(due=8)

    found = [shards.due_shard(f"run-{number}") for number in range(8_000)]

    counts = [found.count(shard) for shard in shards.due_shards()]
    assert sum(counts) == 8_000
    assert min(counts) > 800


def test_a_dead_letter_lies_where_readers_look() -> None:
    shards = Shards(dead=4)

    found = {keys.dead_key(shards.dead_shard(f"run-{nth}"), "", "").pk for nth in range(100)}

    assert found == {*shards.dead_partitions()}


def test_the_listing_knows_classes_of_status_only() -> None:
    spelt = {keys.runs_sort(status, "r1") for status in (Status.PENDING, Status.RUNNING)}

    assert spelt == {"ACTIVE#r1"}
    assert keys.runs_sort(Status.FAILED, "r1") == "FAILED#r1"
