"""Begin a pending run: its first group is made, its doorbells ring."""

from dataclasses import dataclass

from kernel.decisions.advancing import start
from kernel.dispatch import Command, Context, Outcome
from kernel.model.materials import Materials
from kernel.model.run import Run
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class StartRunResult:
    started: bool


@dataclass(frozen=True, kw_only=True)
class StartRun(Command[StartRunResult]):
    """*seen* is the run as just read; *copy* what its first stages begin with."""

    name = "run.start"

    seen: Run
    copy: Materials | None = None


def handle(command: StartRun, context: Context) -> Outcome[StartRunResult]:
    run = command.seen if context.is_first_try else _read_again(command, context)
    if not _may_start(run, context):
        return Outcome(result=StartRunResult(started=False))
    workflow = context.ports.registry.workflow(run.workflow_id)
    decision = start(context, run, workflow, command.copy)
    return Outcome(
        result=StartRunResult(started=True), changes=decision.changes, bells=decision.bells
    )


def _may_start(run: Run, context: Context) -> bool:
    """Whether its time has come and nobody has started or closed it."""
    waits = run.status is Status.PENDING and run.closing is None
    return waits and (run.start_at is None or run.start_at <= context.now)


def _read_again(command: StartRun, context: Context) -> Run:
    return context.ports.persistence.run(command.seen.id)
