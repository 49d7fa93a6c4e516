"""How an attempt or a poll ends: the one place that says what is written then.

A stage alone in its group settles and moves its run in one commit (protocol steps 5 and 6); one
among siblings settles alone and is marked `unadvanced`, for the transition that follows (4, 12).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from kernel import events
from kernel.authoring.workflow import Workflow
from kernel.decisions.advancing import AnyStage, advance, fail, refused_output
from kernel.decisions.backoff import full_jitter
from kernel.decisions.bells import execute_bell, poll_bell
from kernel.decisions.writing import Decision, still_open, write_stage
from kernel.dispatch import Context
from kernel.model.change import Condition
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.run import Run
from kernel.model.stage import StageRecord, Suspension
from kernel.model.verdict import Erred, Succeeded, Suspending


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A stage in the hands of whoever may settle it.

    Args:
        run: Its run, where the stage is alone in its group.
        token: Of the lease under which it is held.
        requires: What must still hold for that lease to count.
        config: The config of the whole run, to hand on; None where it is not at hand.
    """

    stage: StageRecord
    run: Run | None
    workflow: Workflow
    token: str
    requires: tuple[Condition, ...]
    config: Mapping[str, Json] | None = None

    @property
    def definition(self) -> AnyStage:
        return self.workflow.stage(self.stage.id)


def succeed(context: Context, held: Holding, verdict: Succeeded) -> Decision:
    """Keep the result; where the stage is alone, go on to the next group."""
    stage = held.stage.completed(verdict.result, by=held.token, at=context.now)
    change = write_stage(
        context, held.stage, stage, held.requires, events.stage_completed(stage, at=context.now)
    )
    if held.run is None:
        return Decision(changes=(change,))
    error = refused_output(held.workflow, held.run, verdict.output)
    copy = _copied(held, verdict.output)
    sends = bool(change.events)
    moved = (
        fail(context, held.run, error, sends=sends)
        if error
        else advance(context, held.run, held.workflow, copy, sends=sends)
    )
    return replace(moved, changes=(change, *moved.changes))


def skip(context: Context, held: Holding) -> Decision:
    """Leave the stage out; its output is absent."""
    stage = held.stage.skipped(by=held.token, at=context.now)
    change = write_stage(
        context, held.stage, stage, held.requires, events.stage_skipped(stage, at=context.now)
    )
    if held.run is None:
        return Decision(changes=(change,))
    sends = bool(change.events)
    moved = advance(context, held.run, held.workflow, _copied(held, None), sends=sends)
    return replace(moved, changes=(change, *moved.changes))


def suspend(context: Context, held: Holding, verdict: Suspending) -> Decision:
    """Wait for something outside, and have somebody ask for it."""
    next_poll_at = None if verdict.callback else context.now + verdict.poll_every
    waits = Suspension(
        state=verdict.state,
        next_poll_at=next_poll_at,
        poll_every=verdict.poll_every,
        deadline=context.now + verdict.max_wait,
        callback=verdict.callback,
        callback_digest=verdict.callback_digest,
        wanted=verdict.wanted,
        paused=verdict.paused,
    )
    stage = held.stage.suspended(waits)
    happened = events.stage_suspended(stage, at=context.now)
    change = write_stage(context, held.stage, stage, held.requires, happened, run=held.run)
    bells = (poll_bell(stage, held.workflow, at=next_poll_at),) if next_poll_at else ()
    return Decision(changes=(change, *still_open(held.run)), bells=bells)


def unpause(context: Context, held: Holding) -> Decision:
    """Let the body begin anew whose call the budget had refused; that costs no attempt."""
    stage = held.stage.unpaused(at=context.now)
    change = write_stage(context, held.stage, stage, held.requires, run=held.run)
    bell = execute_bell(stage, held.workflow)
    return Decision(changes=(change, *still_open(held.run)), bells=(bell,))


def err(context: Context, held: Holding, verdict: Erred) -> Decision:
    """Try again later, if another attempt is allowed and could help; otherwise fail."""
    stumbled = verdict.stumbled and held.stage.stumbles < context.policy.stumbles
    allowed = held.stage.has_attempts_left or stumbled
    if verdict.failure.retryable and allowed:
        return _again(context, held, verdict, stumbled=stumbled)
    return _give_up(context, held, verdict.failure)


def _again(context: Context, held: Holding, verdict: Erred, *, stumbled: bool) -> Decision:
    wait = _backoff(context, held) if verdict.delay is None else verdict.delay
    not_before = context.now + wait
    error = verdict.failure
    stage = held.stage.retried(error, not_before=not_before, stumbled=stumbled)
    happened = events.stage_failed(held.stage, error, will_retry=True, at=context.now)
    change = write_stage(context, held.stage, stage, held.requires, happened, run=held.run)
    bell = execute_bell(stage, held.workflow)
    return Decision(changes=(change, *still_open(held.run)), bells=(bell,))


def _give_up(context: Context, held: Holding, error: Failure) -> Decision:
    stage = held.stage.failed(error, by=held.token, at=context.now)
    happened: Event = events.stage_failed(stage, error, will_retry=False, at=context.now)
    change = write_stage(context, held.stage, stage, held.requires, happened)
    if held.run is None:
        return Decision(changes=(change,))
    error = replace(error, stage_id=stage.id)
    moved = fail(context, held.run, error, sends=bool(change.events))
    return replace(moved, changes=(change, *moved.changes))


def _backoff(context: Context, held: Holding) -> timedelta:
    retry = held.definition.retry
    jitter = context.ports.entropy.jitter()
    return full_jitter(retry, attempt=held.stage.attempt, jitter=jitter)


def _copied(held: Holding, output: Json) -> Materials | None:
    return None if held.config is None else Materials(input=output, config=held.config)
