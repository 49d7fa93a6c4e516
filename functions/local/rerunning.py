"""`headrace rerun`: let a run of a deployed stack go again from one of its stages."""

import json
from typing import Final
from urllib.parse import quote

from ulid import ULID

from functions.local.refusal import RefusalError
from functions.local.remote import RemoteApi
from functions.local.terminal import Terminal

LONGEST_KEY: Final = 255


def rerun(
    run_id: str, stage_id: str, terminal: Terminal, *, url: str | None, key: str | None
) -> dict[str, object]:
    """Ask for it, once for each *key*, and say what became of it.

    Raises:
        RefusalError: It was refused, or there was no answer.
    """
    # Drawn here, so that the request can be sent again whatever becomes of it.
    key = str(ULID()) if key is None else _checked(key)
    path = f"/runs/{quote(run_id, safe='')}/rerun"
    promised = ("generation", "rerun")
    answer = RemoteApi(url).post(path, {"stage_id": stage_id}, key=key, promised=promised)
    generation = answer["generation"]
    if answer["rerun"]:
        terminal.say(f"Run {run_id} goes again from '{stage_id}', in generation {generation}.")
    else:
        terminal.say(f"Run {run_id} was rerun with this key before, in generation {generation}.")
    return answer


def _checked(key: str) -> str:
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        hint = f"Give 1 to {LONGEST_KEY} printable ASCII characters, or leave it out."
        raise RefusalError("What --key gives cannot be sent.", hint=hint)
    return key


def dumped(answer: dict[str, object]) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False)
