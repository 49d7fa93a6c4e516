"""Topics: dotted paths that costs are added up by."""

import re
from typing import Final

from kernel.errors import InvalidInputError

_SEGMENT: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
LONGEST: Final = 512


def of_stage(workflow_id: str, stage_id: str) -> str:
    """Return the topic of a stage's calls. Runs are told apart elsewhere: theirs add up."""
    return f"workflow.{workflow_id}.stage.{stage_id}"


def below(topic: str, segment: str) -> str:
    """Return the topic one step further.

    Raises:
        InvalidInputError: *segment* is not 1 to 64 letters, digits, `-` and `_`, or it is too far.
    """
    return checked(f"{topic}.{segment}" if _SEGMENT.fullmatch(segment) else f"{topic}..{segment}")


def checked(topic: str) -> str:
    """Return *topic*.

    Raises:
        InvalidInputError: It is no dotted path.
    """
    if len(topic) <= LONGEST and all(map(_SEGMENT.fullmatch, topic.split("."))):
        return topic
    message = (
        f"{topic!r} is no topic: its parts are 1 to 64 letters, digits, '-' and '_', with dots"
        f" between them, {LONGEST} characters in all."
    )
    raise InvalidInputError(message, problems=[message])
