"""Proves that text is read in the encoding that it was written in, and the rest is refused."""

import hashlib
import unicodedata

import pytest

from functions.workflows.digesting.decoding import NotTextError, decode

FRENCH = "L'été dernier, nous avons mangé à la crêperie « Chez Zoé », près de l'église."
RUSSIAN = "Привет, мир! Это русский текст в старой кодировке, и он достаточно длинный."


def noise(length: int) -> bytes:
    return hashlib.shake_128(b"noise").digest(length)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "cp1252"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-32"),
        (RUSSIAN, "cp1251"),
        ("これは日本語のテキストです。とても短い。", "shift_jis"),
        ("مرحبا بالعالم 😀", "utf-8"),
    ],
)
def test_text_is_read_in_the_encoding_that_it_was_written_in(text: str, encoding: str) -> None:
    content = text.encode(encoding)

    decoded = decode(content)

    assert decoded.text == text


def test_a_byte_that_went_wrong_does_not_spoil_a_utf_8_text() -> None:
    content = (FRENCH * 3).encode() + b"\xff."

    decoded = decode(content)

    assert decoded.text == f"{FRENCH * 3}\ufffd."
    assert decoded.encoding == "utf-8, 1 unreadable"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (noise(3_000), "binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise(500), "image/png"),
        (b"PK\x03\x04\x14\0\0\0\x08\0" + noise(500), "application/zip"),
        (b"\0\0\0\0\0\0\0\0", "binary"),
    ],
    ids=["noise", "picture", "archive", "nothing"],
)
def test_what_is_not_text_is_refused(content: bytes, kind: str) -> None:
    with pytest.raises(NotTextError, match=kind):
        decode(content)


def test_text_comes_in_plain_form() -> None:
    content = unicodedata.normalize("NFD", "Café\r\nfin\x07\x1b[1m").encode()

    decoded = decode(content)

    assert decoded.text == "Café\nfin[1m"
