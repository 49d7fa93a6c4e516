"""Somebody outside answers a stage that waits for a call: check what comes, keep it, settle."""

import re
from dataclasses import dataclass, field
from typing import Final

from kernel.authoring.schema import Schema
from kernel.authoring.workflow import Workflow
from kernel.commands.settle_callback import SettleCallback
from kernel.decisions.reading import standing
from kernel.decisions.resuming import addressed, check_waiting
from kernel.dispatch import Command, Context, Kernel
from kernel.errors import InvalidInputError, InvalidOutputError
from kernel.model.callback import Callback
from kernel.model.failure import Failure
from kernel.model.ids import blob_prefix
from kernel.model.json import Json, digest
from kernel.model.stage import Result, StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred, Succeeded
from kernel.payloads import keep
from kernel.procedures.definition import definition
from kernel.procedures.follow_up import follow_up

_CODE: Final = re.compile(r"[0-9A-Za-z_.:-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class ResumeStageResult:
    """*resumed* is false where the link had been used before; *status* is the stage's."""

    run_id: str
    stage_id: str
    resumed: bool
    status: Status


@dataclass(frozen=True, kw_only=True)
class ResumeStage(Command[ResumeStageResult]):
    """End a wait with *output*; with *error*, where that is given.

    Args:
        token: The last part of `ctx.callback_url()`. Whoever has it may answer, once.
        output: It must fit what the stage declares.
        error: Its code and message count.
    """

    name = "stage.resume"

    token: str = field(repr=False)
    output: Json = None
    error: Failure | None = None


def resume_stage(command: ResumeStage, kernel: Kernel) -> ResumeStageResult:
    """Complete the stage, or fail it. Nothing is stored for a link that does not fit.

    Raises:
        NotFoundError: The token is none of ours, or its secret is wrong.
        DefinitionChangedError: This process has no definition that fits; the link stays usable.
        InvalidInputError: The output does not fit; the link may be used again.
        TooEarlyError: The stage is not suspended yet; `context["retry_after"]` says when to come.
        GoneError: The stage waits no more: it was started again, cancelled, or gave up.
        DefinitionChangedError: This process has no definition that fits; the link stays usable.
    """
    callback = Callback.read(command.token)
    now = kernel.ports.clock.now()
    context = Context(ports=kernel.ports, policy=kernel.policy, now=now)
    found = addressed(callback, standing(context, callback.key))
    if callback.has_settled(found.stage.settled_by):
        return _told(found.stage, resumed=False)
    check_waiting(callback, found, now=now)
    stage, known_as = found.stage, found.run.fingerprint if found.run else None
    workflow = definition(kernel, stage.workflow_id, stage.run_id, known_as=known_as)
    made = kernel.dispatch(
        SettleCallback(
            seen=found,
            callback=callback,
            token=kernel.ports.entropy.token(),
            verdict=_verdict(command, kernel, workflow, stage),
        )
    )
    if made.resumed:
        follow_up(kernel, made.stage)
    return _told(made.stage, resumed=made.resumed)


def _told(stage: StageRecord, *, resumed: bool) -> ResumeStageResult:
    return ResumeStageResult(
        run_id=stage.run_id, stage_id=stage.id, resumed=resumed, status=stage.status
    )


def _verdict(
    command: ResumeStage, kernel: Kernel, workflow: Workflow, stage: StageRecord
) -> Succeeded | Erred:
    if command.error is not None:
        return Erred(failure=_failure(command, command.error))
    output = _output(command, workflow.stage(stage.id).output)
    # Named by what it holds: whoever else may be answering overwrites nothing.
    prefix = blob_prefix(stage.run_id, stage.id, stage.generation, stage.attempt)
    key = f"{prefix}callback/{digest(output)}.json"
    kept = keep(kernel.ports.blobs, output, key=key, limit=kernel.policy.inline_limit)
    return Succeeded(result=Result(output=kept), output=output)


def _failure(command: ResumeStage, error: Failure) -> Failure:
    demands = {
        "there is an output beside the error; give one of them": command.output is None,
        "the error's code must be 1 to 100 letters, digits, '_', '-', '.' or ':'": (
            _CODE.fullmatch(error.code) is not None
        ),
    }
    problems = [problem for problem, met in demands.items() if not met]
    if problems:
        message = f"The stage cannot be ended so: {'; '.join(problems)}."
        raise InvalidInputError(message, problems=problems)
    return Failure.of(error.code, error.message)


def _output(command: ResumeStage, schema: Schema) -> Json:
    try:
        return schema.dump(schema.parse(command.output))
    except InvalidOutputError as error:
        raise InvalidInputError(error.message, **error.context) from error
