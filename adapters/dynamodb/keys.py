"""How partition, sort and index keys are spelt, and over how many partitions an index spreads."""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from kernel.model.stage import StageKey
from kernel.model.status import Status

STAGES: Final = "STAGE#"
NOTES: Final = "NOTE#"
PASTS: Final = "PAST#"
DEAD: Final = "DEAD#"
WORKERS: Final = "WORKER#"
CALLS: Final = "CALL#"
BILL: Final = "BILL"
STAGE_BILLS: Final = "BILL#"
SPENT: Final = "SPENT#"
REMOVAL: Final = "removal-"


@dataclass(frozen=True, kw_only=True)
class Key:
    """Where an item lies."""

    pk: str
    sk: str


# Where the table says how it is laid out.
LAYOUT: Final = Key(pk="LAYOUT", sk="LAYOUT")


def run_key(run_id: str) -> Key:
    """Return the key of the run's state, and of its active stage where that is alone."""
    return Key(pk=partition(run_id), sk="RUN")


def intake_key(run_id: str) -> Key:
    return Key(pk=partition(run_id), sk="IN")


def stage_key(run_id: str, group: int, stage_id: str) -> Key:
    return Key(pk=partition(run_id), sk=f"{group_prefix(group)}{stage_id}")


def note_key(run_id: str, annotation_id: str) -> Key:
    return Key(pk=partition(run_id), sk=f"{NOTES}{annotation_id}")


def past_key(run_id: str, stage_id: str, generation: int, attempt: int) -> Key:
    return Key(pk=partition(run_id), sk=f"{PASTS}{stage_id}#{generation:06}#{attempt:06}")


def call_key(run_id: str, stage_id: str, call_id: str) -> Key:
    return Key(pk=partition(run_id), sk=f"{calls_prefix(stage_id)}{call_id}")


def calls_prefix(stage_id: str | None) -> str:
    return CALLS if stage_id is None else f"{CALLS}{stage_id}#"


def bill_key(run_id: str, stage_id: str | None = None) -> Key:
    """Return the key of a run's bill, or of what one of its stages has on it."""
    sk = BILL if stage_id is None else f"{STAGE_BILLS}{stage_id}"
    return Key(pk=partition(run_id), sk=sk)


def spending_key(shard: str, month: str, topic: str, run_id: str) -> Key:
    """Return the key of what a run spent: those of a topic lie together in each shard."""
    return Key(pk=f"{SPENT}{month}#{shard}", sk=f"{topic}#{run_id}")


def spending_prefixes(topic: str) -> tuple[str, str]:
    """Return how the keys begin of a topic itself, and of those that go on from it."""
    return f"{topic}#", f"{topic}."


def idempotency_key(command: str, key: str) -> Key:
    return Key(pk=f"IDEM#{command}#{key}", sk="IDEM")


def dead_key(shard: str, moment: str, event_id: str) -> Key:
    """Return the key of a dead letter: those of a shard lie in the order of their moments."""
    return Key(pk=f"{DEAD}{shard}", sk=f"{DEAD}{moment}#{event_id}")


def presence_key(queue: str, worker_id: str) -> Key:
    return Key(pk=queue_partition(queue), sk=f"{WORKERS}{worker_id}")


def queue_partition(queue: str) -> str:
    return f"QUEUE#{queue}"


def partition(run_id: str) -> str:
    return f"RUN#{run_id}"


def run_id_of(pk: str) -> str:
    return pk.removeprefix("RUN#")


def group_prefix(group: int) -> str:
    return f"{STAGES}{group:04}#"


def sibling_of(key: Key) -> StageKey | None:
    """Return which stage the item at *key* is; an item of its own that is due is no solo."""
    if not key.sk.startswith(STAGES):
        return None
    _, group, stage_id = key.sk.split("#", maxsplit=2)
    return StageKey(run_id=run_id_of(key.pk), stage_id=stage_id, group=int(group), solo=False)


@dataclass(frozen=True, kw_only=True)
class Shards:
    """Over how many partitions each index is spread, so that none takes all writes.

    A run stays in its shard of the listing for good. More shards can be had at any time, fewer
    only when nothing is left in those that go: readers ask no further than the number says.
    """

    due: int = 8
    listing: int = 4
    dead: int = 4
    spent: int = 4

    def due_shard(self, run_id: str, *, is_settled: bool = False) -> str:
        return f"{REMOVAL if is_settled else ''}{_steady(run_id) % self.due}"

    def due_shards(self, *, is_settled: bool = False) -> list[str]:
        return [f"{REMOVAL if is_settled else ''}{number}" for number in range(self.due)]

    def dead_shard(self, run_id: str) -> str:
        return str(_steady(run_id) % self.dead)

    def dead_partitions(self) -> list[str]:
        return [f"{DEAD}{number}" for number in range(self.dead)]

    def spent_shard(self, run_id: str) -> str:
        return str(_steady(run_id) % self.spent)

    def spent_partitions(self, month: str) -> list[str]:
        return [f"{SPENT}{month}#{number}" for number in range(self.spent)]

    def runs_hash(self, workflow_id: str, run_id: str) -> str:
        return f"{workflow_id}#{_steady(run_id) % self.listing}"


def runs_sort(status: Status, run_id: str) -> str:
    """Spell the status by its class, so that the index entry moves at the end of a run only."""
    return f"{status if status.is_terminal else 'ACTIVE'}#{run_id}"


def _steady(run_id: str) -> int:
    """Return the same number for *run_id* in every process; Python's own hash is seeded."""
    return crc32(run_id.encode("utf-8", "surrogatepass"))
