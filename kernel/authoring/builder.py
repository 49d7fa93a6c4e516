"""`workflow(...)`: stages put one after the other, checked once, then frozen."""

from dataclasses import dataclass, replace
from decimal import Decimal
from types import NoneType
from typing import Any, Generic, TypeAlias, TypeVar, overload

from kernel.authoring.bodies import Accepts, Batch, Executes, Later, Mixed, OutputT, PlainT
from kernel.authoring.budget import Budget, amount_of, problems_of_budget
from kernel.authoring.context import StageContext
from kernel.authoring.naming import in_words
from kernel.authoring.private_model import PrivateModel
from kernel.authoring.rules import problems_of
from kernel.authoring.schema import Schema
from kernel.authoring.stage import Stage
from kernel.authoring.workflow import Workflow
from kernel.errors import DefinitionError

InputT = TypeVar("InputT")
GivenT = TypeVar("GivenT")
GivenT_co = TypeVar("GivenT_co", covariant=True)
StateT = TypeVar("StateT")

# For mypy, which knows a decorated class as a class: those that take what is given, or nothing.
_Class: TypeAlias = (
    type[Executes[StageContext[GivenT, Any], OutputT]]
    | type[Executes[StageContext[None, Any], OutputT]]
)
_BatchClass: TypeAlias = (
    type[Batch[StageContext[GivenT, Any], Any, OutputT]]
    | type[Batch[StageContext[None, Any], Any, OutputT]]
)


@dataclass(frozen=True, kw_only=True)
class WorkflowBuilder(Generic[GivenT_co]):
    """A workflow in the making, of which *GivenT_co* is what the next stage receives.

    Each call returns another builder, so that two workflows may share their first stages.
    """

    id: str
    name: str
    description: str
    input: Schema
    output: Schema | None
    groups: tuple[tuple[Any, ...], ...] = ()
    models: tuple[PrivateModel, ...] = ()
    budget: Decimal | Budget | None = None

    @overload
    def pipe(
        self, stage: Accepts[GivenT_co, OutputT] | Stage[None, OutputT], /
    ) -> "WorkflowBuilder[OutputT]": ...
    @overload
    def pipe(self, stage: _BatchClass[GivenT_co, OutputT], /) -> "WorkflowBuilder[OutputT]": ...
    @overload
    def pipe(self, stage: _Class[GivenT_co, Later[PlainT]], /) -> "WorkflowBuilder[PlainT]": ...
    @overload
    def pipe(self, stage: _Class[GivenT_co, PlainT], /) -> "WorkflowBuilder[PlainT]": ...
    @overload
    def pipe(
        self, stage: _Class[GivenT_co, Later[Mixed[OutputT]]], /
    ) -> "WorkflowBuilder[OutputT]": ...
    @overload
    def pipe(self, stage: _Class[GivenT_co, Mixed[OutputT]], /) -> "WorkflowBuilder[OutputT]": ...
    def pipe(self, stage: Any, /) -> "WorkflowBuilder[Any]":
        """Add a stage, which receives what was given so far."""
        return self._with((stage,))

    def parallel(
        self, *stages: Accepts[GivenT_co, Any] | Stage[None, Any] | _Class[GivenT_co, Any]
    ) -> "WorkflowBuilder[Any]":
        """Add stages that run side by side, each of which receives what was given so far.

        What comes next receives an object with their outputs, each under its stage's id.
        """
        return self._with(stages)

    def register_models(self, *models: PrivateModel) -> "WorkflowBuilder[GivenT_co]":
        """Add models of its own, which its stages ask by their names before any provider's."""
        return replace(self, models=(*self.models, *models))

    def build(self) -> Workflow:
        """Return the workflow.

        Raises:
            DefinitionError: Something is wrong; `context["problems"]` lists everything.
        """
        strangers = [one for group in self.groups for one in group if not isinstance(one, Stage)]
        problems = [f"{one!r} is no stage; put @stage above it" for one in strangers]
        built = Workflow(
            id=self.id,
            name=self.name,
            description=self.description,
            input=self.input,
            output=self.output,
            groups=self.groups,
            models=self.models,
            **amount_of(self.budget),
        )
        problems = problems or [*problems_of(built), *problems_of_budget(self.budget)]
        if problems:
            listed = "".join(f"\n- {problem}" for problem in problems)
            raise DefinitionError(
                f"Workflow '{self.id}' cannot be built:{listed}",
                workflow_id=self.id,
                problems=problems,
            )
        return built

    def _with(self, group: tuple[Any, ...]) -> "WorkflowBuilder[Any]":
        return replace(self, groups=(*self.groups, group))


@overload
def workflow(
    id: str,
    *,
    input: None,
    output: object = None,
    name: str | None = None,
    description: str = "",
    budget: Decimal | Budget | None = None,
) -> WorkflowBuilder[None]: ...
@overload
def workflow(
    id: str,
    *,
    input: type[GivenT],
    output: object = None,
    name: str | None = None,
    description: str = "",
    budget: Decimal | Budget | None = None,
) -> WorkflowBuilder[GivenT]: ...
@overload
def workflow(
    id: str,
    *,
    input: object,
    output: object = None,
    name: str | None = None,
    description: str = "",
    budget: Decimal | Budget | None = None,
) -> WorkflowBuilder[Any]: ...
def workflow(
    id: str,
    *,
    input: Any,
    output: Any = None,
    name: str | None = None,
    description: str = "",
    budget: Decimal | Budget | None = None,
) -> WorkflowBuilder[Any]:
    """Begin a workflow.

    Args:
        id: What the API and the records know it by.
        input: What a run starts with; None for a workflow that takes no input.
        output: What its end must fit; left out, whatever the last group gives.
        name: For people; the id in words unless it is given.
        description: For people.
        budget: What a run may spend on models, `Usd("2.50")`, unless the run is given another;
            a `Budget` says too what is to happen when it is spent.
    """
    return WorkflowBuilder(
        id=id,
        name=in_words(id) if name is None else name,
        description=description,
        input=Schema(
            of=NoneType if input is None else input, role=f"The input of workflow '{id}'"
        ),
        output=None
        if output is None
        else Schema(of=output, role=f"The output of workflow '{id}'"),
        budget=budget,
    )
