"""Whether what a stage put out was made by the attempt that committed, from what it was given."""

from collections.abc import Iterator
from typing import Final

from kernel.model.json import Json
from kernel.model.stage import StageRecord
from kernel.payloads import output
from kernel.ports.blob_store import BlobStore
from tests.simulation.bodies import marks
from tests.simulation.docket import Docket

RUN_INPUT: Final = 7


def wrong_output(docket: Docket, stage: StageRecord) -> Iterator[str]:
    value = output(docket.blobs, stage)
    mark = f"{stage.id}:{stage.generation}:{stage.attempt}"
    if marks(value) != mark:
        yield f"the output of {mark} is that of {marks(value)}"
    given = value.get("given") if isinstance(value, dict) else None
    wanted = _given(docket, stage)
    if given != wanted:
        yield f"{mark} was given {given}; the group before put out {wanted}"


def _given(docket: Docket, stage: StageRecord) -> Json:
    if stage.group == 1:
        return RUN_INPUT
    before = docket.group(docket.runs[stage.run_id], stage.group - 1)
    if len(before) == 1:
        return _mark(docket.blobs, before[0])
    return {each.id: _mark(docket.blobs, each) for each in before}


def _mark(blobs: BlobStore, stage: StageRecord) -> Json:
    return marks(output(blobs, stage))
