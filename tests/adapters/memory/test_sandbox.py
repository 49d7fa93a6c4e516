"""The sandbox on memory keeps to the contract, but for what needs a process."""

import pytest

from adapters.memory import InlineSandbox
from kernel.ports.sandbox import Sandbox
from tests.conformance.sandbox import ENOUGH, SandboxContract, echo
from tests.support.world import World


class TestInlineSandbox(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return InlineSandbox()


def test_what_could_not_travel_is_refused(world: World) -> None:
    with pytest.raises((AttributeError, TypeError), match=r"pickle|local object"):
        InlineSandbox().run(echo, lambda: None, kernel=world.kernel, confines=ENOUGH)
