"""All that is stored of a run, but for what is never the same twice."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from kernel.payloads import fetch, output
from kernel.ports.bundle import Ports

# Moments, and what follows from them: a tick that looks at a record counts its version up.
_PASSING: Final = frozenset(
    {
        *("at", "completed_at", "created_at", "due_at", "not_before", "start_at", "started_at"),
        *("settled_by", "version"),
    }
)


def record_of(ports: Ports, run_id: str) -> Any:
    """Return run, stages, intake and annotations, with what lies in the blob store."""
    store, blobs = ports.persistence, ports.blobs
    snapshot, intake = store.snapshot(run_id), store.intake(run_id)
    told = {
        "run": asdict(snapshot.run),
        "input": fetch(blobs, intake.input),
        "config": fetch(blobs, intake.config),
        "stages": [{**asdict(one), "put out": output(blobs, one)} for one in snapshot.stages],
        "annotations": [asdict(one) for one in store.annotations(run_id)],
        "blobs": [*blobs.keys(f"runs/{run_id}/")],
    }
    return _lasting(told, run_id)


def _lasting(value: Any, run_id: str) -> Any:
    match value:
        case Mapping():
            kept = {key: each for key, each in value.items() if key not in _PASSING}
            return {key: _lasting(each, run_id) for key, each in kept.items()}
        case list() | tuple():
            return [_lasting(each, run_id) for each in value]
        case str():
            return value.replace(run_id, "RUN")
        case _:
            return value
