"""Log lines, which on Lambda go to standard output, kept off the terminal."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aws_lambda_powertools.logging.filters import SuppressFilter
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter


class Sink(Protocol):
    """What log lines can be written to, such as an open file."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Void:
    """Keeps nothing."""

    def write(self, text: str, /) -> None:
        pass

    def flush(self) -> None:
        pass


class RunLog:
    """Keeps what it is told until it knows the file to write it to.

    Args:
        echo: Hears every line too.
    """

    def __init__(self, echo: Callable[[str], object] | None = None) -> None:
        self._echo = echo
        self._lock = threading.Lock()
        self._early: list[str] = []
        self._path: Path | None = None

    def write(self, text: str, /) -> None:
        with self._lock:
            if self._path is None:
                self._early.append(text)
            else:
                _append(self._path, text)
        if self._echo is not None and text.strip():
            self._echo(text.rstrip())

    def flush(self) -> None:
        """Do nothing: every line is on its way to the file already."""

    def settle_in(self, path: Path) -> Path:
        """Write to *path* from now on, and what was said before too; return where that is.

        Where a file is known already, it stays.
        """
        with self._lock:
            if self._path is None:
                path.write_text("".join(self._early), encoding="utf-8")
                self._path = path
            return self._path


@contextmanager
def logs_to(sink: Sink) -> Iterator[None]:
    """Send the handlers' JSON lines to *sink*, and everybody else's warnings with them."""
    from functions import telemetry

    others = logging.StreamHandler(sink)
    others.setLevel(logging.WARNING)
    others.setFormatter(LambdaPowertoolsFormatter(service=telemetry.logger.service))
    # What the handlers log passes here too, and was written already.
    others.addFilter(SuppressFilter(telemetry.logger.name))
    ours = [each for each in telemetry.logger.handlers if isinstance(each, logging.StreamHandler)]
    before = [handler.setStream(sink) for handler in ours]
    logging.root.addHandler(others)
    try:
        yield
    finally:
        logging.root.removeHandler(others)
        for handler, earlier in zip(ours, before, strict=True):
            handler.setStream(earlier or sink)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
