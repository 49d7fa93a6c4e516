"""What the command line says, and where: the talk, and the one document that `--json` asks for."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from functions.local.progress import STYLES, Progress, shown_on
from functions.local.run_folder import RunFolder, Saved
from functions.local.views import RunView

MOST_OF_OUTPUT: Final = 400
_KILO: Final = 1000


class Terminal:
    """Talks on standard output; on standard error, where that is kept for one JSON document."""

    def __init__(self, *, as_json: bool = False, verbose: bool = False) -> None:
        self.verbose = verbose
        self._as_json = as_json
        self._console = Console(stderr=as_json, highlight=False)
        self._aside = Console(stderr=True, highlight=False)

    def say(self, text: str | Text = "") -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def tell(self, line: str) -> None:
        """Say a line of the log, on standard error."""
        self._aside.print(line, markup=False, soft_wrap=True, style="dim")

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Say what is being done, for as long as the context lasts where lines can be replaced."""
        if self._console.is_terminal:
            return self._console.status(Text(text))
        self.say(text)
        return nullcontext()

    def progress(self) -> AbstractContextManager[Progress]:
        return shown_on(self._console, lambda: datetime.now(UTC))

    def end(
        self, run: RunView, calls: Mapping[str, int], folder: RunFolder, saved: Sequence[Saved]
    ) -> None:
        """Say how *run* ended, what came out of it, and where that is."""
        if self._as_json:
            self._dump(run, calls, folder, saved)
        self.say()
        self.say(_verdict(run))
        self.say(_totals(run, calls))
        if spent := _spent(run.shown.get("bill")):
            self.say(spent)
        if run.status == "COMPLETED":
            self.say(f"Output: {_shortened(run.output)}")
            self.say(f"All of it is at {folder.output}, with the log beside it.")
        else:
            self.say(f"The log is at {folder.log}.")
        for each in saved:
            where = f" ({_size(each.size)}) is at {each.path}"
            self.say(Text.assemble((each.name, "bold"), where))

    def _dump(
        self, run: RunView, calls: Mapping[str, int], folder: RunFolder, saved: Sequence[Saved]
    ) -> None:
        document = {
            **run.shown,
            "output": run.output,
            "polls": run.polls,
            "aws_calls": dict(calls),
            "folder": str(folder.path),
            "files": {each.name: str(each.path) for each in saved},
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201


def _verdict(run: RunView) -> Text:
    elapsed = run.elapsed(run.created_at)
    verdict = Text(run.status, style=STYLES.get(run.status, ""))
    if run.status == "COMPLETED":
        return verdict.append(f" in {elapsed:.1f} s.", style="default")
    where = f" in stage '{run.failed_stage}'" if run.failed_stage else ""
    why = f": {run.error}" if run.error else "."
    return verdict.append(f" after {elapsed:.1f} s{where}{why}", style="default")


def _totals(run: RunView, calls: Mapping[str, int]) -> str:
    busiest = sorted(calls.items(), key=lambda each: (-each[1], each[0]))
    by_service = ", ".join(f"{name} {count}" for name, count in busiest)
    begun = sum(1 for stage in run.stages if stage.status)
    return (
        f"{_counted(begun, 'stage')}, {_counted(run.polls, 'poll')},"
        f" {_counted(sum(calls.values()), 'AWS call')} ({by_service})."
    )


def _spent(bill: Mapping[str, Any] | None) -> str:
    """Return what language models cost; nothing where none was asked."""
    total = (bill or {}).get("total", {})
    if not total.get("calls"):
        return ""
    tokens = total["input_tokens"] + total["output_tokens"]
    unpriced = total["unpriced"]
    without = f", {unpriced} of them without a known price" if unpriced else ""
    return (
        f"Language models: {_counted(total['calls'], 'call')}{without}, {tokens:,} tokens,"
        f" ${Decimal(total['cost']):.6f}."
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shortened(output: Any) -> str:
    text = json.dumps(output, ensure_ascii=False)
    return text if len(text) <= MOST_OF_OUTPUT else f"{text[: MOST_OF_OUTPUT - 1]}…"


def _size(count: int) -> str:
    return f"{count} bytes" if count < _KILO else f"{count / _KILO:.0f} kB"
