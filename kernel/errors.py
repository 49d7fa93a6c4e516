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
│   ├── NotConfiguredError
│   ├── BudgetExceededError
│   ├── UnpricedModelError
│   ├── UnknownModelError
│   ├── ModelDeniedError
│   ├── ModelRejectedError
│   ├── ModelRefusedError
│   └── AnswerCutOffError
├── ConflictError                 someone else got there first; reload and decide again
│   ├── ConditionFailedError
│   ├── IdempotencyInProgressError
│   └── TooEarlyError
├── AnswerMisfitError             a model's answer is of no use; asked again, it may answer better
└── UnavailableError              a dependency is down or throttling; retry with backoff
    ├── ModelBusyError
    └── ModelTimeoutError
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


class BudgetExceededError(RejectedError):
    """The run has spent what it may, or would with this call; nothing was sent."""

    code = "BUDGET_EXCEEDED"


class UnpricedModelError(RejectedError):
    """The run has a budget, and nobody knows what the model charges; nothing was sent."""

    code = "UNPRICED_MODEL"


class UnknownModelError(RejectedError):
    """No provider here knows the model; the message says what is known."""

    code = "UNKNOWN_MODEL"


class ModelDeniedError(RejectedError):
    """The provider does not let us: a key or a permission is missing or wrong."""

    code = "MODEL_DENIED"


class ModelRejectedError(RejectedError):
    """The provider will not take the request as it is."""

    code = "MODEL_REJECTED"


class ModelRefusedError(RejectedError):
    """The model declined to answer, or a filter of its provider's did for it."""

    code = "MODEL_REFUSED"


class AnswerCutOffError(RejectedError):
    """The answer reached the most tokens it may have before it ended."""

    code = "ANSWER_CUT_OFF"


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


class AnswerMisfitError(EngineError):
    """What a model answered does not fit the schema, repaired or not."""

    code = "ANSWER_MISFIT"


class UnavailableError(EngineError):
    """A dependency did not answer. What was asked of it may or may not have happened."""

    code = "UNAVAILABLE"


class ModelBusyError(UnavailableError):
    """A provider throttles or is out of order; `context["retry_after"]` is in seconds."""

    code = "MODEL_BUSY"


class ModelTimeoutError(UnavailableError):
    """A model did not answer in its time. The provider may bill the call all the same."""

    code = "MODEL_TIMEOUT"
