"""The table as PynamoDB sees it: one plain model for all items, whose sort keys tell them apart.

No discriminators: they would filter every query, and an index of keys only has nothing to match.
"""

from typing import Any, Final

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

# Whoever calls has a plan for no answer, and a function that waits is paid for.
_CONNECT_TIMEOUT: Final = 2
_READ_TIMEOUT: Final = 10
_RETRIES: Final = 2
_POOL: Final = 32


def _map() -> MapAttribute[str, Any]:
    return MapAttribute(null=True)  # type: ignore[no-untyped-call]  # PynamoDB left it untyped


class DueIndex(GlobalSecondaryIndex["Record"]):  # type: ignore[no-untyped-call]  # the same
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class Record(Model):
    """Any item; the attributes are explained in items.py."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    run = _map()
    stage = _map()
    version = NumberAttribute(attr_name="v", null=True)
    outbox: ListAttribute[str] = ListAttribute(attr_name="ob", null=True)
    past = _map()
    intake = _map()
    note = _map()
    idem = _map()
    dead = _map()
    presence = _map()
    call = _map()
    spent = _map()
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    runs_hash = UnicodeAttribute(null=True)
    runs_sort = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    layout = NumberAttribute(null=True)

    calls = NumberAttribute(attr_name="nc", null=True)
    requests = NumberAttribute(attr_name="nr", null=True)
    failed = NumberAttribute(attr_name="nf", null=True)
    unpriced = NumberAttribute(attr_name="nu", null=True)
    input_tokens = NumberAttribute(attr_name="ti", null=True)
    output_tokens = NumberAttribute(attr_name="tp", null=True)
    cached_tokens = NumberAttribute(attr_name="tc", null=True)
    cost = NumberAttribute(attr_name="co", null=True)
    in_flight = NumberAttribute(attr_name="fl", null=True)
    held = NumberAttribute(attr_name="he", null=True)
    committed = NumberAttribute(attr_name="cm", null=True)
    limit = NumberAttribute(attr_name="li", null=True)

    due_index = DueIndex()


def bound_to(table: str, region: str) -> type[Record]:
    """Return the model of *table*, with a connection of its own, made when it is first used."""
    where = region

    class Bound(Record):
        class Meta:
            table_name = table
            region = where
            connect_timeout_seconds = _CONNECT_TIMEOUT
            read_timeout_seconds = _READ_TIMEOUT
            max_retry_attempts = _RETRIES
            max_pool_connections = _POOL

    return Bound
