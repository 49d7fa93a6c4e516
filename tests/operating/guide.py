"""`docs/operating.md`, taken apart: what it tells people to type, and the names that it uses."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PROGRAM: Final = re.compile(r"^\.venv/bin/python - <<'END'\n(.*?)^END$", re.DOTALL | re.MULTILINE)
_ROW: Final = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class AwsCall:
    """A command of the AWS CLI, such as `aws sqs purge-queue --queue-url X`.

    Args:
        waits: It is `aws SERVICE wait OPERATION`.
    """

    service: str
    operation: str
    options: tuple[str, ...]
    waits: bool = False


def programs() -> list[str]:
    """Return the Python that the guide has people run."""
    return _PROGRAM.findall(TEXT)


def lines() -> list[list[str]]:
    """Return every command line in the guide, in words."""
    found = []
    for block in _BLOCK.findall(TEXT):
        for line in _PROGRAM.sub("", block).splitlines():
            words = shlex.split(line, comments=True)
            found += [words] if words else []
    return found


def lines_of(program: str) -> list[list[str]]:
    return [words[1:] for words in lines() if words[0].rpartition("/")[2] == program]


def aws_calls() -> list[AwsCall]:
    return [_aws_call(*words) for words in lines_of("aws")]


def parameters() -> list[str]:
    """Return the parameters that the guide has a row for."""
    section = TEXT.partition("### Parameters")[2].partition("\n## ")[0]
    return _ROW.findall(section)


def names() -> set[str]:
    """Return every word that stands in backticks by itself."""
    return set(re.findall(r"`(\w+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)))


def anchors() -> set[str]:
    """Return the headings as links spell them."""
    found = (heading.lower() for heading in _HEADING.findall(TEXT))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in found}


def links() -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", TEXT)


def _aws_call(service: str, operation: str, *rest: str) -> AwsCall:
    waits = operation == "wait"
    return AwsCall(
        service=service,
        operation=rest[0] if waits else operation,
        options=tuple(word.removeprefix("--") for word in rest if word.startswith("--")),
        waits=waits,
    )
