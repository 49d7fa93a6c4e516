"""Workers as processes of their own, that get real signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.e2e.patience import until

ROOT: Final = Path(__file__).parents[2]
# Longer than the tick leaves alone what is on its way.
PATIENCE: Final = timedelta(seconds=150)
_INHERITED: Final = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, kw_only=True)
class Process:
    """A worker. What it says is in two files."""

    popen: "subprocess.Popen[bytes]"
    said: Path
    complained: Path

    def gets(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def ended(self) -> int:
        """Wait for its end, and return its code; that of a signal is negative."""
        return self.popen.wait(PATIENCE.total_seconds())

    def says(self, words: str) -> bool:
        return words in self.said.read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        if self.popen.poll() is not None:
            raise RuntimeError(self.complaint)
        return self.says('"worker ready"')

    @property
    def complaint(self) -> str:
        return self.complained.read_text(encoding="utf-8")


@contextmanager
def process(
    environment: Mapping[str, str],
    place: Path,
    *words: str,
    program: Sequence[str] = ("-m", "functions.work"),
) -> Iterator[Process]:
    """Start a worker with *words*; kill it if it is still there at the end."""
    number = len([*place.glob("*.out")])
    said, complained = place / f"{number}.out", place / f"{number}.err"
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with (
        said.open("wb") as out,
        complained.open("wb") as err,
        subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=ROOT,
            env={**inherited, **environment},
            stdout=out,
            stderr=err,
        ) as popen,
    ):
        try:
            yield Process(popen=popen, said=said, complained=complained)
        finally:
            popen.kill()


@contextmanager
def worker(
    environment: Mapping[str, str],
    place: Path,
    *words: str,
    program: Sequence[str] = ("-m", "functions.work"),
) -> Iterator[Process]:
    """Start a worker, and wait until it listens."""
    with process(environment, place, *words, program=program) as started:
        until(started.is_ready, within=PATIENCE)
        yield started
