"""A bell is for a stage that this process knows, in the group where it knows it."""

import pytest

from kernel.decisions.bells import execute_bell
from kernel.errors import NotFoundError
from kernel.model.bell import Bell, BellKind
from kernel.model.stage import StageKey
from kernel.procedures.job import located
from tests.support.builders import a_stage
from tests.support.workflows import diamond


@pytest.mark.parametrize(
    ("stage_id", "group", "solo"), [("first", 1, True), ("left", 2, False), ("join", 3, True)]
)
def test_a_stage_is_found_by_its_bell(stage_id: str, group: int, *, solo: bool) -> None:
    bell = execute_bell(a_stage(workflow_id="diamond", id=stage_id, group=group))

    definition, key = located(diamond, bell)

    assert definition.id == stage_id
    assert key == StageKey(run_id="run-1", stage_id=stage_id, group=group, solo=solo)


def test_a_stage_in_another_group_is_of_another_version(diamond_bell: Bell) -> None:
    with pytest.raises(NotFoundError, match="another version of workflow 'diamond'") as caught:
        located(diamond, diamond_bell)

    assert caught.value.context == {"run_id": "run-1", "stage_id": "join"}


@pytest.fixture
def diamond_bell() -> Bell:
    return execute_bell(a_stage(workflow_id="diamond", id="join", group=2))


def test_a_bell_without_a_stage_is_for_none() -> None:
    bell = Bell(kind=BellKind.EXECUTE, run_id="run-1", workflow_id="diamond")

    with pytest.raises(NotFoundError, match="no stage ''"):
        located(diamond, bell)
