"""The table: command → handler or procedure. mypy refuses a pair whose results differ."""

from collections.abc import Callable
from typing import Any, TypeVar

from kernel.commands import (
    admit_run,
    advance_run,
    annotate_run,
    begin_call,
    claim_poll,
    claim_stage,
    close_run,
    drop_dead_letter,
    erase_run,
    fence_stage,
    finish_closing,
    mark_run,
    mark_stage,
    raise_budget,
    reap_lease,
    record_call,
    record_progress,
    renew_lease,
    replay_event,
    rerun_run,
    retire_run,
    settle_call,
    settle_callback,
    settle_poll,
    settle_stage,
    start_run,
)
from kernel.dispatch import Command, Context, Handler, Kernel, Outcome, Procedure, Table
from kernel.model.policy import Policy
from kernel.ports.bundle import Ports
from kernel.procedures import (
    cancel_run,
    claim_pending,
    create_run,
    delete_run,
    execute_job,
    poll_stages,
    publish_events,
    reap_leases,
    reap_stuck,
    replay_dead_letters,
    rerun_from,
    resume_stage,
    tick,
)

R = TypeVar("R")
C = TypeVar("C", bound=Command[Any])

_handlers: dict[type[Any], Handler] = {}
_procedures: dict[type[Any], Procedure] = {}


def _route(command: type[Command[R]], handle: Callable[[C, Context], Outcome[R]]) -> None:
    """One commit: the handler reads and decides, the kernel writes."""
    _handlers[command] = handle


def _span(command: type[Command[R]], procedure: Callable[[C, Kernel], R]) -> None:
    """Several commits, or a user's code between two of them."""
    _procedures[command] = procedure


_route(admit_run.AdmitRun, admit_run.handle)
_route(start_run.StartRun, start_run.handle)
_route(claim_stage.ClaimStage, claim_stage.handle)
_route(settle_stage.SettleStage, settle_stage.handle)
_route(claim_poll.ClaimPoll, claim_poll.handle)
_route(settle_poll.SettlePoll, settle_poll.handle)
_route(settle_callback.SettleCallback, settle_callback.handle)
_route(record_progress.RecordProgress, record_progress.handle)
_route(renew_lease.RenewLease, renew_lease.handle)
_route(reap_lease.ReapLease, reap_lease.handle)
_route(advance_run.AdvanceRun, advance_run.handle)
_route(close_run.CloseRun, close_run.handle)
_route(fence_stage.FenceStage, fence_stage.handle)
_route(finish_closing.FinishClosing, finish_closing.handle)
_route(rerun_run.RerunRun, rerun_run.handle)
_route(retire_run.RetireRun, retire_run.handle)
_route(erase_run.EraseRun, erase_run.handle)
_route(annotate_run.AnnotateRun, annotate_run.handle)
_route(mark_run.MarkRun, mark_run.handle)
_route(mark_stage.MarkStage, mark_stage.handle)
_route(replay_event.ReplayEvent, replay_event.handle)
_route(begin_call.BeginCall, begin_call.handle)
_route(settle_call.SettleCall, settle_call.handle)
_route(record_call.RecordCall, record_call.handle)
_route(raise_budget.RaiseBudget, raise_budget.handle)
_route(drop_dead_letter.DropDeadLetter, drop_dead_letter.handle)

_span(create_run.CreateRun, create_run.create_run)
_span(claim_pending.ClaimPending, claim_pending.claim_pending)
_span(execute_job.ExecuteJob, execute_job.execute_job)
_span(cancel_run.CancelRun, cancel_run.cancel_run)
_span(rerun_from.RerunFrom, rerun_from.rerun_from)
_span(poll_stages.PollStages, poll_stages.poll_stages)
_span(resume_stage.ResumeStage, resume_stage.resume_stage)
_span(reap_leases.ReapStale, reap_leases.reap_leases)
_span(reap_stuck.ReapStuck, reap_stuck.reap_stuck)
_span(delete_run.DeleteRun, delete_run.delete_run)
_span(publish_events.PublishEvents, publish_events.publish_events)
_span(replay_dead_letters.ReplayDeadLetters, replay_dead_letters.replay_dead_letters)
_span(tick.Tick, tick.tick)

_TABLE = Table(handlers=_handlers, procedures=_procedures, publish=publish_events.publish_run)


def engine(ports: Ports, policy: Policy | None = None) -> Kernel:
    """Return a kernel over *ports* that knows every command."""
    return Kernel(ports, policy or Policy(), _TABLE)
