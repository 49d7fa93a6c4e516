"""Shape: how one kind of record lies in a map of an item."""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any, Generic, TypeAlias, TypeVar

from adapters.dynamodb.forms import Form

Path: TypeAlias = tuple[str, ...]

_Record = TypeVar("_Record")


class Shape(Generic[_Record]):
    """How one kind of record lies in a map. It is a form itself, so that shapes nest."""

    def __init__(self, record: type[_Record], **named: tuple[str, Form]) -> None:
        self._record = record
        self._named = named
        self._needed = [
            field.name
            for field in fields(record)  # type: ignore[arg-type]  # every record is a dataclass
            if field.default is MISSING and field.default_factory is MISSING
        ]

    @property
    def names(self) -> Collection[str]:
        """The fields that lie in the map; the others lie beside it, or follow from the key."""
        return self._named.keys()

    def write(self, value: _Record) -> dict[str, Any]:
        found = {name: getattr(value, name) for name in self._named}
        return {
            self._named[name][0]: self._named[name][1].write(each_)
            for name, each_ in found.items()
            if each_ is not None
        }

    def read(self, stored: Mapping[str, Any], **beside: object) -> _Record:
        absent: dict[str, Any] = dict.fromkeys(self._needed)
        found = {
            name: form.read(stored[short])
            for name, (short, form) in self._named.items()
            if short in stored
        }
        return self._record(**(absent | found | beside))

    def changes(
        self, record: _Record, names: Collection[str], *, root: str
    ) -> tuple[dict[Path, Any], frozenset[Path]]:
        """Return what to set and what to remove for the fields *names* to be as in *record*.

        Those that the item as a whole has are not among them.
        """
        sets: dict[Path, Any] = {}
        removes: set[Path] = set()
        for name in sorted(set(names) - {"due_at"}):
            (short, form), value = self._named[name], getattr(record, name)
            if value is None:
                removes.add((root, short))
            else:
                sets[root, short] = form.write(value)
        return sets, frozenset(removes)

    def find(self, field: str) -> tuple[Path, Form]:
        """Return where *field* lies in the map, `lease.token` too, and how it is written."""
        name, _, rest = field.partition(".")
        short, form = self._named[name]
        if not rest:
            return (short,), form
        if not isinstance(form, Shape):
            raise KeyError(field)
        path, inner = form.find(rest)
        return (short, *path), inner
