"""The second emulator, and the stack on it."""

import pytest

from tests.e2e.deployment import Deployment, deploy
from tests.support.ministack import Ministack, ministack, on_ministack

__all__ = ["ministack", "on_ministack"]


@pytest.fixture(scope="module")
def deployment(on_ministack: Ministack) -> Deployment:
    return deploy()
