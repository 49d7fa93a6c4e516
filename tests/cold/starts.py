"""One start after the other: a function's, or that of a handler that does nothing."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.functions.test_settings import GOOD
from tests.support.one_answer import one_answer, with_layout
from tests.support.runtime_api import function, runtime_api

# What each function has made when it has started: what nearly every invocation needs.
CLIENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "worker": ("dynamodb", "sqs", "events"),
    "tick": ("dynamodb",),
    "api": ("dynamodb", "sqs"),
}
_HANDLER: Final = """
def handler(event, context):
    return {"line": time.monotonic(), "begun": BEGUN, "busy": time.process_time()}
"""
_OURS: Final = """
import time
BEGUN = time.monotonic()
import functions.NAME
"""
_BARE: Final = """
import time
BEGUN = time.monotonic()
from boto3.session import Session
session = Session(region_name="us-east-1")
MADE = [session.client(name) for name in NAMES]
"""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Milliseconds to the first line of the handler."""

    from_spawn: float
    from_import: float
    busy: float
    """Of processor time, which says the same whoever else is at work on this machine."""


def bare(clients: Sequence[str]) -> str:
    return f"bare, {', '.join(clients)}"


@contextmanager
def starts(artefact: Path, folder: Path) -> Iterator[Mapping[str, Callable[[], Start]]]:
    """Yield, by name, what starts each function once, and each bare handler."""
    texts = {
        bare(clients): _BARE.replace("NAMES", repr(clients)) for clients in CLIENTS.values()
    } | {name: _OURS.replace("NAME", name) for name in CLIENTS}
    with one_answer(with_layout(1)) as address:
        environment = {
            **GOOD,
            "AWS_ENDPOINT_URL_DYNAMODB": address,
            "PYTHONPATH": str(folder),
        }
        begun: dict[str, Callable[[], Start]] = {}
        for nth, (name, text) in enumerate(texts.items()):
            (folder / f"started_{nth}.py").write_text(text + _HANDLER, encoding="utf-8")
            begun[name] = partial(_start, f"started_{nth}.handler", artefact, environment)
        yield begun


def _start(handler: str, artefact: Path, environment: Mapping[str, str]) -> Start:
    with runtime_api() as api:
        spawned = time.monotonic()
        with function(api, handler, root=artefact, environment=environment):
            said = api.answer({})
    if not said.is_answer:
        raise RuntimeError(f"{handler} did not start: {said.body}")
    line = float(said.body["line"])
    return Start(
        from_spawn=(line - spawned) * 1_000,
        from_import=(line - float(said.body["begun"])) * 1_000,
        busy=float(said.body["busy"]) * 1_000,
    )
