"""The handlers, over a kernel on memory."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from functions import wiring
from functions.metering import meter
from tests.functions.samples import FakeContext, MissingTable
from tests.functions.workflows_of_samples import hello
from tests.support.world import World


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The engine that the handlers get, where they would get the one on AWS."""
    world.learn(hello)
    world.ports = replace(world.ports, meter=meter)
    monkeypatch.setattr(wiring, "kernel", lambda: world.kernel)
    yield world
    with meter.sending():
        """What a test leaves unsent is not for the next one to send."""


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def missing_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the table away."""
    ports = replace(world.ports, persistence=MissingTable())
    without = World(ports=ports)
    monkeypatch.setattr(wiring, "kernel", lambda: without.kernel)
