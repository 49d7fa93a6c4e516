"""What a body prints, as lines of the logbook. There may be no end to it."""

from collections.abc import Mapping
from typing import Final

from kernel.model.json import Json
from kernel.ports.executor import AttemptKey
from kernel.ports.logbook import Level, Logbook, LogEntry

MOST_LINES: Final = 1_000
MOST_BYTES: Final = 256 * 1024
LONGEST_LINE: Final = 8 * 1024


class PrintedLines:
    """Keeps the first lines that one attempt prints, and takes the others without keeping them."""

    def __init__(self, logbook: Logbook, of: AttemptKey) -> None:
        self._logbook = logbook
        self._always: Mapping[str, Json] = {
            "run_id": of.run_id,
            "workflow_id": of.workflow_id,
            "stage_id": of.stage_id,
            "generation": of.generation,
            "attempt": of.attempt,
            "printed": True,
        }
        self._rest = b""
        self._lines = 0
        self._bytes = 0
        self._is_full = False

    def take(self, printed: bytes) -> None:
        """Write every line that is whole by now; one that is too long is written in parts."""
        if self._is_full:
            return
        *whole, self._rest = (self._rest + printed).split(b"\n")
        if len(self._rest) >= LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        for line in whole:
            self._keep(line)

    def end(self) -> None:
        """Write what was begun."""
        self._keep(self._rest)
        self._rest = b""

    def _keep(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if not text or self._is_full:
            return
        self._lines += 1
        self._bytes += len(line)
        if self._lines > MOST_LINES or self._bytes > MOST_BYTES:
            self._is_full = True
            message = (
                f"This attempt prints more than {MOST_LINES:,} lines or {MOST_BYTES // 1024} KiB;"
                " the rest is not kept. Use `ctx.storage` for what is long."
            )
            self._write(Level.WARNING, message)
        else:
            self._write(Level.INFO, text)

    def _write(self, level: Level, message: str) -> None:
        self._logbook.write(LogEntry(level=level, message=message, fields=self._always))
