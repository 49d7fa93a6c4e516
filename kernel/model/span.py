"""How a span of time is told to people."""

from datetime import timedelta
from typing import Final

_UNITS: Final = (("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_A_SECOND: Final = timedelta(seconds=1)


def in_words(span: timedelta) -> str:
    """Return *span* in the largest unit that it is a whole number of; otherwise in seconds."""
    for name, unit in _UNITS:
        if span >= unit and not span % unit:
            return _counted(span // unit, name)
    seconds = span / _A_SECOND
    return _counted(round(seconds, 1) if span > _A_SECOND else seconds, "second")


def _counted(number: float, unit: str) -> str:
    return f"{number:.10g} {unit}" if number == 1 else f"{number:.10g} {unit}s"
