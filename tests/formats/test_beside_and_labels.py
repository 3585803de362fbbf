"""Columns and label names that stand in other files: joined line by line, checked, fingerprinted."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from workbench import Cli, write_jsonl

from ittools.errors import IttoolsError, UsageError
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import chunks, pieces

Row = dict[str, Any]


def rows(path: Path, work: Path, **how: Any) -> list[Row]:
    every = pieces(open_tables(TableOptions(inputs=(str(path),), **how)), work)
    return [
        row for number, piece in enumerate(every) for chunk in chunks(piece, number) for row in chunk.rows
    ]


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_of_another_file_are_a_column(tmp_path: Path) -> None:
    texts, labels = put(tmp_path / "t.txt", "a\n\nc\n"), put(tmp_path / "l.txt", "1\n0\n1\n")
    ids = put(tmp_path / "ids.tsv", "id\tx\n7\t.\n8\t.\n9\t.\n")
    found = rows(texts, tmp_path, beside=(f"label={labels}", f"id={ids}"))
    assert found == [
        {"text": t, "label": n, "id": i} for t, n, i in (("a", "1", "7"), ("", "0", "8"), ("c", "1", "9"))
    ]


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("1\n0\n", "l.txt: ends before {}/t.txt:3; --beside needs a value for each row"),
        ("1\n0\n1\n0\n", "t.txt: ends before {}/l.txt:4; --beside needs a value for each row"),
    ],
)
def test_files_of_other_lengths_are_refused(tmp_path: Path, labels: str, problem: str) -> None:
    texts, other = put(tmp_path / "t.txt", "a\nb\nc\n"), put(tmp_path / "l.txt", labels)
    with pytest.raises(IttoolsError) as refusal:
        rows(texts, tmp_path, beside=(f"label={other}",))
    assert str(refusal.value) == f"{tmp_path}/{problem.format(tmp_path)}"


def test_what_beside_cannot_go_with_is_refused(tmp_path: Path) -> None:
    texts, other = put(tmp_path / "t.txt", "a\n"), put(tmp_path / "l.txt", "1\n")
    lines = write_jsonl(tmp_path / "x.jsonl", [{"text": "a"}])
    for path, word, problem in (
        (texts, "label", "--beside label: expected column=FILE, e.g. label=train_labels.txt"),
        (texts, "label=none.txt", "--beside label=none.txt: no such file of "),
        (
            lines,
            f"label={other}",
            f"--beside label={other}: goes with one .txt, .csv, .tsv or .json file, not {lines}",
        ),
        (texts, f"text={other}", f"{texts}:1: has a column 'text' already; give --beside another name"),
    ):
        with pytest.raises(IttoolsError) as refusal:
            rows(path, tmp_path, beside=(word,))
        assert str(refusal.value).startswith(problem)
    with pytest.raises(IttoolsError, match=r"goes with one \.txt"):
        open_tables(TableOptions(inputs=(str(texts), str(texts)), beside=(f"label={other}",)))


@pytest.mark.parametrize(
    ("text", "cells", "numbers"),
    [
        ("no\nyes\n", "no\nyes\n0\n1\n", [0, 1, 0, 1]),
        ("0\tno\n1\tyes\n", "no\nyes\n0\n1\n", [0, 1, 0, 1]),
        ("1\tno\n2\tyes\n", "no\nyes\n1\n2\n", [0, 1, 0, 1]),
        ('["no", "yes"]', "no\nyes\n0\n1\n", [0, 1, 0, 1]),
    ],
)
def test_label_names_come_from_lines_numbered_lines_or_json(
    tmp_path: Path, text: str, cells: str, numbers: list[int]
) -> None:
    names, path = put(tmp_path / "names.txt", text), put(tmp_path / "t.txt", cells)
    found = rows(path, tmp_path, columns="label", labels=(f"label=@{names}",))
    assert [row["label"] for row in found] == numbers


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0\tno\n2\tyes\n", "the numbers in {} do not count up one by one"),
        ('["no"', "{} cannot be read (Expecting"),
    ],
)
def test_label_files_that_say_nothing_clear_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    names, path = put(tmp_path / "names.txt", text), put(tmp_path / "t.txt", "0\n")
    with pytest.raises(IttoolsError) as refusal:
        rows(path, tmp_path, columns="label", labels=(f"label=@{names}",))
    assert problem.format(names) in str(refusal.value)


def test_another_content_of_such_a_file_is_another_input(tmp_path: Path) -> None:
    texts, other = put(tmp_path / "t.txt", "0\n"), tmp_path / "l.txt"
    marks = set()
    for how in ({"beside": (f"label={other}",)}, {"labels": (f"text=@{other}",)}):
        for content in ("1\n", "2\n"):
            put(other, content)
            (table,) = open_tables(TableOptions(inputs=(str(texts),), **how))  # type: ignore[arg-type]
            marks.add(table.entry.fingerprint)
    assert len(marks) == 4


def test_lists_without_names_say_what_to_give(tmp_path: Path, cli: Cli) -> None:
    path = put(tmp_path / "d.json", '[\n[["a", "b"], "x"]]')
    ran = cli("template", "--style", "dialogue", path, "--out", tmp_path / "out")
    problem = "expected an object, got list; name what stands in the lists with --columns"
    assert (ran.code, ran.err.splitlines()[-1]) == (1, f"ittools template: {path}:2: {problem}")


@pytest.mark.parametrize(
    ("labels", "given", "numbers"),
    [
        ("label:1=1,2,3", ["1", "2", "3"], [0, 1, 2]),
        ("label:0=1,2,3", ["0", "1", "2"], [0, 1, 2]),
        ("label=0,1", ["0", "1"], [0, 1]),
        ("label=10,20,30", ["10", "30", "0", "2"], [0, 2, 0, 2]),
        ("label=no,yes", ["0", "1", "1.0", " 1"], [0, 1, 1, 1]),
    ],
)
def test_digits_are_the_same_class_as_text_and_as_a_number(
    tmp_path: Path, labels: str, given: list[str], numbers: list[int]
) -> None:
    table = put(tmp_path / "t.csv", "label\n" + "".join(f'"{one}"\n' for one in given))
    assert [row["label"] for row in rows(table, tmp_path, labels=(labels,))] == numbers
    for kind in (int, float):
        counted = write_jsonl(tmp_path / "t.jsonl", [{"label": kind(float(one))} for one in given])
        assert [row["label"] for row in rows(counted, tmp_path, labels=(labels,))] == numbers


@pytest.mark.parametrize("names", ["1,2,3", "1.0,2.0", "1,0"])
def test_names_that_are_numbers_of_other_classes_need_the_number_of_the_first(
    tmp_path: Path, names: str
) -> None:
    table = put(tmp_path / "t.csv", "label\n1\n")
    with pytest.raises(UsageError) as refusal:
        rows(table, tmp_path, labels=(f"label={names}",))
    assert f"say the number of the first: label:1={names} or label:0={names}" in str(refusal.value)
    listed = put(tmp_path / "names.txt", names.replace(",", "\n"))
    with pytest.raises(UsageError, match="is also the number of another class"):
        rows(table, tmp_path, labels=(f"label=@{listed}",))


@pytest.mark.parametrize(("labels", "value"), [("label:0=1,2,3", 3), ("label=no,yes", 1.5), ("label=a", -1)])
def test_a_number_of_no_class_is_refused(tmp_path: Path, labels: str, value: float) -> None:
    table = write_jsonl(tmp_path / "t.jsonl", [{"label": value}])
    with pytest.raises(IttoolsError, match=rf"t\.jsonl:1: label is {value}, which --labels does not name"):
        rows(table, tmp_path, labels=(labels,))


def test_a_column_that_map_puts_aside_is_kept_in_meta_of_a_table(tmp_path: Path) -> None:
    for table in (
        write_jsonl(tmp_path / "t.jsonl", [{"text": "old", "body": "new", "n": 1}]),
        put(tmp_path / "t.csv", "text,body,n\nold,new,1\n"),
    ):
        [row] = rows(table, tmp_path, map=("text=body",))
        assert (row["text"], str(row["n"]), row["meta"]) == ("new", "1", '{"text": "old"}')


def test_a_folder_of_texts_is_read_by_a_split_that_is_named(tmp_path: Path) -> None:
    for name in ("train", "test"):
        put(tmp_path / f"{name}.csv", f"text\n{name}\n")
    assert [row["text"] for row in rows(tmp_path, tmp_path)] == ["test", "train"]
    assert rows(tmp_path, tmp_path, split="test") == [{"text": "test"}]
    with pytest.raises(IttoolsError, match="no split 'nosuch'; there are: test, train"):
        rows(tmp_path, tmp_path, split="nosuch")
    with pytest.raises(IttoolsError, match=r"test\.csv: no split 'train': it is one file"):
        rows(tmp_path / "test.csv", tmp_path, split="train")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "stdin: holds no record"),
        (
            b'{"text": "a"}\n{"text": "\xff"}\n',
            "stdin:2: not UTF-8 (invalid start byte); convert it with iconv",
        ),
    ],
)
def test_a_pipe_of_templates_is_read_as_strictly_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, problem: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(IttoolsError) as refusal:
        rows(Path("-"), tmp_path)
    assert str(refusal.value) == problem


def test_a_pipe_is_utf_8_whatever_the_terminal_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte order mark is no text; the encoding of sys.stdin follows the locale and does not matter."""
    content = '\ufeff{"text": "Käse"}\n\n{"text": "b"}'.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="latin-1"))
    assert rows(Path("-"), tmp_path) == [{"text": "Käse"}, {"text": "b"}]
