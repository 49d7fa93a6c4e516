"""Where somebody sits who calls `headrace rerun`, and what is said there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from functions.local.cli import app
from tests.functions.local.http_front import OWNER, REGION, SESSION


def sit_down(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let whoever sits here sign as the owner, and have no other credentials."""
    nothing = str(folder / "nothing")
    values = {
        "AWS_ACCESS_KEY_ID": OWNER.access_key,
        "AWS_SECRET_ACCESS_KEY": OWNER.secret_key,
        "AWS_SESSION_TOKEN": SESSION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in values.items():
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "HEADRACE_API_URL"):
        patch.delenv(name, raising=False)


def rerun(*words: str) -> Result:
    return CliRunner().invoke(app, ["rerun", *words])


def refused(result: Result) -> tuple[int, str, str]:
    """Return the exit code, the sentence and the hint; there must be nothing else."""
    assert result.stdout == ""
    sentence, hint = result.stderr.splitlines()
    return result.exit_code, sentence.removeprefix("Error: "), hint.removeprefix("Hint: ")
