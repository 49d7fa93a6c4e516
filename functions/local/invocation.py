"""Lambda, as far as a handler can see it: an event, a context that counts down, an answer."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

from functions.local.blueprint import Function
from functions.local.event_shapes import ACCOUNT

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LambdaContext:
    """What Lambda tells a handler of the invocation. *deadline* is on the monotonic clock."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    deadline: float
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    @property
    def log_group_name(self) -> str:
        return f"/headrace/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"local/[{self.function_version}]{self.aws_request_id}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - time.monotonic()) * 1000))


class Lambda:
    """Invokes the account's functions in this process, any number of them side by side.

    Nobody stops a handler whose time is up: it can only see that none is left.
    """

    def __init__(self, functions: Mapping[str, Function], *, region: str) -> None:
        self._functions = functions
        self._region = region

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Return what the function *name* answers to *event*; raise what it raises.

        Both go through JSON, as they would on their way to AWS and back.
        """
        function = self._functions[name]
        module, _, attribute = function.handler.rpartition(".")
        handler = getattr(import_module(module), attribute)
        try:
            answer = handler(json.loads(json.dumps(event)), self._context(function))
            return json.loads(json.dumps(answer))
        except Exception:
            log.exception("%s raised", name)
            raise

    def _context(self, function: Function) -> LambdaContext:
        return LambdaContext(
            function_name=function.name,
            memory_limit_in_mb=function.memory,
            invoked_function_arn=(
                f"arn:aws:lambda:{self._region}:{ACCOUNT}:function:{function.name}"
            ),
            deadline=time.monotonic() + (function.timeout / timedelta(seconds=1)),
        )
