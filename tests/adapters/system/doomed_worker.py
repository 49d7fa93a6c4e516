"""A worker that runs one body in a process of its own, for tests that kill the worker."""

import sys
import threading
from dataclasses import replace
from typing import Any

from adapters.memory import MemoryBlobStore
from adapters.system.clock import SystemClock
from adapters.system.sandbox import ProcessSandbox
from tests.adapters.system.bad_bodies import load
from tests.support.moves import begin, execute
from tests.support.world import World, memory_ports


class TellingBlobStore(MemoryBlobStore):
    """Says what is put."""

    def put(self, key: str, content: bytes, **more: Any) -> None:
        print(content.decode(), flush=True)


def main(name: str) -> None:
    sandbox = ProcessSandbox(load, package="tests.support.workflows")
    ports = memory_ports(load(), clock=SystemClock(), sandbox=sandbox)
    world = World(ports=replace(ports, blobs=TellingBlobStore()))
    run_id = begin(world, name)
    # An orderly end does not wait for it, and is not held up by it.
    threading.Thread(target=execute, args=(world, run_id, name), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
