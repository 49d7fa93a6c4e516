"""The second emulator is a guest: it listens to this machine only, and never outlives its host."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.patience import until
from tests.support.ministack import HOST, Ministack

pytestmark = pytest.mark.ministack

ROOT = Path(__file__).parents[2]
# Starts one, says where it is, and waits to be killed.
STARTER = """
import sys
from tests.support import ministack

emulator = ministack.start()
print(emulator.port, emulator.folder, flush=True)
sys.stdin.read()
"""


def answers(port: int, *, host: str = HOST) -> bool:
    try:
        socket.create_connection((host, port), timeout=10).close()
    except OSError:
        return False
    return True


def test_it_ends_when_whoever_started_it_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        said = starter.stdout.readline() if starter.stdout else ""
        port, folder = int(said.split()[0]), Path(said.split()[1])
        was_there = answers(port) and folder.exists()

        starter.kill()

    assert was_there
    assert until(lambda: not answers(port))
    assert not folder.exists()


def test_it_listens_at_one_address_of_this_machine(ministack: Ministack) -> None:
    there = [answers(ministack.port, host=host) for host in (HOST, "127.0.0.2")]

    assert there == [True, False]
