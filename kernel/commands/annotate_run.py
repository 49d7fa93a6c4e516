"""Pin facts to a run from outside. They may come while it runs, and when it is over."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from kernel import events
from kernel.decisions.due import earliest
from kernel.decisions.reading import unless_retired
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import IdempotencyConflictError, InvalidInputError
from kernel.model.annotation import Annotation, refuse_unpinnable
from kernel.model.change import (
    AddAnnotation,
    RequireRun,
    SaveIdempotency,
    UpdateRun,
    absent,
    differences,
    equals,
)
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.json import Json, digest
from kernel.model.run import Run

LONGEST_NAME: Final = 200
LONGEST_KEY: Final = 255
_ID: Final = re.compile("[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class AnnotateRunResult:
    """The ids of the annotations that are new: none where they were pinned before."""

    attached: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnnotateRun(Command[AnnotateRunResult]):
    """Pin *attributes*; those that are None are left out.

    Args:
        id: A ULID, drawn by the caller; the annotations' own ids follow from it.
        actor: Who pins them.
        stage_id: The stage that they are about, where it is one.
        idempotency_key: For this run; the same key with the same request pins nothing again.
            Without one the *id* stands in for it.
    """

    name = "annotation.attach"

    run_id: str
    id: str
    attributes: Mapping[str, Json]
    actor: str
    stage_id: str | None = None
    idempotency_key: str | None = None


def handle(command: AnnotateRun, context: Context) -> Outcome[AnnotateRunResult]:
    """Try to pin them first: a key that is new, and a run that is there, are the rule."""
    wanted = {key: value for key, value in command.attributes.items() if value is not None}
    _check(command, wanted, context)
    if not wanted or (not context.is_first_try and _is_known(command, context)):
        return Outcome(result=AnnotateRunResult())
    rows = tuple(_rows(command, wanted, context))
    record = IdempotencyRecord(
        command=command.name,
        key=_scoped(command),
        digest=_digest(command),
        run_id=command.run_id,
        expires_at=context.now + context.policy.idempotency_kept,
    )
    return Outcome(
        result=AnnotateRunResult(attached=tuple(row.id for row in rows)),
        changes=(
            _of_the_run(command, rows, context),
            SaveIdempotency(record=record, now=context.now),
            *(AddAnnotation(annotation=row) for row in rows),
        ),
    )


def _check(command: AnnotateRun, wanted: Mapping[str, Json], context: Context) -> None:
    most, key = context.policy.annotation_limit, command.idempotency_key
    demands = {
        f"id is {command.id!r}; give letters, digits, '-' and '_', at most 64": (
            _ID.fullmatch(command.id) is not None
        ),
        f"actor is not 1 to {LONGEST_NAME} printable characters": _fits(command.actor),
        f"stage_id is not 1 to {LONGEST_NAME} printable characters": (
            command.stage_id is None or _fits(command.stage_id)
        ),
        f"the idempotency key is not 1 to {LONGEST_KEY} printable characters": (
            key is None or _fits(key, LONGEST_KEY)
        ),
        f"there are more than {most} annotations": len(wanted) <= most,
    }
    problems = [problem for problem, met in demands.items() if not met]
    if problems:
        message = f"Nothing can be pinned to run {command.run_id!r}: {'; '.join(problems)}."
        raise InvalidInputError(message, problems=problems)
    refuse_unpinnable(wanted)


def _fits(text: str, longest: int = LONGEST_NAME) -> bool:
    return 0 < len(text) <= longest and text.isprintable()


def _rows(
    command: AnnotateRun, wanted: Mapping[str, Json], context: Context
) -> Iterator[Annotation]:
    for nth, (key, value) in enumerate(wanted.items()):
        yield Annotation(
            id=f"{command.id}:{nth:02}",
            run_id=command.run_id,
            key=key,
            value=value,
            at=context.now,
            stage_id=command.stage_id,
            actor=command.actor,
        )


def _of_the_run(
    command: AnnotateRun, rows: tuple[Annotation, ...], context: Context
) -> RequireRun | UpdateRun:
    """Require that it is there; only who wants to hear of annotations has it written."""
    if not context.policy.publishes(events.ANNOTATION_CREATED):
        if not context.is_first_try:
            unless_retired(context.ports.persistence.run(command.run_id))
        return RequireRun(run_id=command.run_id, requires=(absent("retired_at"),))
    run = unless_retired(context.ports.persistence.run(command.run_id))
    happened = tuple(events.annotation_created(run, row, at=context.now) for row in rows)
    return _told(run, happened, context)


def _told(run: Run, happened: tuple[Event, ...], context: Context) -> UpdateRun:
    """Return the change that leaves events with *run*, due no later than for what it waits for.

    A push-back does not move the version, so that `due_at` is compared by itself.
    """
    new = replace(run, due_at=earliest(run.due_at, context.now + context.policy.grace))
    requires = (equals("version", run.version), equals("due_at", run.due_at))
    return UpdateRun(run=new, writes=differences(run, new), requires=requires, events=happened)


def _is_known(command: AnnotateRun, context: Context) -> bool:
    """Whether the key has pinned the same before."""
    record = context.ports.persistence.idempotency(command.name, _scoped(command))
    if record is None or record.expires_at < context.now:
        return False
    if record.digest != _digest(command):
        message = (
            f"The idempotency key {_key(command)!r} was used to pin something else to run"
            f" {command.run_id!r}. Use a new key, or repeat that request unchanged."
        )
        raise IdempotencyConflictError(message, run_id=command.run_id)
    return True


def _key(command: AnnotateRun) -> str:
    return command.idempotency_key or command.id


def _scoped(command: AnnotateRun) -> str:
    return f"{command.run_id}/{_key(command)}"


def _digest(command: AnnotateRun) -> str:
    """Tell this request from others; *id* is another one each time, and so no part of it."""
    return digest(
        {
            "attributes": dict(command.attributes),
            "actor": command.actor,
            "stage_id": command.stage_id,
        }
    )
