"""Items in a real table, through PynamoDB."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, repeat
from typing import Any, Final, TypeAlias, TypeVar
from uuid import uuid4

from botocore.client import BaseClient
from botocore.session import Session
from pynamodb.connection import Connection
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from adapters.aws.client import making
from adapters.dynamodb.dates import Listener, let_hear
from adapters.dynamodb.expressions import actions_of, condition_of
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Delete, Operation, Put, Require, Update
from adapters.dynamodb.patience import Patience
from adapters.dynamodb.record import Record, bound_to
from kernel.ports.clock import Clock
from kernel.ports.entropy import Entropy

_Answer = TypeVar("_Answer")
_Start: TypeAlias = dict[str, dict[str, Any]]

# Backwards one looks for the last unfinished sibling: often it is among the first few.
_SMALL_PAGES: Final = (4, 16)
_PAGE: Final = 64
_ORDER: Final = (Require, Delete, Put, Update)


class TableItems:
    """One table; the connection is made at the first call and shared by all threads.

    Args:
        listener: Is told what time it is for DynamoDB, with every response.
        session: Makes the client, in place of one that PynamoDB makes for each thread.
    """

    def __init__(
        self,
        *,
        table: str,
        region: str,
        clock: Clock,
        entropy: Entropy,
        listener: Listener | None = None,
        session: Session | None = None,
    ) -> None:
        self._records = bound_to(table, region)
        self._patience = Patience(table=table, clock=clock, entropy=entropy)
        self._listener = listener
        self._session = session
        self._heard: BaseClient | None = None

    def get(self, key: Key) -> Item | None:
        return self._ask(partial(self._get, key))

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        if not backwards:
            yield from self._page(pk, prefix)[0]
            return
        yield from self._bit_by_bit(pk, prefix, forward=False)

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        return self._bit_by_bit(pk, prefix, forward=True)

    def update(self, operation: Update) -> Item:
        return self._ask(partial(self._update, operation), about=[operation.key.sk])

    def write(self, operations: Sequence[Operation]) -> None:
        match operations:
            case [Update() as update]:
                self.update(update)
            case [Put() as put]:
                self._ask(partial(self._put, put), about=[put.key.sk])
            case [Delete() as delete]:
                self._ask(partial(self._delete, delete), about=[delete.key.sk])
            case _:
                self._write_all(operations)

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        return self._patience.ask(partial(self._erase, pk, keep, limit))

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        until = self._records.due_at <= by
        return self._ask(lambda: _plain(self._records.due_index.query(shard, until, limit=limit)))

    def _ask(self, question: Callable[[], _Answer], *, about: Sequence[str] = ()) -> _Answer:
        client = self._client
        # PynamoDB makes it once, or anew as long as it has no credentials.
        if client is not self._heard:
            if self._listener is not None:
                let_hear(self._listener, client.meta.events)
            self._heard = client
        return self._patience.ask(question, about=about)

    def _get(self, key: Key) -> Item | None:
        try:
            return self._records.get(key.pk, key.sk, consistent_read=True).to_simple_dict()
        except self._records.DoesNotExist:
            return None

    def _bit_by_bit(self, pk: str, prefix: str, *, forward: bool) -> Iterator[Item]:
        start: _Start | None = None
        for size in chain(_SMALL_PAGES, repeat(_PAGE)):
            page, start = self._page(
                pk, prefix, scan_index_forward=forward, limit=size, last_evaluated_key=start
            )
            yield from page
            if start is None:
                return

    def _page(self, pk: str, prefix: str, **how: Any) -> tuple[list[Item], _Start | None]:
        def ask() -> tuple[list[Item], _Start | None]:
            begun = self._records.sk.startswith(prefix)
            found = self._records.query(pk, begun, consistent_read=True, **how)
            return _plain(found), found.last_evaluated_key

        return self._ask(ask)

    def _update(self, update: Update) -> Item:
        record = self._records(update.key.pk, update.key.sk)
        record.update(actions_of(update), condition=condition_of(update))
        return record.to_simple_dict()

    def _put(self, put: Put) -> None:
        self._record(put).save(condition=condition_of(put))

    def _delete(self, delete: Delete) -> None:
        self._records(delete.key.pk, delete.key.sk).delete(condition=condition_of(delete))

    def _erase(self, pk: str, keep: str, limit: int) -> bool:
        # One more than that is asked for: the one that stays may be among them.
        names = ["pk", "sk"]
        found = self._records.query(
            pk, consistent_read=True, limit=limit + 1, attributes_to_get=names
        )
        keys = [record for record in found if record.sk != keep]
        with self._records.batch_write() as batch:
            for record in keys[:limit]:
                batch.delete(record)
        return len(keys) >= limit

    def _write_all(self, operations: Sequence[Operation]) -> None:
        # PynamoDB sends checks, deletes, puts, updates; reasons for a refusal follow that order.
        in_order = sorted(operations, key=lambda operation: _ORDER.index(type(operation)))
        # One token for all tries: what went in although no answer came does not go in twice.
        question = partial(self._transact, in_order, token=str(uuid4()))
        self._ask(question, about=[operation.key.sk for operation in in_order])

    def _transact(self, operations: Sequence[Operation], *, token: str) -> None:
        with TransactWrite(connection=self._connection, client_request_token=token) as together:
            for operation in operations:
                condition = condition_of(operation)
                match operation:
                    case Put():
                        together.save(self._record(operation), condition=condition)
                    case Delete(key=key):
                        together.delete(self._records(key.pk, key.sk), condition=condition)
                    case Update(key=key):
                        record = self._records(key.pk, key.sk)
                        together.update(record, actions_of(operation), condition=condition)
                    case Require(key=key):
                        together.condition_check(self._records, key.pk, key.sk, condition)

    def _record(self, put: Put) -> Record:
        record = self._records()
        record.from_simple_dict(dict(put.item))
        return record

    @property
    def _client(self) -> BaseClient:
        connection = self._connection
        if self._session is None or self._heard is not None:
            return connection.client
        with making:
            # PynamoDB takes no session from outside; each of its own would load all of
            # botocore's tables once more, which takes as long as to make three clients.
            connection._local.session = self._session  # noqa: SLF001
            return connection.client

    @property
    def _connection(self) -> Connection:
        # PynamoDB has no public way to let a transaction use the connection of a model.
        return self._records._get_connection().connection  # noqa: SLF001


def _plain(found: ResultIterator[Record]) -> list[Item]:
    return [record.to_simple_dict() for record in found]
