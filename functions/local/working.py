"""`headrace work`: a worker on this machine, for the queues of a stack that is deployed."""

import os
from collections.abc import Mapping
from typing import Any, Final

from boto3.session import Session
from botocore.exceptions import ClientError

from adapters.aws.client import IMPATIENT
from adapters.aws.errors import code_of
from functions.local.aws_words import spoken_plainly
from functions.local.dead_letters import outputs_of, session_for
from functions.local.refusal import RefusalError

_WORKER: Final = "WorkerFunctionName"
_NEEDS: Final = "It takes lambda:GetFunctionConfiguration on the stack's worker."
# What a worker is told; the rest of its environment is Lambda's own.
_TOLD: Final = ("HEADRACE_", "POWERTOOLS_")


def work(stack: str | None, options: Mapping[str, Any]) -> int:
    """Work until a signal comes; return the code that the process is to end with.

    Args:
        stack: Whose queues; None: the environment says so.
        options: As `WorkSettings` has them; None is left to the environment.

    Raises:
        RefusalError: There is something wrong with the stack, or with the options.
    """
    if stack is not None:
        os.environ.update(environment_of(stack, session_for(None)))
    # It reads the environment when it is imported.
    from functions import work as process
    from functions.settings import SettingsError, WorkSettings

    try:
        settings = WorkSettings.from_environment(**options)
    except SettingsError as error:
        raise RefusalError(str(error)) from error
    return process.work(settings)


def environment_of(stack: str, session: Session) -> Mapping[str, str]:
    """Return what the worker of the stack is told: whoever works beside it goes by the same.

    Raises:
        RefusalError: There is no such stack, or its worker may not be looked at.
    """
    (name,) = outputs_of(stack, (_WORKER,), session)
    with spoken_plainly("lambda:GetFunctionConfiguration", needs=_NEEDS):
        client = session.client("lambda", config=IMPATIENT)
        try:
            found = client.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise RefusalError(f"The stack '{stack}' has no worker '{name}' any more.") from error
    variables = found.get("Environment", {}).get("Variables", {})
    told = {name: value for name, value in variables.items() if name.startswith(_TOLD)}
    return {**told, "AWS_REGION": client.meta.region_name}
