"""Answers to stages that wait for a call: the right ones, late ones, wrong ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from kernel.errors import RejectedError, TooEarlyError
from kernel.model.callback import Callback
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.status import Status
from kernel.procedures.resume_stage import ResumeStage
from tests.simulation.account import Account
from tests.simulation.acts import Act
from tests.simulation.docket import Docket
from tests.simulation.process import Process

CALLED_OFF: Final = Failure.of("CALLED_OFF", "Nobody wants it any more.")


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a body gave out: its callback, and what the answer to it ought to be."""

    callback: Callback
    output: Json


def links(docket: Docket) -> Sequence[Link]:
    """Return every link that was ever given out."""
    found = [
        json.loads(docket.blobs.get(key))
        for key in docket.blobs.keys("runs/")
        if key.endswith("/files/link")
    ]
    return [
        Link(callback=Callback.read(each["url"].rpartition("/")[2]), output=each["output"])
        for each in found
    ]


def answer_rightly(account: Account, process: Process) -> None:
    """Answer a stage that waits, if one does."""
    waiting = _waiting(account.docket)
    if waiting:
        link = account.director.chance.one_of(waiting)
        _call(account, process, link.callback, link.output)


def answer_somehow(account: Account, process: Process) -> None:
    """Use any link, as it is or with something about it changed; or call the stage off."""
    chance = account.director.chance
    given_out = links(account.docket)
    if not given_out:
        return
    link = chance.one_of(given_out)
    key = link.callback.key
    changed = chance.one_of(
        (
            link.callback,
            link.callback,
            replace(link.callback, secret="a wrong one".replace(" ", "-") * 3),
            replace(link.callback, attempt=link.callback.attempt + 1),
            replace(link.callback, generation=link.callback.generation + 1),
            replace(link.callback, key=replace(key, solo=not key.solo)),
        )
    )
    _call(account, process, changed, None if chance.happens(0.3) else link.output)


def _call(account: Account, process: Process, callback: Callback, output: Json) -> None:
    process.answers.add(callback.digest)
    error = CALLED_OFF if output is None else None
    command = ResumeStage(token=callback.token, output=output, error=error)
    try:
        account.kernel(process).dispatch(command)
    except (RejectedError, TooEarlyError):
        return


def _waiting(docket: Docket) -> list[Link]:
    return [link for link in links(docket) if _is_waiting(docket, link)]


def _is_waiting(docket: Docket, link: Link) -> bool:
    callback = link.callback
    key = callback.key
    stage = docket.stages.get((key.run_id, key.group, key.stage_id))
    if stage is None or stage.status is not Status.SUSPENDED:
        return False
    return (stage.generation, stage.attempt) == (callback.generation, callback.attempt)


def _somebody_waits(docket: Docket) -> bool:
    return bool(_waiting(docket))


def _is_asked(docket: Docket) -> bool:
    return bool(links(docket))


# Drawn apart from the other acts, so that schedules without calls stay as they were.
ANSWERS: Final = (
    Act(name="answer", work=answer_rightly, when=_somebody_waits, insists=True),
    Act(name="answer somehow", work=answer_somehow, when=_is_asked, insists=True),
)
