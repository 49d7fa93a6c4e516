"""Processes of their own: they do what they are asked to, and nothing is left of them."""

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.system.sandbox import ProcessSandbox
from kernel.authoring.workflow import Workflow
from kernel.dispatch import Kernel
from kernel.ports.executor import BodyStoppedError, BodyTimeoutError, Pulse
from kernel.ports.sandbox import Sandbox
from tests.adapters.system.bad_bodies import StubbornError, load
from tests.conformance.executor import AN_ATTEMPT
from tests.conformance.sandbox import ENOUGH, SandboxContract, echo
from tests.support.workflows import ALL
from tests.support.world import World

SHORT = timedelta(milliseconds=200)
FOREVER = 60


@pytest.fixture
def sandbox() -> ProcessSandbox:
    return ProcessSandbox(load, package="tests.support.workflows")


def load_those_of_the_world() -> Sequence[Workflow]:
    return ALL


class TestProcessSandbox(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return ProcessSandbox(load_those_of_the_world, package="tests.support.workflows")


def tell_process(_: Kernel, __: None) -> tuple[int, int]:
    return os.getpid(), os.getpgrp()


def make_function(_: Kernel, __: None) -> Any:
    return lambda: None


def raise_stubbornly(_: Kernel, __: None) -> None:
    raise StubbornError(1, 2)


def wait_patiently(kernel: Kernel, key: str) -> None:
    """Wait as an asynchronous body does, and say so when it is cancelled."""

    async def body() -> None:
        try:
            await asyncio.sleep(FOREVER)
        finally:
            kernel.ports.blobs.put(key, b"cancelled", content_type="text/plain")

    kernel.ports.executor.run(body, of=AN_ATTEMPT, within=timedelta(seconds=FOREVER))


def nest(kernel: Kernel, task: str) -> Any:
    return kernel.ports.sandbox.run(echo, task, kernel=kernel, confines=ENOUGH)


def ask_secretly(kernel: Kernel, _: None) -> Any:
    far: Any = kernel.ports.persistence
    return far._secrets  # noqa: SLF001  # That is the point.


def test_it_is_another_process_with_a_group_of_its_own(
    sandbox: ProcessSandbox, world: World
) -> None:
    process, group = sandbox.run(tell_process, None, kernel=world.kernel, confines=ENOUGH)

    assert process == group
    assert process != os.getpid()


def test_it_begins_in_no_time_once_there_was_another(
    sandbox: ProcessSandbox, world: World
) -> None:
    sandbox.run(echo, None, kernel=world.kernel, confines=ENOUGH)
    brief = replace(ENOUGH, within=timedelta(seconds=5))

    assert sandbox.run(echo, "done", kernel=world.kernel, confines=brief) == "done"


def test_what_cannot_travel_there_is_refused(sandbox: ProcessSandbox, world: World) -> None:
    with pytest.raises((AttributeError, TypeError), match=r"pickle|local object"):
        sandbox.run(echo, lambda: None, kernel=world.kernel, confines=ENOUGH)


def test_what_cannot_travel_back_is_refused(sandbox: ProcessSandbox, world: World) -> None:
    with pytest.raises((AttributeError, TypeError), match=r"pickle|local object"):
        sandbox.run(make_function, None, kernel=world.kernel, confines=ENOUGH)


def test_an_exception_that_cannot_travel_has_a_likeness(
    sandbox: ProcessSandbox, world: World
) -> None:
    with pytest.raises(RuntimeError, match=r"^StubbornError: 1 and 2$"):
        sandbox.run(raise_stubbornly, None, kernel=world.kernel, confines=ENOUGH)


def test_who_has_no_time_left_is_not_begun(sandbox: ProcessSandbox, world: World) -> None:
    none = replace(ENOUGH, within=timedelta())

    with pytest.raises(BodyTimeoutError, match="no time left"):
        sandbox.run(echo, None, kernel=world.kernel, confines=none)


def test_a_pulse_beats_while_it_runs(sandbox: ProcessSandbox, world: World) -> None:
    beats: list[int] = []

    def beat() -> bool:
        beats.append(threading.get_ident())
        return len(beats) < 3

    with pytest.raises(BodyStoppedError, match="no longer wanted"):
        sandbox.run(
            wait_patiently,
            "told",
            kernel=world.kernel,
            confines=ENOUGH,
            pulse=Pulse(every=SHORT, beat=beat),
        )

    assert beats == [threading.get_ident()] * 3
    assert world.ports.blobs.get("told") == b"cancelled"


def test_who_begins_when_all_are_stopped_is_stopped(world: World) -> None:
    stopped: Future[None] = Future()
    stopped.set_result(None)
    sandbox = ProcessSandbox(load, package="tests", stopped=stopped)

    with pytest.raises(BodyStoppedError):
        sandbox.run(wait_patiently, "told", kernel=world.kernel, confines=ENOUGH)


def test_in_a_process_of_its_own_nobody_needs_another(
    sandbox: ProcessSandbox, world: World
) -> None:
    assert sandbox.run(nest, "deep", kernel=world.kernel, confines=ENOUGH) == "deep"


def test_ports_are_all_that_can_be_reached(sandbox: ProcessSandbox, world: World) -> None:
    with pytest.raises(AttributeError, match="_secrets"):
        sandbox.run(ask_secretly, None, kernel=world.kernel, confines=ENOUGH)
