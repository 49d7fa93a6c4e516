"""Starts ministack on a clock that can be moved; run by the Python of ministack's environment.

The file named first holds by how many seconds the emulator's time is ahead of ours. When standard
input ends, whoever started this is gone, and so is it with all that it started.
"""

import os
import runpy
import shutil
import signal
import sys
import threading
import time
from pathlib import Path


def main(ahead: Path) -> None:
    threading.Thread(target=_end_with_input, args=[ahead.parent], daemon=True).start()
    ours = time.time
    time.time = lambda: ours() + float(ahead.read_text(encoding="ascii"))
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")


def _end_with_input(folder: Path) -> None:
    # Not through `sys.stdin`: a thread that waits in there would be in the way of a tidy end.
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
