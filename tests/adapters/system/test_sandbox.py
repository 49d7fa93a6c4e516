"""Processes of their own: they do what they are asked, and nothing is left of them."""

from collections.abc import Sequence

import pytest

from adapters.system.sandbox import ProcessSandbox
from kernel.authoring.workflow import Workflow
from kernel.ports.sandbox import Sandbox
from tests.conformance.sandbox import SandboxContract
from tests.support.workflows import ALL


def load() -> Sequence[Workflow]:
    return ALL


class TestProcessSandbox(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return ProcessSandbox(load, package="tests.support.workflows")
