"""Words to talk about what becomes of a commit."""

from collections.abc import Sequence
from typing import Final

from adapters.dynamodb.keys import Key, Shards, run_key, stage_key
from adapters.dynamodb.operations import Operation, Update
from adapters.dynamodb.translation import translate
from kernel.model.change import Change

RUN: Final = run_key("run-1")
SPLIT: Final = stage_key("run-1", 1, "split")
SHARDS: Final = Shards()
DEAD_LETTER: Final = Key(
    pk=f"DEAD#{SHARDS.dead_shard('run-1')}",
    sk="DEAD#2026-01-01T12:00:00.000Z#run-1:0:workflow:created",
)
DUE_SHARD: Final = SHARDS.due_shard("run-1")


def translated(*changes: Change) -> Sequence[Operation]:
    return translate(changes, SHARDS)


def one_update(*changes: Change) -> Update:
    [operation] = translated(*changes)
    assert isinstance(operation, Update)
    return operation


def keys_of(operations: Sequence[Operation]) -> list[Key]:
    return [operation.key for operation in operations]
