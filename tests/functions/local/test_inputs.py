"""What the user gives is JSON, a file of it, or standard input; anything else is said plainly."""

import io
from pathlib import Path

import pytest

from functions.local.inputs import read_file, read_input, read_json
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


@pytest.mark.parametrize(
    "table",
    [
        'id,text\na,"One, and\nmore"\nb, \n',
        '\ufeffid;text\r\na;"One, and\nmore"\r\nb;\r\n',
        '\nid\t text\na\t"One, and\nmore"\n\nb\n',
    ],
)
def test_each_line_of_a_table_is_an_object_without_what_is_empty(
    tmp_path: Path, table: str
) -> None:
    file = tmp_path / "input.CSV"
    file.write_bytes(table.encode())

    records = read_file(file)

    assert records == [{"id": "a", "text": "One, and\nmore"}, {"id": "b"}]


def test_a_file_that_is_no_table_is_json(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('\ufeff[{"id": 1}]', encoding="utf-8")

    value = read_file(file)

    assert value == [{"id": 1}]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "The file '{}' is empty."),
        ("a.json", b" \n", "The file '{}' is empty."),
        ("a.csv", b"id,text\na,b,c\n", "The file '{}' is not a table: line 2 has more cells"),
        ("a.csv", b'id,text\na,"b\n', "The file '{}' is not a table: unexpected end of data."),
        ("a.csv", b"id,text\na,\xff\n", "The file '{}' is not UTF-8 text."),
        ("a.json", b"id,text\n", "The file '{}' is not JSON: "),
        ("none/a.csv", None, "The file '{}' cannot be read: no such file or directory."),
    ],
)
def test_a_file_that_is_neither_json_nor_a_table_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(RefusalError) as caught:
        read_file(file)

    assert caught.value.sentence.startswith(sentence.format(file))
    assert (caught.value.code, bool(caught.value.hint)) == (2, True)


def test_input_comes_from_one_place(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="or in what --input gives") as caught:
        read_input(tmp_path / "a.csv", "{}")

    assert (caught.value.code, read_input(None, None), read_input(None, "3")) == (2, None, 3)
