"""The `StageContext` that a stage really gets."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from math import isfinite
from typing import Any, TypeAlias

from kernel.authoring.stage import Stage
from kernel.commands.record_progress import RecordProgress
from kernel.errors import (
    ConflictError,
    IllegalTransitionError,
    InvalidInputError,
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
)
from kernel.model.annotation import Annotation, refuse_unpinnable
from kernel.model.callback import Callback
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.stage import Progress
from kernel.payloads import fetch
from kernel.procedures.job import Job, still_held
from kernel.procedures.materials import earlier
from kernel.procedures.stage_log import JobLog
from kernel.procedures.stage_storage import JobStorage

StageOrId: TypeAlias = Stage[Any, Any] | str
LOOK_AGAIN_AFTER = timedelta(seconds=1)


class JobContext:
    """One attempt's view of its run. What it reads, it reads when asked, and once."""

    def __init__(self, job: Job, materials: Materials, annotations: list[Annotation]) -> None:
        self._job = job
        self.materials = materials
        self._outputs = EarlierOutputs(job)
        self._reported_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._cancelled = False
        self.told_to_stop = False
        self.annotations = annotations
        self._numbers = count()
        self.callback_digest: str | None = None
        self._callbacks: dict[int, Callback] = {}
        self._helpers: dict[int, Any] = {}
        stage = job.stage
        self.run_id = stage.run_id
        self.workflow_id = stage.workflow_id
        self.stage_id = stage.id
        self.generation = stage.generation
        self.attempt = stage.attempt
        self.deadline = job.deadline
        self.idempotency_key = f"{stage.run_id}:{stage.id}:{stage.generation}"
        self.log = JobLog(job.kernel.ports.logbook, stage)
        self.storage = JobStorage(job.kernel.ports.blobs, job.blob_prefix)

    @cached_property
    def input(self) -> Any:
        schema = self._job.definition.input
        return schema.parse(self.materials.input) if schema else None

    @cached_property
    def config(self) -> Any:
        schema = self._job.definition.config
        return schema.parse(self.materials.config.get(self.stage_id, {})) if schema else None

    def check(self) -> None:
        """Parse input and config now: bad ones are no fault of the body's.

        Raises:
            InvalidInputError: One of them does not fit what the stage declares.
        """
        _ = self.input, self.config

    @property
    def ai(self) -> Any:
        """The one helper of this attempt: threads that ask at once must share its numbers."""
        if made := self._helpers.get(self.attempt):
            return made
        # What asks models is loaded by the stages that do, and slows down no other's start.
        from kernel.procedures.stage_ai import helper_of  # noqa: PLC0415

        return self._helpers.setdefault(self.attempt, helper_of(self._job))

    @cached_property
    def resume_state(self) -> Any:
        payload, schema = self._job.stage.resume_state, self._job.definition.state
        if payload is None:
            return None
        value = fetch(self._job.kernel.ports.blobs, payload)
        return schema.parse(value) if schema else value

    @property
    def workflow_context(self) -> Mapping[str, Any]:
        return self._outputs

    def remaining(self) -> timedelta:
        return max(self.deadline - self._now(), timedelta())

    def require(self, stage: StageOrId, /) -> Any:
        output = self.optional(stage)
        if output is None and _id(stage) not in self._outputs:
            known = ", ".join(self._outputs) or "none"
            message = (
                f"Stage {self.stage_id!r} requires the output of {_id(stage)!r}, which has none."
                f" Stages before it with an output: {known}."
            )
            raise NotFoundError(message, stage_id=_id(stage))
        return output

    def optional(self, stage: StageOrId, /) -> Any:
        return self._outputs.get(_id(stage))

    def progress(self, fraction: float, message: str = "") -> None:
        """Store it, unless the last report is too recent; losing one is no failure."""
        now = self._now()
        pause = self._job.kernel.policy.progress_every
        if self._reported_at is not None and now - self._reported_at < pause:
            return
        self._reported_at = now
        report = Progress(fraction=_share(fraction), message=message[:200], at=now)
        command = RecordProgress(seen=self._job.stage, token=self._job.token, progress=report)
        try:
            self._cancelled = not self._job.kernel.dispatch(command).recorded or self._cancelled
        except (ConflictError, UnavailableError):
            self._reported_at = None

    def annotate(self, key: str, value: Json) -> None:
        """Keep it until the attempt is settled; what cannot be stored is refused here."""
        limit = self._job.kernel.policy.annotation_limit
        refuse_unpinnable({key: value})
        # Threads of the body never get the same number.
        nth = next(self._numbers)
        if nth >= limit:
            message = f"Stage {self.stage_id!r} pins more than {limit} annotations in one attempt."
            raise InvalidInputError(message, problems=[message])
        stage = self._job.stage
        self.annotations.append(
            Annotation(
                id=f"{stage.job_id}:{self._job.poll_no:04}:{nth:02}",
                run_id=self.run_id,
                key=key,
                value=value,
                at=self._now(),
                stage_id=self.stage_id,
                generation=self.generation,
                attempt=self.attempt,
            )
        )

    def callback_url(self) -> str:
        """Only the digest of the secret is kept, and only with a suspension that waits for it."""
        base = self._job.kernel.policy.callback_base
        if base is None:
            message = (
                f"Stage {self.stage_id!r} asks for a callback link, and this deployment does not"
                " say where calls arrive. Set HEADRACE_API_URL, or `Policy.callback_base`."
            )
            raise NotConfiguredError(message, stage_id=self.stage_id)
        if self._job.poll_no:
            message = f"Stage {self.stage_id!r} asks for a callback link in a check; its body may."
            raise IllegalTransitionError(message, stage_id=self.stage_id)
        self.callback_digest = self._callback.digest
        return f"{base.rstrip('/')}/callbacks/{self._callback.token}"

    @property
    def _callback(self) -> Callback:
        """The one link of this attempt. Threads of the body that ask at once must agree on it."""
        drawn = self._callbacks.get(self.attempt)
        if drawn is not None:
            return drawn
        secret = self._job.kernel.ports.entropy.token()
        key = self._job.stage.key
        made = Callback(key=key, generation=self.generation, attempt=self.attempt, secret=secret)
        return self._callbacks.setdefault(self.attempt, made)

    def cancelled(self) -> bool:
        """Look at the record, at most once a second: is the lease still held?

        What this process knows by itself, that the lease is lost or that it is to end, it says at
        once.
        """
        if self._job.kernel.ports.executor.is_stopping:
            self.told_to_stop = True
        if self.told_to_stop or self._job.is_lost:
            self._cancelled = True
            return True
        now = self._now()
        recent = self._looked_at is not None and now - self._looked_at < LOOK_AGAIN_AFTER
        if self._cancelled or recent:
            return self._cancelled
        self._looked_at = now
        self._cancelled = not still_held(self._job)
        return self._cancelled

    def _now(self) -> datetime:
        return self._job.kernel.ports.clock.now()


class EarlierOutputs(Mapping[str, Any]):
    """The outputs of earlier groups by stage id, each read when it is asked for."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._read: dict[str, Any] = {}
        groups = job.workflow.groups[: job.stage.group - 1]
        self._ids = [stage.id for group in groups for stage in group]

    def __getitem__(self, stage_id: str) -> Any:
        if stage_id not in self._ids:
            raise KeyError(stage_id)
        if stage_id not in self._read:
            self._read[stage_id] = self._output(stage_id)
        found = self._read[stage_id]
        if found is _ABSENT:
            raise KeyError(stage_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return (stage_id for stage_id in self._ids if stage_id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _output(self, stage_id: str) -> Any:
        ports = self._job.kernel.ports
        record = earlier(ports, self._job.workflow, self._job.stage.run_id, stage_id)
        if record.result is None:
            return _ABSENT
        value = fetch(ports.blobs, record.result.output)
        return self._job.workflow.stage(stage_id).output.parse(value)


def _share(fraction: float) -> float:
    """Return *fraction* within 0 and 1; what is no number counts as nothing done."""
    return min(max(fraction, 0.0), 1.0) if isfinite(fraction) else 0.0


_ABSENT: Any = object()


def _id(stage: StageOrId) -> str:
    return stage if isinstance(stage, str) else stage.id
