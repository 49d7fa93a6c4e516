"""How single values are written into an item, and read back without loss."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from kernel.model import moment
from kernel.model.status import Status


class Form(Protocol):
    """One way to write values down."""

    def write(self, value: Any) -> Any:
        """Return *value* as it lies in an item: text, whole number, truth, list or map."""
        ...

    def read(self, stored: Any) -> Any:
        """Return what was written."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A form made of two functions."""

    writing: Callable[[Any], Any]
    reading: Callable[[Any], Any]

    def write(self, value: Any) -> Any:
        return self.writing(value)

    def read(self, stored: Any) -> Any:
        return self.reading(stored)


def text_of(value: object) -> str:
    """Return *value* as JSON text.

    DynamoDB's numbers hold 38 digits and its texts UTF-8 only; JSON text keeps every float, and
    an escape keeps half a surrogate pair, such as Python finds in odd file names.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def _same(value: Any) -> Any:
    return value


_MICROSECOND = timedelta(microseconds=1)

PLAIN: Final = Pair(writing=_same, reading=_same)
STATUS: Final = Pair(writing=str, reading=Status)
# Whole milliseconds, as the clock gives them; what is finer is cut off.
MOMENT: Final = Pair(writing=moment.to_text, reading=moment.from_text)
SPAN: Final = Pair(
    writing=lambda span: span // _MICROSECOND, reading=lambda number: number * _MICROSECOND
)
# Values that people and programs bring along, free text included.
JSON: Final = Pair(writing=text_of, reading=json.loads)


def each(form: Form) -> Form:
    """Return the form of a tuple whose members have *form*."""
    return Pair(
        writing=lambda values: [form.write(value) for value in values],
        reading=lambda stored: tuple(form.read(value) for value in stored),
    )
