"""A workflow as built: what runs, in which order, and what it takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from kernel.authoring.configuration import configured
from kernel.authoring.drawing import drawn
from kernel.authoring.identity import fingerprint_of
from kernel.authoring.private_model import PrivateModel
from kernel.authoring.schema import Schema
from kernel.authoring.stage import Stage
from kernel.errors import InvalidInputError, InvalidOutputError, NotFoundError
from kernel.model.json import Json


@dataclass(frozen=True, kw_only=True, eq=False)
class Workflow:
    """Groups of stages, one after the other; the stages of a group run side by side."""

    id: str
    name: str
    description: str
    input: Schema
    output: Schema | None
    groups: tuple[tuple[Stage[Any, Any], ...], ...]
    models: tuple[PrivateModel, ...] = ()
    budget: Decimal | None = None
    asks: timedelta | None = None

    @cached_property
    def fingerprint(self) -> str:
        """The same wherever stage ids, groups and schemas are; code does not count."""
        return fingerprint_of(self.input, self.output, self.groups)

    @cached_property
    def stage_ids(self) -> tuple[str, ...]:
        return tuple(stage.id for group in self.groups for stage in group)

    def stage(self, stage_id: str) -> Stage[Any, Any]:
        """Return the stage with that id.

        Raises:
            NotFoundError: The workflow has no such stage.
        """
        group = self.groups[self.group_of(stage_id) - 1]
        return next(stage for stage in group if stage.id == stage_id)

    def group_of(self, stage_id: str) -> int:
        """Return the number of the stage's group; the first is 1.

        Raises:
            NotFoundError: The workflow has no such stage.
        """
        for number, group in enumerate(self.groups, start=1):
            if any(stage.id == stage_id for stage in group):
                return number
        raise NotFoundError(
            f"Workflow '{self.id}' has no stage '{stage_id}'; it has {', '.join(self.stage_ids)}.",
            workflow_id=self.id,
            stage_id=stage_id,
        )

    def plan(self) -> list[dict[str, Any]]:
        return [
            {"group": number, "stages": [_planned(stage) for stage in group]}
            for number, group in enumerate(self.groups, start=1)
        ]

    def parse_input(self, value: Json) -> Json:
        """Return *value* with its defaults filled in, as it is stored.

        Raises:
            InvalidInputError: It does not fit, or cannot be stored as JSON once it is read.
        """
        parsed = self.input.parse(value)
        try:
            return self.input.dump(parsed)
        except InvalidOutputError as error:
            raise InvalidInputError(error.message, **error.context) from None

    def default_config(self) -> dict[str, Json]:
        return {stage_id: schema.defaults() for stage_id, schema in self._configs.items()}

    def validate_config(self, config: Mapping[str, Json]) -> dict[str, Json]:
        """Return the config of every stage that takes one, defaults filled in, as it is stored.

        Raises:
            InvalidInputError: Something does not fit; `context["problems"]` lists everything.
        """
        return configured(config, self._configs, self.stage_ids)

    def mermaid(self) -> str:
        """Return a flowchart, in the language of Mermaid."""
        return drawn(self.groups)

    @cached_property
    def _configs(self) -> dict[str, Schema]:
        stages = [stage for group in self.groups for stage in group]
        return {stage.id: stage.config for stage in stages if stage.config}


def _planned(stage: Stage[Any, Any]) -> dict[str, Any]:
    return {"id": stage.id, "name": stage.name, "dependencies": list(stage.dependencies)}
