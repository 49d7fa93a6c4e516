"""How long the functions take to start, beside a bare handler that makes the same clients.

`python -m tests.cold ARTEFACT` starts each one anew, as Lambda does, in turns, and prints
medians. Lambda's machines are others: look at the ratios.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.cold.artefact import megabytes, unzipped, zipped
from tests.cold.starts import CLIENTS, Start, bare, starts

ROW = "  {:<30} {:>12} {:>12} {:>12}"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.cold", description=__doc__)
    asked.add_argument("artefact", type=Path, help="what was built for this machine")
    asked.add_argument("--times", type=int, default=9, help="how often each is started")
    given = asked.parse_args()
    size, packed = unzipped(given.artefact), zipped(given.artefact)
    sys.stdout.write(f"The artefact: {megabytes(size)} unzipped, {megabytes(packed)} zipped.\n\n")
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        begun = closing.enter_context(starts(given.artefact.resolve(), folder))
        taken: dict[str, list[Start]] = {name: [] for name in begun}
        for _ in range(given.times):
            for name, begin in begun.items():
                taken[name].append(begin())
    for line in _table(taken):
        sys.stdout.write(f"{line}\n")
    return 0


def _table(taken: Mapping[str, Sequence[Start]]) -> Iterator[str]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    times = len(next(iter(taken.values())))
    yield f"To the first line of the handler, on Python {version}, median of {times}:"
    yield ROW.format("", "from spawn", "from import", "processor")
    for function, clients in CLIENTS.items():
        floor, ours = _medians(taken[bare(clients)]), _medians(taken[function])
        ratios = (f"{mine / least:.2f}" for mine, least in zip(ours, floor, strict=True))
        yield ROW.format(bare(clients), *(f"{each:.0f} ms" for each in floor))
        yield ROW.format(function, *(f"{each:.0f} ms" for each in ours))
        yield ROW.format("", *ratios)


def _medians(of: Sequence[Start]) -> tuple[float, ...]:
    return tuple(
        statistics.median(values)
        for values in zip(
            *((one.from_spawn, one.from_import, one.busy) for one in of), strict=True
        )
    )


if __name__ == "__main__":
    sys.exit(main())
