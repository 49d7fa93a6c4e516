"""Ports that ask the scheduler before every call, and items with DynamoDB's patience."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Operation, Update
from adapters.dynamodb.patience import Patience
from tests.simulation.calls import Call
from tests.simulation.director import Director
from tests.simulation.process import Process

# Those of which nobody else notices anything: to come between them and the next call is enough.
PRIVATE: Final = frozenset({"entropy", "registry", "logbook"})


class Watched:
    """Any port; each call of *process* passes the scheduler."""

    def __init__(self, name: str, port: object, process: Process, director: Director) -> None:
        self._name = name
        self._port = port
        self._process = process
        self._director = director

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._port, method)
        if not callable(target):
            return target
        made = _passing(self._director, self._process, f"{self._name}.{method}", target)
        self.__dict__[method] = made
        return made


def _passing(
    director: Director, process: Process, name: str, target: Callable[..., Any]
) -> Callable[..., Any]:
    def whole(*given: Any, **named: Any) -> Any:
        """Read a lazy answer to its end, so that the call is over when it counts as made."""
        result = target(*given, **named)
        return iter(list(result)) if isinstance(result, Iterator) else result

    return lambda *given, **named: director.passing(Call(process, name, whole, given, named))


class PatientItems:
    """A store whose conflicts are waited out, as those of the real table are."""

    def __init__(self, inner: Items, patience: Patience) -> None:
        self._inner = inner
        self._patience = patience

    def get(self, key: Key) -> Item | None:
        return self._inner.get(key)

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        return self._inner.query(pk, prefix, backwards=backwards)

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        return self._inner.walk(pk, prefix)

    def update(self, operation: Update) -> Item:
        return self._patience.ask(lambda: self._inner.update(operation))

    def write(self, operations: Sequence[Operation]) -> None:
        self._patience.ask(lambda: self._inner.write(operations))

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        return self._inner.erase(pk, keep=keep, limit=limit)

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        return self._inner.due(shard, by=by, limit=limit)
