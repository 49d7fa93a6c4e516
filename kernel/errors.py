"""Every error the kernel raises, sorted by what the caller should do.

EngineError
├── RejectedError                 the request is wrong; do not retry it unchanged
│   ├── NotFoundError
│   │   └── DefinitionChangedError
│   ├── InvalidInputError
│   ├── InvalidOutputError
│   ├── DefinitionError
│   ├── IdempotencyConflictError
│   ├── IllegalTransitionError
│   ├── GoneError
│   └── NotConfiguredError
├── ConflictError                 someone else got there first; reload and decide again
│   ├── ConditionFailedError
│   ├── IdempotencyInProgressError
│   └── TooEarlyError
└── UnavailableError              a dependency is down or throttling; retry with backoff
"""

from typing import ClassVar


class EngineError(Exception):
    """Anything the engine raises on purpose.

    Args:
        message: One sentence for a person, naming the thing and what to do.
        context: Facts for programs; JSON only, so that they can be logged and sent.
    """

    code: ClassVar[str] = "ENGINE_ERROR"

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class RejectedError(EngineError):
    """The request is wrong; it will be as wrong when it is repeated."""

    code = "REJECTED"


class NotFoundError(RejectedError):
    """Nothing has that name or id."""

    code = "NOT_FOUND"


class DefinitionChangedError(NotFoundError):
    """This process has no definition that fits what the run has made; another one may have."""

    code = "DEFINITION_CHANGED"


class InvalidInputError(RejectedError):
    """What came in does not fit what was declared; `context["problems"]` lists why."""

    code = "INVALID_INPUT"


class InvalidOutputError(RejectedError):
    """What a stage returned does not fit what it declared."""

    code = "INVALID_OUTPUT"


class DefinitionError(RejectedError):
    """A workflow cannot be built; `context["problems"]` lists every reason."""

    code = "INVALID_DEFINITION"


class IdempotencyConflictError(RejectedError):
    """The key was used before, for another request."""

    code = "IDEMPOTENCY_CONFLICT"


class IllegalTransitionError(RejectedError):
    """The state machine has no such arrow."""

    code = "ILLEGAL_TRANSITION"


class GoneError(RejectedError):
    """It was there, and its time is over."""

    code = "GONE"


class NotConfiguredError(RejectedError):
    """The deployment lacks a setting that this needs; the message names it."""

    code = "NOT_CONFIGURED"


class ConflictError(EngineError):
    """Someone else got there first; reload and decide again."""

    code = "CONFLICT"


class ConditionFailedError(ConflictError):
    """A record was not as the write required; nothing was written."""

    code = "CONDITION_FAILED"


class IdempotencyInProgressError(ConflictError):
    """Another worker is doing this very thing under a live lease."""

    code = "IN_PROGRESS"


class TooEarlyError(ConflictError):
    """What this is about is still on its way; `context["retry_after"]` says how many seconds."""

    code = "TOO_EARLY"


class UnavailableError(EngineError):
    """A dependency did not answer. What was asked of it may or may not have happened."""

    code = "UNAVAILABLE"
