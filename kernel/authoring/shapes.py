"""The fields of a type that is an object in JSON."""

import dataclasses
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field.

    Args:
        written: The key that it is written under.
        read: The keys that it is read from; none when that is hard to say.
        required: Whether an object without it is refused.
        certain: Whether it is written every time.
    """

    of: Any
    written: str
    read: tuple[str, ...]
    required: bool
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an object holds; a *closed* one refuses every other key."""

    fields: tuple[Field, ...]
    closed: bool = False


def keyed(members: dict[str, Any]) -> Shape:
    """Return the shape of an object with exactly these members."""
    return Shape(
        fields=tuple(
            Field(of=of, written=key, read=(key,), required=True) for key, of in members.items()
        )
    )


def shape_of(annotation: Any) -> Shape | None:
    if isinstance(annotation, Shape):
        return annotation
    if not isinstance(annotation, type) or issubclass(annotation, RootModel):
        return None
    if issubclass(annotation, BaseModel):
        return _model_shape(annotation) if annotation.__pydantic_complete__ else None
    if dataclasses.is_dataclass(annotation):
        return _dataclass_shape(annotation)
    return _typed_dict_shape(annotation) if hasattr(annotation, "__required_keys__") else None


def _model_shape(model: type[BaseModel]) -> Shape:
    fields = tuple(_model_field(model, name, field) for name, field in model.model_fields.items())
    return Shape(fields=fields, closed=model.model_config.get("extra") == "forbid")


def _model_field(model: type[BaseModel], name: str, field: FieldInfo) -> Field:
    by_name = model.model_config.get("validate_by_name") or model.model_config.get(
        "populate_by_name"
    )
    alias = field.validation_alias or name
    simple = isinstance(alias, str)
    return Field(
        of=field.annotation,
        written=field.serialization_alias or name,
        read=tuple({str(alias): 0, **({name: 0} if by_name else {})}) if simple else (),
        required=field.is_required() and simple,
        certain=not field.exclude,
    )


def _dataclass_shape(record: type) -> Shape:
    hints = get_type_hints(record)
    return Shape(
        fields=tuple(
            Field(
                of=hints[field.name],
                written=field.name,
                read=(field.name,),
                required=field.default is field.default_factory is dataclasses.MISSING,
            )
            for field in dataclasses.fields(record)
            if field.init
        )
    )


def _typed_dict_shape(typed: Any) -> Shape:
    required: frozenset[str] = typed.__required_keys__
    return Shape(
        fields=tuple(
            Field(
                of=of, written=key, read=(key,), required=key in required, certain=key in required
            )
            for key, of in get_type_hints(typed).items()
        )
    )
