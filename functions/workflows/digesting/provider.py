"""Stands for a provider with a batch API: it is handed a job, and asked about it until it is done.

The job lives in the stage's storage, cut into pieces; each check does one. A piece is written when
it is done and always comes out the same: a check that is lost or doubled costs time, no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel

from functions.workflows.digesting.picking import Pick, Request, pick_sentences
from kernel.authoring import StageStorage

JOB: Final = "batch.json"

_ModelT = TypeVar("_ModelT", bound=BaseModel)


class JobLostError(Exception):
    """What was handed in is not in the storage any more."""


class _Job(BaseModel):
    pieces: int


class _Piece(BaseModel):
    requests: list[Request]


class _Done(BaseModel):
    picks: list[Pick]


@dataclass(frozen=True, kw_only=True)
class LocalProvider:
    storage: StageStorage

    def submit(self, requests: Sequence[Request], pieces: int) -> int:
        """Hand in *requests*, return the number of pieces. Done again, the first job stays."""
        if self.storage.exists(JOB):
            return self._job().pieces
        count = min(pieces, len(requests))
        for number in range(count):
            piece = _Piece(requests=list(requests[number::count]))
            self.storage.save(_asked(number), piece.model_dump())
        # Written last: a job that a crash cut short is not there, and is handed in anew.
        self.storage.save(JOB, _Job(pieces=count).model_dump())
        return count

    def work(self) -> int:
        """Do the next piece, and return how many are left.

        Raises:
            JobLostError: There is no such job.
        """
        left = [n for n in range(self._job().pieces) if not self.storage.exists(_done(n))]
        if not left:
            return 0
        piece = self._load(_asked(left[0]), _Piece)
        picks = [pick for request in piece.requests for pick in pick_sentences(request)]
        self.storage.save(_done(left[0]), _Done(picks=picks).model_dump())
        return len(left) - 1

    def results(self) -> list[Pick]:
        pieces = range(self._job().pieces)
        return [pick for number in pieces for pick in self._load(_done(number), _Done).picks]

    def _job(self) -> _Job:
        return self._load(JOB, _Job)

    def _load(self, name: str, model: type[_ModelT]) -> _ModelT:
        if not self.storage.exists(name):
            raise JobLostError(f"The batch job lost its file '{name}'.")
        return model.model_validate(self.storage.load_json(name))


def _asked(number: int) -> str:
    return f"batch-{number + 1}-asked.json"


def _done(number: int) -> str:
    return f"batch-{number + 1}-done.json"
