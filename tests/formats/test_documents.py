"""Documents and passages: text files, folders of them, rows with a text, records."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from workbench import Cli, Row, numbered, read_records, write_jsonl

from ittools.errors import InputError
from ittools.formats.documents import Document, read_documents
from ittools.formats.source import ReadOptions
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.store.dataset import InputEntry


def documents(*specs: Path, **options: str) -> list[Document]:
    return read_documents(ReadOptions(inputs=tuple(map(str, specs)), **options))[0]  # type: ignore[arg-type]


def texts(*specs: Path) -> list[str]:
    return [one.text for one in documents(*specs)]


def entry(spec: Path) -> InputEntry:
    (found,) = read_documents(ReadOptions(inputs=(str(spec),)))[1]
    return found


def wrote(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(*specs: Path) -> str:
    with pytest.raises(InputError) as refused:
        documents(*specs)
    return str(refused.value)


# --- text files and folders ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "found"),
    [("one\n\ntwo", ["one", "two"]), ("one\nstill one\n\n\n \t\n\ntwo\n", ["one\nstill one", "two"]),
     ("one\r\nstill one\r\n\r\ntwo\r\n", ["one\nstill one", "two"]), ("\ufeffone", ["one"]),
     ("  one  \n\n---\n\n***\n\n二\n", ["one", "二"]), ("# Head\n\nBody.", ["# Head", "Body."])],
)  # fmt: skip
@pytest.mark.parametrize("name", ["notes.txt", "notes.md", "NOTES.TXT", "notes.txt.gz"])
def test_text_file_is_a_document_a_paragraph(
    tmp_path: Path, name: str, content: str, found: list[str]
) -> None:
    raw = content.encode()
    path = wrote(tmp_path / name, gzip.compress(raw) if name.endswith(".gz") else raw)
    assert texts(path) == found
    assert {one.source for one in documents(path)} == {name.split(".", maxsplit=1)[0]}


def test_folder_is_a_document_a_file_with_its_name_as_title(tmp_path: Path) -> None:
    wrote(tmp_path / "b.md", "# B\r\n\r\nBody.\r\n")
    wrote(tmp_path / "deep" / "a.TXT", "\ufeffA.\n\nMore of it.")
    wrote(tmp_path / "c.html", "<p>left alone</p>")
    wrote(tmp_path / "empty.txt", " \n")
    assert documents(tmp_path, license="CC0-1.0", language="en") == [
        Document("# B\n\nBody.", "b", "b", "CC0-1.0", "en"),
        Document("A.\n\nMore of it.", "a", "a", "CC0-1.0", "en"),
    ]


def test_what_is_said_of_a_document_is_the_users_word_or_nothing(tmp_path: Path) -> None:
    path = wrote(tmp_path / "notes.txt", "one")
    assert documents(path) == [Document("one", "notes", "", UNSPECIFIED_LICENSE, None, ())]
    assert documents(path, source="wiki", license="CC-BY-4.0", language="de") == [
        Document("one", "wiki", "", "CC-BY-4.0", "de")
    ]


def test_inputs_follow_each_other_in_the_order_given(tmp_path: Path) -> None:
    one, two = wrote(tmp_path / "2.txt", "b\n\nc"), write_jsonl(tmp_path / "1.jsonl", [{"text": "a"}])
    assert texts(one, two) == ["b", "c", "a"]
    assert texts(two, one, two) == ["a", "b", "c", "a"]


# --- rows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["text", "passage", "content", "document", "body"])
def test_rows_give_their_text_under_any_of_its_names(tmp_path: Path, column: str) -> None:
    path = write_jsonl(tmp_path / "wiki.jsonl", [{"id": 1, "title": "T", column: " one "}])
    assert documents(path, license="CC0-1.0") == [Document("one", "wiki", "T", "CC0-1.0")]


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "tsv", "yaml", "jsonl.gz"])
def test_rows_come_from_every_kind_of_file(tmp_path: Path, ending: str) -> None:
    rows = [{"title": "A", "text": "one"}, {"title": "B", "text": "two"}]
    lines = {"json": json.dumps(rows), "jsonl": "\n".join(map(json.dumps, rows)),
             "csv": "title,text\r\nA,one\r\nB,two\r\n", "tsv": "title\ttext\nA\tone\nB\ttwo\n",
             "yaml": "- {title: A, text: one}\n- {title: B, text: two}\n"}  # fmt: skip
    content = lines[ending.removesuffix(".gz")].encode()
    path = wrote(tmp_path / f"wiki.{ending}", gzip.compress(content) if ending.endswith("gz") else content)
    assert [(one.title, one.text, one.source) for one in documents(path)] == [
        ("A", "one", "wiki"), ("B", "two", "wiki"),
    ]  # fmt: skip


def test_licence_and_language_of_a_row_come_before_the_users_word(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"text": "one", "license": "MIT", "language": "fr"}, {"text": "two", "license": "", "language": None},
        {"text": "three", "license": 7, "title": ["no", "text"]},
    ]  # fmt: skip
    found = documents(write_jsonl(tmp_path / "rows.jsonl", rows), license="CC0-1.0", language="en")
    assert [(one.license, one.language, one.title) for one in found] == [
        ("MIT", "fr", ""), ("CC0-1.0", "en", ""), ("CC0-1.0", "en", ""),
    ]  # fmt: skip


def test_rows_with_an_empty_text_are_left_out_wherever_they_stand(tmp_path: Path) -> None:
    empty: list[Row] = [{"text": None}, {"text": ""}, {"text": " ... "}]
    assert texts(write_jsonl(tmp_path / "rows.jsonl", [*empty, {"text": "one"}, *empty])) == ["one"]
    assert texts(wrote(tmp_path / "rows.csv", "title,text\nA,\nB,one\n")) == ["one"]


def test_lone_surrogates_are_mended(tmp_path: Path) -> None:
    path = wrote(tmp_path / "rows.jsonl", '{"text": "a\\ud800", "title": "\\udc00"}')
    assert documents(path) == [Document("a�", "rows", "�")]


@pytest.mark.parametrize(
    ("rows", "place"),
    [([{"text": "one"}, {"body": "two"}], 2), ([{"text": "one"}, {"text": 2}], 2),
     ([{"text": "one"}, {"instruction": "Add.", "output": "2"}], 2)],
)  # fmt: skip
def test_rows_of_another_shape_among_texts_are_named_by_their_line(
    tmp_path: Path, rows: list[Row], place: int
) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    assert refusal(path) == f"{path}:{place}: no text in the column 'text'"


# --- records --------------------------------------------------------------------------------------------


def test_records_give_their_outputs_with_licence_language_and_id(tmp_path: Path) -> None:
    row = {"instruction": "Say one.", "input": "", "output": "one", "text": "left alone", "license": "MIT"}
    (found,) = documents(write_jsonl(tmp_path / "own.jsonl", [row]), language="en")
    assert (found.text, found.source, found.license, found.language) == ("one", "own", "MIT", "en")
    assert [len(identity) for identity in found.ids] == [32]


def test_dataset_directory_is_read_as_its_records(cli: Cli, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    assert cli("filter", source, "--out", tmp_path / "out", "--license", "MIT").code == 0
    found = documents(tmp_path / "out")
    assert [one.text for one in found] == [row["output"] for row in numbered(3)]
    assert [one.ids for one in found] == [(row["id"],) for row in read_records(tmp_path / "out")]
    assert {one.license for one in found} == {"MIT"}


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", " \n\n ", "...\n\n---"])
def test_nothing_to_read_is_said_with_the_names(tmp_path: Path, content: str) -> None:
    one, two = wrote(tmp_path / "one.txt", content), wrote(tmp_path / "two.txt", content)
    assert refusal(one, two) == f"no document in {one}, {two}"


@pytest.mark.parametrize("name", ["notes.pdf", "notes", "notes.docx.gz"])
def test_unknown_ending_is_refused(tmp_path: Path, name: str) -> None:
    path = wrote(tmp_path / name, "text")
    assert refusal(path).startswith(f"{path}: unknown ending; ittools reads ")


def test_missing_unreadable_and_not_utf8_are_said(tmp_path: Path) -> None:
    latin, broken = wrote(tmp_path / "a.txt", b"caf\xe9"), wrote(tmp_path / "b.txt.gz", b"no gzip")
    rows = wrote(tmp_path / "c.jsonl", b'{"text": "one"}\n{"text": "caf\xe9"}\n')
    assert refusal(latin).startswith(f"{latin}: not UTF-8 (")
    assert refusal(rows).startswith(f"{rows}:2: not UTF-8 (")
    assert refusal(broken).startswith(f"{broken}: cannot be read (")
    assert refusal(tmp_path / "none.txt").startswith(f"{tmp_path / 'none.txt'}: no such file or directory")


def test_broken_json_names_its_line(tmp_path: Path) -> None:
    path = wrote(tmp_path / "rows.jsonl", '{"text": "one"}\n{"text": \n')
    assert refusal(path).startswith(f"{path}:2: not JSON (")


def test_rows_without_any_text_say_how_to_name_a_column(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", [{"abstract": "one"}])
    assert refusal(path).startswith(f"{path}:1: cannot map the columns abstract; name them with --map")


# --- fingerprints -----------------------------------------------------------------------------------------


def test_fingerprint_follows_content_and_names_but_not_the_folder_above(tmp_path: Path) -> None:
    one, same = wrote(tmp_path / "x" / "a.txt", "one"), wrote(tmp_path / "y" / "a.txt", "one")
    other, named = wrote(tmp_path / "z" / "a.txt", "two"), wrote(tmp_path / "x2" / "b.txt", "one")
    assert entry(one).fingerprint == entry(same).fingerprint
    assert entry(one.parent).fingerprint == entry(same.parent).fingerprint
    for changed in (other, named):  # a name is the source of its paragraphs, and the title in a folder
        assert entry(one).fingerprint != entry(changed).fingerprint
        assert entry(one.parent).fingerprint != entry(changed.parent).fingerprint
    assert entry(one).kind == "documents"
