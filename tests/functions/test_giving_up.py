"""A process in which a body goes on that cannot be stopped: its end, seen from outside."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from functions.settings import LAMBDA

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = """
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from adapters.system.clock import SystemClock
from adapters.system.executor import LocalExecutor
from functions import wiring
from kernel.authoring import Retry, StageContext, stage, workflow
from tests.functions.samples import FakeContext
from tests.support.world import World, memory_ports
from tests.support.workflows import Number

def wait_for_ever():
    threading.Event().wait()

@stage(timeout=timedelta(milliseconds=50))
def stuck(ctx: StageContext[Number, None]) -> Number:
    # These threads are waited for by whoever leaves in an orderly way.
    ThreadPoolExecutor().submit(wait_for_ever).result()

ports = memory_ports(
    [workflow("stuck", input=Number).pipe(stuck).build()],
    executor=LocalExecutor(grace=timedelta(milliseconds=10)),
    clock=SystemClock(),
)
world = World(ports=ports)
wiring.kernel = lambda: world.kernel

from functions.worker import handler
from kernel.model.bell_wire import encode

run_id = world.create("stuck", {"value": 1})
world.answer_one()
(delivery,) = ports.transport.receive()
junk = {"messageId": "2", "receiptHandle": "9#9", "body": "junk"}
record = {"messageId": "1", "receiptHandle": delivery.receipt, "body": encode(delivery.bell)}
acknowledge = ports.transport.acknowledge
ports.transport.acknowledge = lambda each: (print("put away", each.receipt), acknowledge(each))
response = handler({"Records": [record, junk]}, FakeContext())
print("answered", response, world.stages(run_id)["stuck"].error.code, flush=True)
import os; os._exit(7)
"""


def run_program(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_on_lambda_it_puts_away_what_is_done_and_ends_before_it_answers() -> None:
    ended = run_program(**{LAMBDA: "127.0.0.1:9001"})

    assert ended.returncode == 1, ended.stderr
    assert "put away 1#" in ended.stdout or "put away 2#" in ended.stdout
    assert "9#9" not in ended.stdout
    assert "This process ends" in ended.stdout
    assert "answered" not in ended.stdout.splitlines()[-1]


def test_elsewhere_it_only_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LAMBDA, raising=False)

    ended = run_program()

    assert ended.returncode == 7, ended.stderr
    assert "A body that cannot be stopped may still be running" in ended.stdout
    assert "'itemIdentifier': '2'" in ended.stdout
    assert "STAGE_TIMEOUT" in ended.stdout
