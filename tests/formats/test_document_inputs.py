"""Documents: texts to read, of every shape."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ittools.errors import InputError
from ittools.formats.documents import Document, read_documents
from ittools.formats.source import ReadOptions


def read(*paths: Path, **others: str) -> list[Document]:
    return read_documents(ReadOptions(inputs=tuple(map(str, paths)), **others))[0]  # type: ignore[arg-type]


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_text_file_is_a_document_a_paragraph(tmp_path: Path) -> None:
    path = write(
        tmp_path / "notes.txt", "\ufeffOne line\r\nand another.\r\n\r\n \r\nThe second.\r\n\r\n---\r\n"
    )
    assert [one.text for one in read(path)] == ["One line\nand another.", "The second."]
    assert read(path)[0].source == "notes"


def test_folder_is_a_document_a_file_in_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b.md", "Second.\n\nOf two paragraphs.")
    write(tmp_path / "a.txt", "First.")
    write(tmp_path / "c.csv", "text\nno")
    found = read(tmp_path)
    second = ("Second.\n\nOf two paragraphs.", "b")
    assert [(one.text, one.title) for one in found] == [("First.", "a"), second]


@pytest.mark.parametrize("column", ["text", "passage", "content", "document", "body"])
def test_rows_give_their_text_title_licence_and_language(tmp_path: Path, column: str) -> None:
    row = {column: "Hallo.", "title": "Gruß", "license": "CC0-1.0", "language": "de"}
    with gzip.open(tmp_path / "rows.jsonl.gz", "wb") as handle:
        handle.write(json.dumps(row).encode() + b"\n")
    [found] = read(tmp_path / "rows.jsonl.gz", license="MIT")
    assert (found.text, found.title, found.license, found.language) == ("Hallo.", "Gruß", "CC0-1.0", "de")


def test_records_give_their_outputs_and_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", '{"instruction": "Greet.", "output": "Good morning."}\n')
    [found] = read(path, license="MIT", language="en")
    assert (found.text, found.license, found.language, len(found.ids)) == ("Good morning.", "MIT", "en", 1)


def test_licence_of_rows_that_state_none_is_the_given_one(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", '{"text": "A."}\n{"text": "B.", "license": "CC0-1.0"}\n')
    assert [one.license for one in read(path, license="MIT")] == ["MIT", "CC0-1.0"]


def test_texts_without_a_letter_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", '{"text": "---"}\n{"text": ""}\n{"text": "A."}\n')
    assert [one.text for one in read(path)] == ["A."]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"\n\n---\n", "no document in"),
        ("a.txt", b"caf\xe9", "not UTF-8"),
        ("a.jsonl", b'{"text": "A."}\n{"title": "B"}\n', "a.jsonl:2: no text in the column 'text'"),
        ("a.jsonl", b'{"colour": "red"}\n', "cannot map the columns colour"),
        ("a.pdf", b"%PDF", "unknown ending"),
    ],
)
def test_what_holds_no_text_is_an_error_that_says_so(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(tmp_path / name)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt: no such file"):
        read(tmp_path / "nowhere.txt")


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "One.")
    options = ReadOptions(inputs=(str(path),))
    before = read_documents(options)[1]
    assert read_documents(options)[1] == before
    write(path, "Two.")
    assert read_documents(options)[1] != before
