"""The dictionary of definitions, here and on Lambda."""

import pytest
from pydantic import BaseModel

from adapters.system.registry import ProcessRegistry
from kernel.authoring import StageContext, Workflow, stage, workflow
from kernel.errors import DefinitionError, NotFoundError
from kernel.ports.registry import Registry


class Number(BaseModel):
    value: int


@stage
def double(ctx: StageContext[Number, None]) -> Number:
    return Number(value=2 * ctx.input.value)


def a_workflow(workflow_id: str) -> Workflow:
    return workflow(workflow_id, input=Number).pipe(double).build()


def test_a_workflow_is_found_by_its_id() -> None:
    doubled, reports = a_workflow("doubled"), a_workflow("reports")

    registry: Registry = ProcessRegistry([reports, doubled])

    assert registry.workflow("doubled") is doubled
    assert list(registry.workflows()) == [doubled, reports]


def test_one_that_is_not_known_is_named_with_those_that_are() -> None:
    registry = ProcessRegistry([a_workflow("reports"), a_workflow("doubled")])

    with pytest.raises(NotFoundError) as missing:
        registry.workflow("report")

    assert missing.value.message == (
        "No workflow has the id 'report'; known are: doubled, reports."
    )


def test_nothing_is_known_at_first() -> None:
    registry = ProcessRegistry()

    with pytest.raises(NotFoundError, match="known are: none"):
        registry.workflow("reports")


def test_adding_the_same_one_again_changes_nothing() -> None:
    reports = a_workflow("reports")
    registry = ProcessRegistry([reports])

    registry.add(reports)

    assert list(registry.workflows()) == [reports]


def test_two_with_one_id_are_refused() -> None:
    registry = ProcessRegistry([a_workflow("reports")])

    with pytest.raises(DefinitionError, match="two workflows with the id 'reports'"):
        registry.add(a_workflow("reports"))
