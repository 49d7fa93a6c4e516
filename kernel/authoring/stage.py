"""A stage: its rules, its types, and the code that does the work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from kernel.authoring.bodies import Accepts
from kernel.authoring.schema import Schema
from kernel.authoring.signature import Signature, signature_of
from kernel.authoring.verdict import Retry

InputT = TypeVar("InputT")
OutputT_co = TypeVar("OutputT_co", covariant=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage(Accepts[InputT, OutputT_co], Generic[InputT, OutputT_co]):
    """What `@stage` and `@batch_stage` make of a function or a class.

    The annotations are read when they are first asked for, which is when a workflow is built:
    until then they may name what comes later in the module.
    """

    id: str
    name: str
    description: str
    dependencies: tuple[str, ...]
    retry: Retry
    timeout: timedelta
    queue: str | None
    isolate: bool | None = None
    memory_limit: int | None = None
    when: Callable[[Any], bool] | None
    body: Callable[..., Any]
    polls: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what was decorated: a function with a context, a class to get an instance."""
        return self.body(*args, **kwargs)

    @cached_property
    def execute(self) -> Callable[[Any], Any]:
        """Take a context; return an output, a verdict, or an awaitable of either."""
        return self._instance.execute if isinstance(self.body, type) else self.body

    @cached_property
    def check(self) -> Callable[[Any, Any], Any] | None:
        """Take a context and the state; return an answer or an awaitable of one."""
        return self._instance.check if self.polls else None

    @cached_property
    def signature(self) -> Signature:
        return signature_of(self.body, polls=self.polls)

    @cached_property
    def input(self) -> Schema | None:
        return self._schema("input", self.signature.input)

    @cached_property
    def output(self) -> Schema:
        return Schema(of=self.signature.output, role=f"The output of stage '{self.id}'")

    @cached_property
    def config(self) -> Schema | None:
        return self._schema("config", self.signature.config)

    @cached_property
    def state(self) -> Schema | None:
        """None for a stage that never suspends."""
        return self._schema("state", self.signature.state)

    @property
    def schemas(self) -> dict[str, Schema]:
        """The schemas that there are, by what they are for."""
        each = {
            "input": self.input,
            "output": self.output,
            "config": self.config,
            "state": self.state,
        }
        return {what: schema for what, schema in each.items() if schema}

    @cached_property
    def _instance(self) -> Any:
        """Made late: what a class sets up costs nothing in a process that does not run it."""
        return self.body()

    def _schema(self, what: str, of: Any) -> Schema | None:
        return None if of is None else Schema(of=of, role=f"The {what} of stage '{self.id}'")
