"""Starts ministack on a clock that can be moved; run by the Python of ministack's environment.

The file named first holds by how many seconds the emulator's time is ahead of ours.
"""

import runpy
import sys
import time
from pathlib import Path


def main(ahead: Path) -> None:
    ours = time.time
    time.time = lambda: ours() + float(ahead.read_text(encoding="ascii"))
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
