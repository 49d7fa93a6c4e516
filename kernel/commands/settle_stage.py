"""Say how an attempt ended. Only the holder of the lease is heard; a late one changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.decisions.reading import settled_under, standing
from kernel.decisions.settling import Holding, err, skip, succeed, suspend
from kernel.decisions.writing import Decision, pinned
from kernel.dispatch import Command, Context, Outcome
from kernel.model.annotation import Annotation
from kernel.model.change import equals
from kernel.model.json import Json
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred, Skipped, Succeeded, Suspending, Verdict
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class SettleStageResult:
    """*stage* as it was left; None where the verdict came too late and was discarded."""

    stage: StageRecord | None


@dataclass(frozen=True, kw_only=True)
class SettleStage(Command[SettleStageResult]):
    """*seen* is the stage as claimed; *config* the run's, handed on with the next bell."""

    name = "stage.settle"

    seen: Standing
    token: str
    verdict: Verdict
    config: Mapping[str, Json] | None = None
    annotations: tuple[Annotation, ...] = ()


def handle(command: SettleStage, context: Context) -> Outcome[SettleStageResult]:
    found = command.seen if context.is_first_try else standing(context, command.seen.stage.key)
    if found is None or not _is_held(found, command.token):
        return Outcome(result=SettleStageResult(stage=settled_under(command.token, found)))
    held = Holding(
        stage=found.stage,
        run=found.run,
        workflow=context.ports.registry.workflow(found.stage.workflow_id),
        token=command.token,
        requires=(equals("status", Status.RUNNING), equals("lease.token", command.token)),
        config=command.config,
    )
    decision = _decision(command.verdict, context, held)
    return Outcome(
        result=SettleStageResult(stage=decision.stage),
        changes=(*decision.changes, *pinned(command.annotations)),
        bells=decision.bells,
    )


def _decision(verdict: Verdict, context: Context, held: Holding) -> Decision:
    match verdict:
        case Succeeded():
            return succeed(context, held, verdict)
        case Skipped():
            return skip(context, held)
        case Suspending():
            return suspend(context, held, verdict)
        case Erred():
            return err(context, held, verdict)


def _is_held(found: Standing, token: str) -> bool:
    stage, run = found.stage, found.run
    mine = stage.lease is not None and stage.lease.token == token
    return mine and stage.status is Status.RUNNING and (run is None or run.is_open)
