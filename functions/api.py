"""HTTP in: routes to commands and queries, errors to statuses."""

import functions.start  # noqa: F401 - see there

import threading
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError
from aws_lambda_powertools.utilities.typing import LambdaContext
from ulid import ULID

from functions import wiring
from functions.bills import calls_shown, costs_shown
from functions.bodies import (
    Cancelling,
    NewRun,
    Raising,
    Rerunning,
    Resuming,
    WhichCalls,
    WhichCosts,
    ask,
    idempotency_key,
    read,
)
from functions.metering import meter
from functions.problems import breakdown, cut, no_route, refusal
from functions.replies import reply, run_shown, workflow_shown
from functions.telemetry import begin, logger
from kernel.commands.raise_budget import RaiseBudget
from kernel.errors import EngineError, GoneError, NotFoundError, UnavailableError
from kernel.model.failure import Failure
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.create_run import CreateRun
from kernel.procedures.rerun_from import RerunFrom
from kernel.procedures.resume_stage import ResumeStage
from kernel.queries.list_calls import list_calls
from kernel.queries.show_costs import show_costs
from kernel.queries.show_run import show_run

LONGEST_ID: Final = 128

app: Final = APIGatewayHttpResolver()

# The resolver keeps the request in hand in a class attribute, so it takes one at a time; Lambda
# sends no more than one to a process, the local server does.
_one_at_a_time = threading.Lock()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context)
    with _one_at_a_time, meter.sending():
        return app.resolve(event, context)


@app.post("/runs")
def create_run() -> Response[str]:
    key = idempotency_key(app.current_event.headers)
    asked = read(NewRun, app.current_event)
    command = CreateRun(run_id=str(ULID()), idempotency_key=key, **dict(asked))
    result = wiring.kernel().dispatch(command)
    new = result.created
    status = Status.PENDING if new else _status(result.run_id)
    return reply(
        {"run_id": result.run_id, "workflow_id": asked.workflow_id, "status": status},
        HTTPStatus.CREATED if new else HTTPStatus.OK,
        {"Location": f"/runs/{result.run_id}"},
    )


@app.get("/runs/<run_id>")
def show(run_id: str) -> Response[str]:
    return reply(run_shown(show_run(wiring.ports(), _plausible(run_id))))


@app.get("/runs/<run_id>/calls")
def list_model_calls(run_id: str) -> Response[str]:
    asked = ask(WhichCalls, app.current_event)
    found = list_calls(wiring.ports(), _plausible(run_id), stage_id=asked.stage, limit=asked.limit)
    return reply(calls_shown(run_id, found))


@app.get("/costs")
def show_spending() -> Response[str]:
    asked = ask(WhichCosts, app.current_event)
    return reply(costs_shown(show_costs(wiring.ports(), asked.topic, months=asked.months)))


@app.post("/runs/<run_id>/cancel")
def cancel_run(run_id: str) -> Response[str]:
    asked = read(Cancelling, app.current_event, optional=True)
    command = CancelRun(run_id=_plausible(run_id), reason=asked.reason)
    result = wiring.kernel().dispatch(command)
    return reply({"run_id": run_id, "status": result.status, "cancelled": result.cancelled})


@app.post("/runs/<run_id>/budget")
def raise_budget(run_id: str) -> Response[str]:
    asked = read(Raising, app.current_event)
    command = RaiseBudget(run_id=_plausible(run_id), limit=asked.budget)
    result = wiring.kernel().dispatch(command)
    shown = {"budget": f"{result.limit:f}", "committed": f"{result.committed:f}"}
    return reply({"run_id": run_id, **shown})


@app.post("/runs/<run_id>/rerun")
def rerun_run(run_id: str) -> Response[str]:
    key = idempotency_key(app.current_event.headers)
    asked = read(Rerunning, app.current_event)
    command = RerunFrom(run_id=_plausible(run_id), stage_id=asked.stage_id, idempotency_key=key)
    result = wiring.kernel().dispatch(command)
    return reply({"run_id": run_id, "generation": result.generation, "rerun": result.rerun})


@app.post("/callbacks/<token>")
def resume_stage(token: str) -> Response[str]:
    """Whoever has the token may call, once; nothing of it may get into a log."""
    asked = read(Resuming, app.current_event)
    error = Failure.of(asked.error.code, asked.error.message) if asked.error else None
    command = ResumeStage(token=token, output=asked.output, error=error)
    result = wiring.kernel().dispatch(command)
    return reply(asdict(result))


@app.get("/workflows")
def list_workflows() -> Response[str]:
    workflows = wiring.ports().registry.workflows()
    return reply({"workflows": [workflow_shown(workflow) for workflow in workflows]})


def _status(run_id: str) -> Status:
    """Return where the run stands that a key has made before."""
    try:
        return show_run(wiring.ports(), run_id).status
    except NotFoundError as error:
        message = (
            f"The idempotency key made run {run_id!r}, which has been deleted; use a new one."
        )
        raise GoneError(message, run_id=run_id) from error


def refuse_route(_error: NoRouteError) -> Response[str]:
    return no_route(app.current_event.http_method, app.current_event.path)


def refuse(error: EngineError) -> Response[str]:
    write = logger.error if isinstance(error, UnavailableError) else logger.info
    facts = {name: cut(fact) for name, fact in error.context.items()}
    write(cut(error.message), extra={"code": error.code, "context": facts})
    return refusal(error)


def break_down(error: Exception) -> Response[str]:
    logger.exception(repr(error))
    return breakdown(app.lambda_context.aws_request_id)


def _plausible(run_id: str) -> str:
    """Keep from the store what it would choke on."""
    if len(run_id) > LONGEST_ID:
        raise NotFoundError(f"No run has an id of {len(run_id)} characters.")
    return run_id


app.not_found(refuse_route)
app.exception_handler(EngineError)(refuse)
app.exception_handler(Exception)(break_down)
wiring.prepare(rings=True)
