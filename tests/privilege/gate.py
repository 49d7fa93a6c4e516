"""Stands before AWS and lets through what the role in hand may do; else it answers as AWS would.

It is in every client that is made while it is up, boto3's as well as PynamoDB's.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from botocore import handlers
from botocore.model import OperationModel

from functions.local.event_shapes import ACCOUNT
from tests.privilege.needs import blob_arn, needs_of, to_see_that_it_is_missing
from tests.privilege.statements import Grant, Request, allowing

_PARAMETERS: Final = "headrace_parameters"
_MISSING: Final = {"NoSuchKey", "404"}
# How each service says it, and with which status.
_SAID: Final = {
    "dynamodb": ("AccessDeniedException", 400),
    "events": ("AccessDeniedException", 400),
    "s3": ("AccessDenied", 403),
    "scheduler": ("AccessDeniedException", 403),
    "sqs": ("AccessDenied", 403),
}


@dataclass(kw_only=True)
class Role:
    """A role of the stack, and what came of it.

    Args:
        needed: The grants without which something would have been denied.
        denied: What was asked for and is not granted.
    """

    name: str
    grants: tuple[Grant, ...]
    needed: set[Grant] = field(default_factory=set)
    denied: list[Request] = field(default_factory=list)

    def permits(self, request: Request) -> bool:
        found = allowing(self.grants, request)
        if not found:
            self.denied.append(request)
        if len(found) == 1:
            # Where two allow it, one of them could go.
            self.needed.add(found[0])
        return bool(found)

    @property
    def idle(self) -> list[str]:
        """What is granted and was never needed."""
        return sorted(str(grant) for grant in self.grants if grant not in self.needed)

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """Take one of its actions away for as long as the context lasts."""
        before = self.grants
        so_far = len(self.denied)
        self.grants = tuple(grant for grant in before if grant.action != action)
        assert self.grants != before, f"{self.name} was never granted {action}."
        try:
            yield
        finally:
            self.grants = before
            # That was no lack of the template's.
            del self.denied[so_far:]


class Gate:
    """One for all clients; whoever acts does so in one role at a time, with all of its threads."""

    def __init__(self) -> None:
        self._acting: Role | None = None
        self._answers: dict[str, Callable[[Any], dict[str, Any]]] = {}

    @contextmanager
    def up(self) -> Iterator[None]:
        """Be in all clients whose session is made in this context."""
        hooks = [
            ("provide-client-params", self._note),
            ("before-call", self._answer),
            ("after-call.s3", self._hide),
        ]
        handlers.BUILTIN_HANDLERS.extend(hooks)
        try:
            yield
        finally:
            for hook in hooks:
                handlers.BUILTIN_HANDLERS.remove(hook)

    @contextmanager
    def acting(self, role: Role) -> Iterator[None]:
        """Let every call be made in *role*; without one, all are let through."""
        before, self._acting = self._acting, role
        try:
            yield
        finally:
            self._acting = before

    @contextmanager
    def answering(self, operation: str, answer: Callable[[Any], dict[str, Any]]) -> Iterator[None]:
        """Let *answer* say what AWS says to an operation that is permitted."""
        self._answers[operation] = answer
        try:
            yield
        finally:
            del self._answers[operation]

    def _instead(self, operation: str, parameters: Any) -> Any:
        answer = self._answers.get(operation)
        return (SimpleNamespace(status_code=200), answer(parameters)) if answer else None

    def _note(self, params: Any, context: dict[str, Any], **_others: Any) -> None:
        context[_PARAMETERS] = params

    def _answer(self, model: OperationModel, context: dict[str, Any], **_others: Any) -> Any:
        if self._acting is None:
            return None
        service, operation = str(model.service_model.service_name), str(model.name)
        refused = self._refused(*needs_of(service, operation, context[_PARAMETERS]))
        if not refused:
            return self._instead(operation, context[_PARAMETERS])
        if operation == "DeleteObjects":
            return _refused_one_by_one(context[_PARAMETERS], refused)
        code, status = _SAID.get(service, ("AccessDenied", 403))
        if operation.startswith("Head"):
            return _response(status, code="403", message="Forbidden")
        return _response(status, code=code, message=self._message(refused[0]))

    def _hide(
        self, model: OperationModel, parsed: dict[str, Any], context: Any, **_others: Any
    ) -> None:
        """Deny what is not there, unless the role may see that."""
        if (
            parsed.get("Error", {}).get("Code") not in _MISSING
            or "Key" not in context[_PARAMETERS]
        ):
            return
        refused = self._refused(to_see_that_it_is_missing(context[_PARAMETERS]["Bucket"]))
        if refused:
            code, message = ("AccessDenied", self._message(refused[0]))
            if model.name == "HeadObject":
                code, message = "403", "Forbidden"
            parsed["Error"] = {"Code": code, "Message": message}
            parsed["ResponseMetadata"]["HTTPStatusCode"] = 403

    def _refused(self, *requests: Request) -> list[Request]:
        if self._acting is None:
            return []
        return [request for request in requests if not self._acting.permits(request)]

    def _message(self, request: Request) -> str:
        name = self._acting.name if self._acting else ""
        return (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session is not authorized to"
            f" perform: {request.action} on resource: {request.resource} because no identity-based"
            f" policy allows the {request.action} action"
        )


def _response(status: int, *, code: str, message: str) -> tuple[Any, dict[str, Any]]:
    parsed = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
    }
    return SimpleNamespace(status_code=status), parsed


def _refused_one_by_one(
    parameters: Mapping[str, Any], refused: list[Request]
) -> tuple[Any, dict[str, Any]]:
    """Say of each blob that it stays, as S3 does in an answer that is fine itself."""
    closed = {request.resource for request in refused}
    bucket = parameters["Bucket"]
    kept = [
        {"Key": blob["Key"], "Code": "AccessDenied", "Message": "Access Denied"}
        for blob in parameters["Delete"]["Objects"]
        if blob_arn(bucket, blob["Key"]) in closed
    ]
    return SimpleNamespace(status_code=200), {
        "Errors": kept,
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}},
    }
