"""`headrace run`: start a run on a local stack, watch it to its end, keep what it leaves."""

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from functions.discovery import DiscoveryError
from functions.local.gateway import Response
from functions.local.listing import unloadable
from functions.local.logs import RunLog
from functions.local.progress import Progress
from functions.local.refusal import BAD_INPUT, FAILED, INTERRUPTED, RefusalError
from functions.local.run_folder import LOG, RUNS, RunFolder
from functions.local.stack import TICK_EVERY, LocalStack
from functions.local.terminal import Terminal
from functions.local.views import RunView, read_run

# Seconds between two looks at the run.
_PAUSE: Final = 0.1
_GRACE: Final = timedelta(seconds=2)
_HINTS: Final = {
    "NOT_FOUND": "`headrace workflows` lists those that there are.",
    "INVALID_INPUT": "Mend it in FILE, --input or --config, and try again.",
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to run, and how. *input* is None where the user gave none.

    Args:
        ticking: With the cron tick, or without.
        patience: How long the run may take.
        out: The folder for what it leaves, where not one by its id.
    """

    workflow_id: str
    input: Any = None
    config: Any = None
    priority: int | None = None
    workflows: str | None = None
    workers: int = 4
    ticking: bool = True
    patience: timedelta | None = None
    out: Path | None = None


def carry_out(order: Order, terminal: Terminal) -> int:
    """Return the code that the process shall end with.

    Raises:
        RefusalError: There is something wrong with the order.
    """
    # Said before a run has done its work for nothing.
    RunFolder(order.out or RUNS).make()
    log = RunLog(terminal.tell if terminal.verbose else None)
    with ExitStack() as closing:
        with terminal.busy("Opening an AWS account in this process."):
            stack = closing.enter_context(_open(order, log))
        try:
            return Runner(stack, order, terminal, log).run()
        except RefusalError as error:
            if error.code != FAILED:
                raise
            hint = f"The log is at {log.settle_in(RUNS.parent / LOG)}."
            raise RefusalError(error.sentence, hint=hint, code=FAILED) from error


@contextmanager
def _open(order: Order, log: RunLog) -> Iterator[LocalStack]:
    with ExitStack() as closing:
        try:
            stack = closing.enter_context(
                LocalStack(
                    workflows=order.workflows,
                    workers=order.workers,
                    tick_every=TICK_EVERY if order.ticking else None,
                    grace=_GRACE,
                    log=log,
                )
            )
        except DiscoveryError as error:
            raise unloadable(error) from error
        yield stack


class Runner:
    """One run on an open stack."""

    def __init__(self, stack: LocalStack, order: Order, terminal: Terminal, log: RunLog) -> None:
        self._stack = stack
        self._order = order
        self._terminal = terminal
        self._log = log

    def run(self) -> int:
        workflow = self._workflow()
        run_id = self._start(workflow)
        folder = RunFolder(self._order.out or RUNS / run_id)
        folder.make()
        self._log.settle_in(folder.log)
        self._terminal.say(f"Run {run_id} of '{self._order.workflow_id}' has begun.")
        with _interruption() as interrupted, self._terminal.progress() as progress:
            watch = Watch(self._stack, run_id, workflow["plan"], progress)
            run = watch.until_over(self._order.patience, interrupted)
            if not run.is_over:
                run = watch.cancel(self._why(interrupted))
        self._end(run, folder)
        if interrupted.is_set():
            return INTERRUPTED
        return 0 if run.status == "COMPLETED" else FAILED

    def _why(self, interrupted: threading.Event) -> str:
        if self._order.patience is None or interrupted.is_set():
            return "It was interrupted with Ctrl-C."
        return f"It took longer than {self._order.patience.total_seconds():g} seconds."

    def _workflow(self) -> Mapping[str, Any]:
        """Return what the API tells of the workflow; of an unknown one, that it has no stages."""
        listed = asked(self._stack.request("GET", "/workflows"))["workflows"]
        unknown: Mapping[str, Any] = {"plan": [], "input_schema": {}}
        return next((each for each in listed if each["id"] == self._order.workflow_id), unknown)

    def _start(self, workflow: Mapping[str, Any]) -> str:
        # Somebody who gives no input wants the defaults, where there can be some.
        takes_object = workflow["input_schema"].get("type") == "object"
        body = {
            "workflow_id": self._order.workflow_id,
            "input": {} if self._order.input is None and takes_object else self._order.input,
            "config": self._order.config,
            "priority": self._order.priority,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return str(asked(self._stack.request("POST", "/runs", given))["run_id"])

    def _end(self, run: RunView, folder: RunFolder) -> None:
        calls = self._stack.calls.by_service
        with self._stack.calls.overlooked():
            run = replace(run, output=self._whole(run.output))
            saved = folder.keep_artifacts(run.artifacts, self._stack.blob)
        if run.status == "COMPLETED":
            folder.keep_output(run.output)
        self._terminal.end(run, calls, folder, saved)

    def _whole(self, output: Any) -> Any:
        """Return *output* with what is too big for a record read from where it lies."""
        match output:
            case {"blob": str(key), "size": int(), **others} if not others:
                return json.loads(self._stack.blob(key))
            case dict():
                return {name: self._whole(value) for name, value in output.items()}
            case _:
                return output


class Watch:
    """Looks at a run again and again, and shows what it sees."""

    def __init__(self, stack: LocalStack, run_id: str, plan: Any, progress: Progress) -> None:
        self._stack = stack
        self._path = f"/runs/{run_id}"
        self._plan = plan
        self._progress = progress
        self._seen: RunView | None = None

    def until_over(self, patience: timedelta | None, interrupted: threading.Event) -> RunView:
        """Return the run as soon as it is over, or when somebody has had enough of it."""
        end = time.monotonic() + (patience / timedelta(seconds=1) if patience else float("inf"))
        run = self._look()
        while not run.is_over and time.monotonic() < end and not interrupted.wait(_PAUSE):
            run = self._look()
        return run

    def cancel(self, reason: str) -> RunView:
        """Cancel the run. What it was doing commits nothing any more."""
        asked(self._stack.request("POST", f"{self._path}/cancel", {"reason": reason}))
        return self._look()

    def _look(self) -> RunView:
        with self._stack.calls.overlooked():
            shown = asked(self._stack.request("GET", self._path))
        self._seen = read_run(shown, self._plan)
        self._progress.show(self._seen)
        return self._seen


def asked(response: Response) -> Any:
    """Return what the API answered, or raise what it refused."""
    if response.is_fine:
        return response.body
    told = response.body if isinstance(response.body, dict) else {}
    sentence = told.get("detail") or f"The API answered {response.status}."
    hint = _HINTS.get(str(told.get("code")), str(told.get("advice", "")))
    ours = response.status < 500  # noqa: PLR2004
    raise RefusalError(sentence, hint=hint, code=BAD_INPUT if ours else FAILED)


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Yield what the first Ctrl-C sets; the second one interrupts as ever."""
    interrupted = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
