"""What a stage can see and do while it runs, as its author knows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from kernel.authoring.bodies import Accepts, Batch, Executes, Later, Mixed, OutputT, PlainT
from kernel.model.json import Json

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from kernel.authoring.ai import AI

InputT_co = TypeVar("InputT_co", covariant=True)
ConfigT_co = TypeVar("ConfigT_co", covariant=True)


class StageLog(Protocol):
    """Lines for whoever reads the run later, with facts beside the words."""

    def debug(self, message: str, **fields: Json) -> None: ...
    def info(self, message: str, **fields: Json) -> None: ...
    def warning(self, message: str, **fields: Json) -> None: ...
    def error(self, message: str, **fields: Json) -> None: ...


class StageStorage(Protocol):
    """Blobs that belong to this stage of this run."""

    def save(self, name: str, content: "bytes | Json", content_type: str | None = None) -> None:
        """Keep *content* under *name*; what was there before is replaced."""
        ...

    def load(self, name: str) -> bytes:
        """Return what was saved.

        Raises:
            NotFoundError: Nothing was saved under *name*.
        """
        ...

    def load_json(self, name: str) -> Json:
        """Return what was saved, read as JSON.

        Raises:
            NotFoundError: Nothing was saved under *name*.
        """
        ...

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None:
        """Forget *name*; nothing happens when there is no such blob."""
        ...

    def names(self) -> list[str]: ...


class StageContext(Protocol[InputT_co, ConfigT_co]):
    """One attempt at one stage of one run."""

    @property
    def input(self) -> InputT_co: ...

    @property
    def config(self) -> ConfigT_co: ...

    @property
    def run_id(self) -> str: ...

    @property
    def workflow_id(self) -> str: ...

    @property
    def stage_id(self) -> str: ...

    @property
    def generation(self) -> int:
        """How often the run was rerun; 0 at first."""
        ...

    @property
    def attempt(self) -> int:
        """Which try this is; 1 at first."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt, so that others can recognise a repeat."""
        ...

    @property
    def deadline(self) -> datetime:
        """When this attempt will be given up."""
        ...

    @property
    def workflow_context(self) -> Mapping[str, Any]:
        """The outputs of earlier stages by id, each read when it is asked for."""
        ...

    @property
    def log(self) -> StageLog: ...

    @property
    def storage(self) -> StageStorage: ...

    @property
    def ai(self) -> "AI":
        """Language models, with the run's bill kept."""
        ...

    @property
    def resume_state(self) -> Any:
        """The state of an earlier suspension whose polls ended in a retry, or None."""
        ...

    def remaining(self) -> timedelta: ...

    @overload
    def require(self, stage: Accepts[Any, OutputT], /) -> OutputT: ...
    @overload
    def require(self, stage: type[Batch[Any, Any, OutputT]], /) -> OutputT: ...
    @overload
    def require(self, stage: type[Executes[Any, Later[PlainT]]], /) -> PlainT: ...
    @overload
    def require(self, stage: type[Executes[Any, PlainT]], /) -> PlainT: ...
    @overload
    def require(self, stage: type[Executes[Any, Later[Mixed[OutputT]]]], /) -> OutputT: ...
    @overload
    def require(self, stage: type[Executes[Any, Mixed[OutputT]]], /) -> OutputT: ...
    @overload
    def require(self, stage: str, /) -> Any: ...
    def require(self, stage: Any, /) -> Any:
        """Return the output of an earlier stage, which must have one.

        Raises:
            NotFoundError: No such stage comes before this one, or it was skipped.
        """
        ...

    @overload
    def optional(self, stage: Accepts[Any, OutputT], /) -> OutputT | None: ...
    @overload
    def optional(self, stage: type[Batch[Any, Any, OutputT]], /) -> OutputT | None: ...
    @overload
    def optional(self, stage: type[Executes[Any, Later[PlainT]]], /) -> PlainT | None: ...
    @overload
    def optional(self, stage: type[Executes[Any, PlainT]], /) -> PlainT | None: ...
    @overload
    def optional(self, stage: type[Executes[Any, Later[Mixed[OutputT]]]], /) -> OutputT | None: ...
    @overload
    def optional(self, stage: type[Executes[Any, Mixed[OutputT]]], /) -> OutputT | None: ...
    @overload
    def optional(self, stage: str, /) -> Any: ...
    def optional(self, stage: Any, /) -> Any:
        """Return the output of an earlier stage, or None where there is none."""
        ...

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far this attempt is, from 0 to 1."""
        ...

    def annotate(self, key: str, value: Json) -> None:
        """Pin a fact to the run."""
        ...

    def callback_url(self) -> str:
        """Return the link for somebody outside to end this attempt's `Suspend(callback=True)`.

        The same for the whole attempt; another attempt makes another one. It works as soon as
        the stage is suspended, and once. Whoever has it may answer: do not log it.

        Raises:
            NotConfiguredError: This deployment does not say where calls arrive.
        """
        ...

    def cancelled(self) -> bool:
        """Whether the run was cancelled, or the process is to end.

        A long body asks now and then, and stops: what it returns after a yes is not kept.
        """
        ...
