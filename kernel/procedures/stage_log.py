"""`context.log`: an author's lines, each with the run, stage and attempt it belongs to."""

from collections.abc import Mapping

from kernel.model.json import Json
from kernel.model.stage import StageRecord
from kernel.ports.logbook import Level, Logbook, LogEntry


class JobLog:
    """Writes through to the logbook, at once."""

    def __init__(self, logbook: Logbook, stage: StageRecord) -> None:
        self._logbook = logbook
        self._always: Mapping[str, Json] = {
            "run_id": stage.run_id,
            "workflow_id": stage.workflow_id,
            "stage_id": stage.id,
            "generation": stage.generation,
            "attempt": stage.attempt,
        }

    def debug(self, message: str, **fields: Json) -> None:
        self._write(Level.DEBUG, message, fields)

    def info(self, message: str, **fields: Json) -> None:
        self._write(Level.INFO, message, fields)

    def warning(self, message: str, **fields: Json) -> None:
        self._write(Level.WARNING, message, fields)

    def error(self, message: str, **fields: Json) -> None:
        self._write(Level.ERROR, message, fields)

    def _write(self, level: Level, message: str, fields: Mapping[str, Json]) -> None:
        entry = LogEntry(level=level, message=message, fields={**fields, **self._always})
        self._logbook.write(entry)
