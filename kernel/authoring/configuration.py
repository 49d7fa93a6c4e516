"""The config of a run: what was given, over the defaults of its stages."""

from collections.abc import Iterator, Mapping

from kernel.authoring.schema import Schema, problems_in, sentence
from kernel.errors import InvalidInputError, InvalidOutputError
from kernel.model.json import Json


def configured(
    given: Mapping[str, Json], schemas: Mapping[str, Schema], stage_ids: tuple[str, ...]
) -> dict[str, Json]:
    """Return a slice for each of the *schemas*, as parsed.

    Raises:
        InvalidInputError: Something does not fit; `context["problems"]` lists everything.
    """
    if not isinstance(given, Mapping):
        raise _misfit(["it must be an object with a key for each stage"])
    problems = [*_strangers(given, schemas, stage_ids)]
    slices: dict[str, Json] = {}
    for stage_id, schema in schemas.items():
        try:
            slices[stage_id] = _slice(given.get(stage_id, {}), schema)
        except (InvalidInputError, InvalidOutputError) as error:
            problems += [f"stage '{stage_id}': {one}" for one in problems_in(error)]
    if problems:
        raise _misfit(problems)
    return slices


def _strangers(
    given: Mapping[str, Json], schemas: Mapping[str, Schema], stage_ids: tuple[str, ...]
) -> Iterator[str]:
    for stage_id in given:
        if stage_id not in stage_ids:
            yield f"there is no stage '{stage_id}', only {', '.join(stage_ids)}"
        elif stage_id not in schemas and given[stage_id]:
            yield f"stage '{stage_id}' takes no config"


def _slice(given: Json, schema: Schema) -> Json:
    if not isinstance(given, dict):
        return schema.dump(schema.parse(given))
    # What is not given at all is left to the model, so that a field may go by name or by alias.
    defaults = schema.defaults()
    over = {key: merged(defaults.get(key), value) for key, value in given.items()}
    return schema.dump(schema.parse(over))


def merged(default: Json, given: Json) -> Json:
    """Return *given* over *default*: objects key by key, all else as a whole."""
    if not isinstance(default, dict) or not isinstance(given, dict):
        return given
    return default | {key: merged(default.get(key), value) for key, value in given.items()}


def _misfit(problems: list[str]) -> InvalidInputError:
    return InvalidInputError(sentence("The config does not fit", problems), problems=problems)
