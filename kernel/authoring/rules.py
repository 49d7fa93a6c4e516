"""What `build()` asks of a workflow. Every rule yields its problems; none stops another."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any, Final

from kernel.authoring.joints import Group, problems_between
from kernel.authoring.naming import QUEUE_RULE, RULE, is_identifier, is_queue_name
from kernel.authoring.private_model import problems_of_models
from kernel.authoring.schema import Schema, problems_in
from kernel.authoring.stage import Stage
from kernel.authoring.verdict import NO_TIME, TEN_YEARS
from kernel.authoring.workflow import Workflow
from kernel.errors import InvalidOutputError

WIDEST: Final = 49


def problems_of(workflow: Workflow) -> Iterator[str]:
    """Yield everything that is wrong with *workflow*, each as a clause of its own."""
    stages = [stage for group in workflow.groups for stage in group]
    if not is_identifier(workflow.id):
        yield f"{workflow.id!r} is no id for a workflow: {RULE}"
    yield from _about_groups(workflow.groups)
    yield from _about_ids(stages)
    yield from _about_dependencies(workflow.groups)
    for stage in stages:
        yield from (f"stage '{stage.id}': {problem}" for problem in _about_stage(stage))
    schemas = {"input": workflow.input, "output": workflow.output}
    yield from _about_schemas({what: one for what, one in schemas.items() if one})
    yield from problems_of_models(workflow.models)
    yield from problems_between(workflow.input, workflow.groups, workflow.output)


def _about_groups(groups: tuple[Group, ...]) -> Iterator[str]:
    if not groups:
        yield "there is no stage; add one with .pipe(...)"
    for number, group in enumerate(groups, start=1):
        if not group:
            yield f"group {number} is empty"
        if len(group) > WIDEST:
            yield f"group {number} has {len(group)} stages, and {WIDEST} is the most"


def _about_ids(stages: list[Stage[Any, Any]]) -> Iterator[str]:
    for stage_id, times in Counter(stage.id for stage in stages).items():
        if not is_identifier(stage_id):
            yield f"{stage_id!r} is no id for a stage: {RULE}"
        if times > 1:
            yield f"{times} stages have the id '{stage_id}'"


def _about_dependencies(groups: tuple[Group, ...]) -> Iterator[str]:
    numbers = {stage.id: number for number, group in enumerate(groups) for stage in group}
    for number, group in enumerate(groups):
        for stage in group:
            for needed in stage.dependencies:
                if reason := _why_not_earlier(numbers.get(needed), number):
                    yield f"stage '{stage.id}' depends on '{needed}', which {reason}"


def _why_not_earlier(needed: int | None, number: int) -> str:
    if needed is None:
        return "the workflow does not have"
    if needed == number:
        return "is in the same group"
    return "comes later" if needed > number else ""


def _about_stage(stage: Stage[Any, Any]) -> Iterator[str]:
    yield from stage.signature.problems
    if not _is_span(stage.timeout):
        yield (
            "its timeout must be a timedelta of more than no time and at most ten years, not"
            f" {stage.timeout!r}"
        )
    if stage.queue is not None and not is_queue_name(stage.queue):
        yield f"{stage.queue!r} is no name for a queue: {QUEUE_RULE}"
    yield from _about_isolation(stage)
    if iscoroutinefunction(stage.when):
        yield "its when must answer at once; write it with def, not async def"
    if not stage.signature.problems:
        yield from _about_schemas(stage.schemas)


def _about_isolation(stage: Stage[Any, Any]) -> Iterator[str]:
    isolate: Any = stage.isolate
    limit: Any = stage.memory_limit
    if not (isolate is None or isinstance(isolate, bool)):
        yield f"its isolate must be True, False or left out, not {isolate!r}"
    if limit is None:
        return
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        yield f"its memory_limit must be a whole number of MiB, at least 1, not {limit!r}"
    if isolate is False:
        yield "its memory_limit holds in a process of its own, and isolate=False refuses one"


def _is_span(value: object) -> bool:
    return isinstance(value, timedelta) and NO_TIME < value <= TEN_YEARS


def _about_schemas(schemas: dict[str, Schema]) -> Iterator[str]:
    for what, schema in schemas.items():
        if fault := schema.fault():
            yield f"its {what}: {fault}"
        elif what == "config":
            yield from _about_defaults(schema)


def _about_defaults(config: Schema) -> Iterator[str]:
    try:
        config.defaults()
    except InvalidOutputError as error:
        yield from (
            f"a default of its config cannot be stored: {one}" for one in problems_in(error)
        )
