"""Check what a run is given, keep it, and admit the run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from kernel.commands.admit_run import AdmitRun
from kernel.dispatch import Command, Kernel
from kernel.errors import InvalidInputError, RejectedError
from kernel.model.annotation import refuse_unpinnable
from kernel.model.json import Json, canonical, digest
from kernel.model.money import fault_of, nanos
from kernel.model.run import DEFAULT_PRIORITY, Intake
from kernel.payloads import keep

PRIORITIES = range(11)
LONGEST_KEY = 255
LONGEST_TENANT = 200
LAST_YEAR = 9_000


@dataclass(frozen=True, kw_only=True)
class CreateRunResult:
    """*created* is false where the key had been used for this very request before."""

    run_id: str
    created: bool


@dataclass(frozen=True, kw_only=True)
class CreateRun(Command[CreateRunResult]):
    """Start a workflow on an input.

    Args:
        run_id: A ULID, drawn by the caller.
        config: By stage id; merged deeply over the stages' defaults.
        priority: 0 to 10; 8 and more go to the urgent queue.
        start_at: Not before this moment.
        idempotency_key: The same key with the same request gives the same run.
        annotations: Facts to pin to the run.
        budget: What it may spend on models, in US dollars; None: what its workflow says.
    """

    name = "run.create"

    run_id: str
    workflow_id: str
    input: Json = None
    config: Mapping[str, Json] = field(default_factory=dict)
    priority: int = DEFAULT_PRIORITY
    tenant: str | None = None
    start_at: datetime | None = None
    idempotency_key: str | None = None
    annotations: Mapping[str, Json] = field(default_factory=dict)
    budget: Decimal | None = None


def create_run(command: CreateRun, kernel: Kernel) -> CreateRunResult:
    """Raise `InvalidInputError` or `NotFoundError` before anything is stored.

    A request that made a run before is answered as it was then, whatever is deployed by now.
    """
    _check(command, kernel)
    if _leaves_blobs(command, kernel):
        # Looked up first: the blobs of a run that is not made would lie there for good.
        made = _made_before(command, kernel)
        if made is not None:
            return CreateRunResult(run_id=made, created=made == command.run_id)
    try:
        admission = _admission(command, kernel)
    except RejectedError:
        made = _made_before(command, kernel)
        if made is None:
            raise
        return CreateRunResult(run_id=made, created=False)
    admitted = kernel.dispatch(admission)
    return CreateRunResult(run_id=admitted.run_id, created=admitted.created)


def _admission(command: CreateRun, kernel: Kernel) -> AdmitRun:
    workflow = kernel.ports.registry.workflow(command.workflow_id)
    refuse_unpinnable(command.annotations)
    budget = workflow.budget if command.budget is None else command.budget
    input_ = workflow.parse_input(command.input)
    config = dict(workflow.validate_config(command.config))
    return AdmitRun(
        run_id=command.run_id,
        workflow_id=workflow.id,
        fingerprint=workflow.fingerprint,
        intake=_intake(command, kernel, input_, config),
        priority=command.priority,
        tenant=command.tenant,
        start_at=command.start_at,
        annotations=command.annotations,
        idempotency_key=command.idempotency_key or None,
        request_digest=_digest(command),
        budget=None if budget is None else nanos(budget),
    )


def _made_before(command: CreateRun, kernel: Kernel) -> str | None:
    """Return the run that this very request has made, if it has."""
    key = command.idempotency_key
    known = kernel.ports.persistence.idempotency("run.create", key) if key else None
    if known is None or known.expires_at < kernel.ports.clock.now():
        return None
    return known.run_id if known.digest == _digest(command) else None


def _leaves_blobs(command: CreateRun, kernel: Kernel) -> bool:
    """Whether a request that has a key is too long for a record, as far as it can be told."""
    if not command.idempotency_key:
        return False
    try:
        texts = [canonical(given) for given in (command.input, command.config)]
    except (TypeError, ValueError, RecursionError):
        # It will be refused, with reasons.
        return False
    longest = max(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return longest > kernel.policy.inline_limit


def _check(command: CreateRun, kernel: Kernel) -> None:
    most = kernel.policy.annotation_limit
    key, tenant = command.idempotency_key or "", command.tenant or ""
    start_at = command.start_at
    fault = fault_of(command.budget) if command.budget is not None else ""
    demands = {
        f"the budget is none: {fault}": not fault,
        f"run_id is {command.run_id!r}; give letters, digits, '-' and '_', at most 64": (
            re.fullmatch("[0-9A-Za-z_-]{1,64}", command.run_id) is not None
        ),
        f"priority is {command.priority}; give a whole number from 0 to 10": (
            command.priority in PRIORITIES
        ),
        f"the idempotency key is not printable, or longer than {LONGEST_KEY} characters": (
            _is_short(key, LONGEST_KEY)
        ),
        f"tenant is not printable, or longer than {LONGEST_TENANT} characters": (
            _is_short(tenant, LONGEST_TENANT)
        ),
        f"there are more than {most} annotations": len(command.annotations) <= most,
        "start_at has no time zone; add one, such as +00:00": (
            start_at is None or start_at.tzinfo is not None
        ),
        # Whatever waits is looked at a while after its time, which must be in the calendar too.
        f"start_at is after the year {LAST_YEAR}": start_at is None or start_at.year <= LAST_YEAR,
    }
    problems = [problem for problem, fulfilled in demands.items() if not fulfilled]
    if problems:
        message = f"The run cannot be created: {'; '.join(problems)}."
        raise InvalidInputError(message, problems=problems)


def _is_short(text: str, longest: int) -> bool:
    return text.isprintable() and len(text) <= longest


def _intake(command: CreateRun, kernel: Kernel, input_: Json, config: dict[str, Json]) -> Intake:
    blobs, limit = kernel.ports.blobs, kernel.policy.inline_limit
    prefix = f"runs/{command.run_id}"
    return Intake(
        run_id=command.run_id,
        input=keep(blobs, input_, key=f"{prefix}/input-{digest(input_)}.json", limit=limit),
        config=keep(blobs, config, key=f"{prefix}/config-{digest(config)}.json", limit=limit),
    )


def _digest(command: CreateRun) -> str:
    """Tell this request from others as it came in: a deployment may parse it differently."""
    return digest(
        {
            "workflow_id": command.workflow_id,
            "input": command.input,
            "config": dict(command.config),
            "priority": command.priority,
            "tenant": command.tenant,
            "start_at": command.start_at.isoformat() if command.start_at else None,
            "annotations": dict(command.annotations),
            # A request without one is told from others as it was before there were any.
            **({} if command.budget is None else {"budget": str(command.budget.normalize())}),
        }
    )
