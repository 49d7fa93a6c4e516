"""End the wait of a stage by its link: protocol step 10. The lease of a poll does not matter."""

from dataclasses import dataclass

from kernel.decisions.reading import settled_under, standing
from kernel.decisions.resuming import addressed, check_waiting
from kernel.decisions.settling import Holding, err, succeed
from kernel.dispatch import Command, Context, Outcome
from kernel.model.callback import Callback
from kernel.model.change import equals
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred, Succeeded
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class SettleCallbackResult:
    """*stage* as it was left. *resumed* is false where the link had been used before."""

    stage: StageRecord
    resumed: bool


@dataclass(frozen=True, kw_only=True)
class SettleCallback(Command[SettleCallbackResult]):
    """*token* is this call's own, so that of two calls with one link each knows whether it won."""

    name = "stage.settleCallback"

    seen: Standing
    callback: Callback
    token: str
    verdict: Succeeded | Erred


def handle(command: SettleCallback, context: Context) -> Outcome[SettleCallbackResult]:
    callback, mark = command.callback, command.callback.mark(command.token)
    found = command.seen if context.is_first_try else standing(context, callback.key)
    done = settled_under(mark, found)
    if done is not None:
        return Outcome(result=SettleCallbackResult(stage=done, resumed=True))
    found = addressed(callback, found)
    if callback.has_settled(found.stage.settled_by):
        return Outcome(result=SettleCallbackResult(stage=found.stage, resumed=False))
    check_waiting(callback, found, now=context.now)
    held = _held(callback, mark, found, context)
    decision = (
        succeed(context, held, command.verdict)
        if isinstance(command.verdict, Succeeded)
        else err(context, held, command.verdict)
    )
    return Outcome(
        result=SettleCallbackResult(stage=decision.stage or found.stage, resumed=True),
        changes=decision.changes,
        bells=decision.bells,
    )


def _held(callback: Callback, mark: str, found: Standing, context: Context) -> Holding:
    return Holding(
        stage=found.stage,
        run=found.run,
        workflow=context.ports.registry.workflow(found.stage.workflow_id),
        token=mark,
        requires=(
            equals("status", Status.SUSPENDED),
            equals("generation", callback.generation),
            equals("attempt", callback.attempt),
            equals("suspension.callback_digest", callback.digest),
        ),
    )
