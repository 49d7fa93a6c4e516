"""A declared type, and the way across it: JSON in, JSON out, and nothing lost in between."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from kernel.authoring.survival import at, change_between, in_order, not_json
from kernel.authoring.type_names import shown
from kernel.errors import InvalidInputError, InvalidOutputError, RejectedError
from kernel.model.json import Json, canonical

_TOLD: Final = 5


class _Lenient(GenerateJsonSchema):
    """Leave out what JSON schema cannot say; tools and fingerprints can do without."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        return {}

    def encode_default(self, dft: Any) -> Any:
        encoded = super().encode_default(dft)
        return repr(encoded) if not_json(encoded) else encoded


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A type that values are read as and written from; its validator is built when first used.

    Args:
        of: Anything that Pydantic can validate.
        role: What the values are, as the first words of a sentence.
    """

    of: Any
    role: str = "The value"

    def parse(self, value: Json) -> Any:
        """Return *value* as the declared type.

        Raises:
            InvalidInputError: It does not fit; `context["problems"]` says where and why.
        """
        try:
            return self._adapter.validate_json(_encoded(value))
        except ValidationError as error:
            problems = _problems(error)
        except (TypeError, ValueError):
            problems = [not_json(value)]
        what = f"{self.role} does not fit {shown(self.of)}"
        raise InvalidInputError(sentence(what, problems), problems=problems)

    def dump(self, value: Any) -> Json:
        """Return *value* as JSON from which the very same value can be read again.

        Raises:
            InvalidOutputError: It is not of the declared type, or would come back changed.
        """
        try:
            valid = self._adapter.validate_python(value)
        except ValidationError as error:
            problems = _problems(error)
            what = f"{self.role} does not fit {shown(self.of)}"
            raise InvalidOutputError(sentence(what, problems), problems=problems) from None
        dumped: Json = self._written(valid)
        again = self._read_again(dumped)
        if not again == valid:
            raise self._loss([change_between(valid, again)])
        return dumped

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = json.loads(self._schema_text)
        return schema

    def defaults(self) -> dict[str, Json]:
        """Return the fields that a model fills in by itself; none for any other type.

        Raises:
            InvalidOutputError: A default is not JSON.
        """
        if not _is_model(self.of) or issubclass(self.of, RootModel):
            return {}
        dumped: dict[str, Json] = self._written(self.of.model_construct())
        if problem := not_json(dumped):
            raise self._loss([problem])
        return dumped

    def fault(self) -> str:
        """Say why nothing can be read as this type; no words if it can."""
        if _is_model(self.of) and self.of.__pydantic_complete__:
            return ""
        try:
            self._adapter.rebuild()
        except (PydanticUserError, PydanticUndefinedAnnotation) as error:
            return f"Pydantic cannot read {shown(self.of)}: {_first_line(error)}"
        return ""

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.of)

    @cached_property
    def _schema_text(self) -> str:
        return json.dumps(self._adapter.json_schema(schema_generator=_Lenient), default=str)

    @cached_property
    def _holds_sets(self) -> bool:
        return '"uniqueItems": true' in self._schema_text

    def _written(self, valid: Any) -> Any:
        try:
            dumped = self._dumped(valid)
            return in_order(valid, dumped) if self._holds_sets else dumped
        except (TypeError, ValueError) as error:
            raise self._loss([at(self._culprit(valid), _first_line(error))]) from None

    def _dumped(self, valid: Any, only: str | None = None) -> Any:
        return self._adapter.dump_python(
            valid,
            mode="json",
            by_alias=True,
            include=None if only is None else {only},
            round_trip=True,
            warnings=False,
        )

    def _culprit(self, valid: Any) -> str:
        """Return the field that cannot be written, since Pydantic does not tell."""
        names = type(valid).model_fields if isinstance(valid, BaseModel) else ()
        return next((name for name in names if not self._can_write(valid, name)), "")

    def _can_write(self, valid: Any, name: str) -> bool:
        try:
            self._dumped(valid, only=name)
        except (TypeError, ValueError):
            return False
        return True

    def _read_again(self, dumped: Any) -> Any:
        try:
            return self._adapter.validate_json(_encoded(dumped), strict=True)
        except ValidationError as error:
            problems = _problems(error)
        except (TypeError, ValueError):
            problems = [not_json(dumped)]
        raise self._loss(problems)

    def _loss(self, problems: list[str]) -> InvalidOutputError:
        what = f"{self.role} does not survive being stored as JSON"
        return InvalidOutputError(sentence(what, problems), problems=problems)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _encoded(value: Json) -> bytes:
    return canonical(value).encode()


def _problems(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [at(".".join(map(str, one["loc"])), one["msg"]) for one in found]


def problems_in(error: RejectedError) -> list[str]:
    """Return what a rejection lists."""
    problems = error.context.get("problems")
    return problems if isinstance(problems, list) else [error.message]


def sentence(what: str, problems: list[str]) -> str:
    more = len(problems) - _TOLD
    rest = f"; and {more} more" if more > 0 else ""
    return f"{what}: {'; '.join(problems[:_TOLD])}{rest}."


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
