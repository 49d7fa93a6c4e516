"""The stack, deployed for the first time: on moto, and on ministack where that is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploying import first
from tests.deploying.sites import OnMinistack, OnMoto, Site
from tests.e2e.deployment import deploy
from tests.privilege.crew import crew
from tests.support.ministack import ministack, on_ministack

__all__ = ["ministack", "on_ministack"]


@pytest.fixture(
    scope="module", params=["moto", pytest.param("ministack", marks=pytest.mark.ministack)]
)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "moto":
        with crew(first.__name__) as at_work:
            yield OnMoto(crew=at_work)
    else:
        emulator = request.getfixturevalue("on_ministack")
        yield OnMinistack(deployment=deploy(Path(first.__file__)), emulator=emulator)
