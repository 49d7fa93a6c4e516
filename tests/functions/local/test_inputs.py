"""What the user gives is JSON, a file of it, or standard input; anything else is said plainly."""

import io
from pathlib import Path

import pytest

from functions.local.inputs import read_json
from functions.local.refusal import RefusalError


def test_json_is_read_from_the_command_line_from_a_file_and_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"name": "Ada"}', encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "Ada"}'))

    read = [read_json(text, option="--input") for text in ('{"name": "Ada"}', f"@{file}", "-")]

    assert read == [{"name": "Ada"}] * 3


@pytest.mark.parametrize("text", ["{", "{'name': 1}", "", '{"a": NaN}', "[" * 100_000])
def test_what_is_not_json_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(
        RefusalError, match=r"^What --input gives is not JSON: [^\n]+\.$"
    ) as caught:
        read_json(text, option="--input")

    assert caught.value.code == 2
    assert "--input @input.json" in caught.value.hint


def test_a_file_that_is_not_there_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    odd.write_bytes(b'{"name": "\xff"}')

    refused = []
    for path in (tmp_path / "none.json", tmp_path, odd):
        with pytest.raises(RefusalError) as caught:
            read_json(f"@{path}", option="--config")
        refused.append(caught.value.sentence)

    assert refused == [
        f"The file '{tmp_path / 'none.json'}' cannot be read: no such file or directory.",
        f"The file '{tmp_path}' cannot be read: is a directory.",
        f"The file '{odd}' is not UTF-8 text.",
    ]
