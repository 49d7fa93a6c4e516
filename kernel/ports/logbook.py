"""What stages and the engine's effects have to say to people who look for the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kernel.model.json import Json


class Level(StrEnum):
    """How loud an entry is."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One line, with the run, stage and attempt it belongs to in *fields*."""

    level: Level
    message: str
    fields: Mapping[str, Json] = field(default_factory=dict)


class Logbook(Protocol):
    """Lines for people; nothing depends on them."""

    def write(self, entry: LogEntry) -> None:
        """Write one line. Never raises: a lost line must not cost an attempt."""
        ...
