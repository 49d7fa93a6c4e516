"""A logbook to read afterwards."""

from adapters.memory import MemoryLogbook
from kernel.ports.logbook import Level, Logbook, LogEntry


def test_it_remembers_what_was_written() -> None:
    logbook = MemoryLogbook()
    writer: Logbook = logbook
    entry = LogEntry(level=Level.INFO, message="fetched", fields={"pages": 3})

    writer.write(entry)

    assert list(logbook.entries) == [entry]
    assert list(logbook.messages) == ["fetched"]
