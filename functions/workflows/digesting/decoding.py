"""Bytes to text: UTF-8 first, then whatever encoding they give away."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from functions.workflows.digesting.extras import extra

# So few bytes that are not UTF-8, for each character that is proof of it, are damage.
DAMAGED: Final = 10
TEXT_CONTROLS: Final = "\n\t"


@dataclass(frozen=True, kw_only=True)
class Decoded:
    text: str
    encoding: str


class NotTextError(Exception):
    """These bytes are no text; the message says what they look like."""


def decode(content: bytes) -> Decoded:
    """Return the text that *content* spells, in plain form.

    Raises:
        NotTextError: No encoding makes sense of it.
    """
    found = _as_utf8(content) or _as_guessed(content)
    return Decoded(text=_plain(found.text), encoding=found.encoding)


def _as_utf8(content: bytes) -> Decoded | None:
    text = content.decode("utf-8-sig", "replace")
    if "\0" in text:
        return None
    bad = text.count("\ufffd")
    proof = sum(character > "\x7f" for character in text) - bad
    if not bad:
        return Decoded(text=text, encoding="utf-8")
    if proof >= bad * DAMAGED:
        return Decoded(text=text, encoding=f"utf-8, {bad} unreadable")
    return None


def _as_guessed(content: bytes) -> Decoded:
    guess = extra("chardet").detect(content)
    encoding = guess["encoding"]
    if encoding is None:
        raise NotTextError(_kind_of_bytes(guess["mime_type"]))
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise NotTextError(f"damaged {encoding}") from error
    if "\0" in text:
        raise NotTextError(_kind_of_bytes(None))
    return Decoded(text=text, encoding=encoding.lower())


def _kind_of_bytes(mime_type: str | None) -> str:
    known = mime_type and mime_type not in {"application/octet-stream", "text/plain"}
    return str(mime_type) if known else "binary"


def _plain(text: str) -> str:
    lines = "\n".join(text.splitlines())
    return unicodedata.normalize("NFC", "".join(filter(_belongs, lines)))


def _belongs(character: str) -> bool:
    return character in TEXT_CONTROLS or (
        unicodedata.category(character) != "Cc" and character != "\ufeff"
    )
