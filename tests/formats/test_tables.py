"""Datasets as they are: rows, places, keys, class names, what no text comes from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import write_jsonl

from ittools.errors import InputError, IttoolsError, UsageError
from ittools.formats import tables as module
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import Chunk, chunks, pieces


def read(work: Path, *inputs: Path, **given: Any) -> list[Chunk]:
    tables = open_tables(TableOptions(inputs=tuple(map(str, inputs)), **given))
    found = list(enumerate(pieces(tables, work)))
    return [chunk for number, piece in found for chunk in chunks(piece, number)]


def rows(work: Path, *inputs: Path, **given: Any) -> list[dict[str, Any]]:
    return [row for chunk in read(work, *inputs, **given) for row in chunk.rows]


def file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_every_ending_gives_the_same_rows(tmp_path: Path) -> None:
    expected = [{"text": "one, two", "label": "a"}, {"text": "drei", "label": "b"}]
    lines = "".join(json.dumps(row) + "\n" for row in expected)
    made = [
        file(tmp_path / "a.jsonl", lines),
        file(tmp_path / "b.json", json.dumps(expected)),
        file(tmp_path / "c.csv", 'text,label\n"one, two",a\r\ndrei,b\n'),
        file(tmp_path / "d.tsv", "\ufefftext\tlabel\none, two\ta\ndrei\tb\n"),
        file(tmp_path / "e.yaml", "- {text: 'one, two', label: a}\n- {text: drei, label: b}\n"),
        file(tmp_path / "f.txt", "text\tlabel\none, two\ta\ndrei\tb\n"),
    ]
    (tmp_path / "g.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(pa.Table.from_pylist(expected), tmp_path / "h.parquet")
    for path in [*made, tmp_path / "g.jsonl.gz", tmp_path / "h.parquet"]:
        assert rows(tmp_path, path) == expected, path


def test_pieces_follow_from_the_input_and_keys_from_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RANGE", 50)
    monkeypatch.setattr(module, "ROWS", 2)
    source = write_jsonl(tmp_path / "a.jsonl", [{"n": n} for n in range(40)])
    found = read(tmp_path, source)
    assert [row["n"] for chunk in found for row in chunk.rows] == list(range(40))
    keys = [chunk.key(row) for chunk in found for row in range(len(chunk))]
    assert len(set(keys)) == 40
    assert found[-1].place(len(found[-1]) - 1) == f"{source}:40"


def test_a_large_file_that_no_task_can_cut_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE", 10)
    monkeypatch.setattr(module, "ROWS", 2)
    source = file(tmp_path / "a.csv", "n\n" + "".join(f"{n}\n" for n in range(30)))
    assert rows(tmp_path, source) == [{"n": str(n)} for n in range(30)]
    assert len(list(tmp_path.glob("rows-*.pickle"))) == 4


def test_columns_name_a_file_without_a_header(tmp_path: Path) -> None:
    source = file(tmp_path / "a.csv", '"3","Title","Text, long"\n"1","T","x"\n')
    assert rows(tmp_path, source, columns="label, title,text")[1] == {"label": "1", "title": "T", "text": "x"}
    with pytest.raises(InputError, match=r"a\.csv:1: 3 fields, --columns names 2"):
        rows(tmp_path, source, columns="label,title")
    pairs = file(tmp_path / "a.json", json.dumps([[["Hi"], {"q": 1}], [[], {}]]))
    assert rows(tmp_path, pairs, columns="turns,more")[0] == {"turns": ["Hi"], "more": {"q": 1}}
    with pytest.raises(InputError, match=r"a\.json#1: 2 values, --columns names 1"):
        rows(tmp_path, pairs, columns="turns")


def test_quotes_between_tabs_are_text_unless_all_of_them_are_csv_quotes(tmp_path: Path) -> None:
    bare = file(tmp_path / "a.tsv", 'a\tb\n"He said so\tand left"\nplain\t"quoted"\n')
    assert rows(tmp_path, bare) == [{"a": '"He said so', "b": 'and left"'}, {"a": "plain", "b": '"quoted"'}]
    csv = file(tmp_path / "b.tsv", 'a\tb\n"He said ""so"""\t1\n')
    assert rows(tmp_path, csv) == [{"a": 'He said "so"', "b": "1"}]


@pytest.mark.parametrize(
    ("labels", "given", "numbers"),
    [
        ("label=no,yes", ["yes", "no"], [1, 0]),
        ("label=no,yes", ["0", "1"], [0, 1]),
        ("label:1=World,Sports", ["1", "2"], [0, 1]),
        ("label=no,yes", [1, 0], [1, 0]),
        ("label=no,yes", ["", None], ["", None]),
    ],
)
def test_given_labels_become_numbers(
    tmp_path: Path, labels: str, given: list[Any], numbers: list[Any]
) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"label": value} for value in given])
    assert [row["label"] for row in rows(tmp_path, source, labels=(labels,))] == numbers


def test_a_label_that_is_not_named_is_an_error_with_its_place(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"label": "yes"}, {"label": "maybe"}])
    with pytest.raises(
        InputError, match=r"a\.jsonl:2: label is 'maybe', which --labels does not name: no, yes"
    ):
        rows(tmp_path, source, labels=("label=no,yes",))


def test_names_of_labels_may_stand_in_a_file(tmp_path: Path) -> None:
    names = file(tmp_path / "classes.txt", "World\nSports\n")
    source = write_jsonl(tmp_path / "a.jsonl", [{"label": "Sports"}])
    (chunk,) = read(tmp_path, source, labels=(f"label=@{names}",))
    assert chunk.rows == [{"label": 1}]
    assert chunk.about.labels[0].names == ("World", "Sports")


def test_class_names_of_parquet_are_known_and_numbers_stay(tmp_path: Path) -> None:
    features = {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}, "text": {"dtype": "string"}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    table = pa.table({"label": [1, 0], "text": ["a", "b"]}).replace_schema_metadata(about)
    pq.write_table(table, tmp_path / "a.parquet")
    (chunk,) = read(tmp_path, tmp_path / "a.parquet")
    assert [row["label"] for row in chunk.rows] == [1, 0]
    assert (chunk.about.labels[0].column, chunk.about.labels[0].names) == ("label", ("neg", "pos"))


def test_bytes_are_left_out_with_a_reason(tmp_path: Path) -> None:
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {"image": pa.array([{"bytes": b"\xff", "path": "x"}], image), "text": ["a"]}
    columns["thumbs"] = pa.array([[b"\xff"]], pa.list_(pa.binary()))
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (chunk,) = read(tmp_path, tmp_path / "a.parquet")
    assert chunk.rows == [{"text": "a"}]
    assert dict(chunk.about.left_out) == dict.fromkeys(
        ("image", "thumbs"), "bytes of an image, a sound or the like"
    )


def test_map_renames_columns_for_rows_and_for_texts(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"sentence1": "x", "n": 1}])
    (chunk,) = read(tmp_path, source, map=("premise=sentence1",))
    assert chunk.rows == [{"n": 1, "premise": "x"}]
    assert chunk.texts("premise").to_pylist() == ["x"]
    assert chunk.texts("n") is None
    with pytest.raises(InputError, match="--map names the column 'sentence2', but there are: sentence1, n"):
        rows(tmp_path, source, map=("premise=sentence2",))


def test_a_folder_is_all_its_files_of_data(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    file(folder / "b.json", '{"n": 2}')
    file(folder / "a.json", '{"n": 1}')
    file(folder / "LICENSE", "text")
    assert rows(tmp_path, folder) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"map": ("premise",)}, "--map premise: expected wanted=theirs"),
        ({"labels": ("label",)}, "--labels label: expected column=name,name"),
        ({"labels": ("label:x=a,b",)}, "--labels label:x=a,b: expected"),
        ({"labels": ("label=@none.txt",)}, "none.txt cannot be read"),
        ({"columns": "a,a"}, "--columns a,a: a name stands twice"),
    ],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"n": 1}])
    with pytest.raises(IttoolsError, match=said):
        open_tables(TableOptions(inputs=(str(source),), **given))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "a,b\n1\n", r"a\.csv:2: 1 fields, the header has 2"),
        ("a.csv", "a,a\n1,2\n", r"a\.csv:1: a column name stands twice"),
        ("a.csv", "a,b\n", r"a\.csv: holds no record"),
        ("a.txt", "", r"a\.txt: holds no record"),
        ("a.jsonl", "{]\n", r"a\.jsonl:1: not JSON"),
        ("a.doc", "x", r"a\.doc: unknown ending"),
    ],
)
def test_files_that_cannot_be_read_say_where(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        rows(tmp_path, file(tmp_path / name, content))


def test_no_input_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no input given"):
        open_tables(TableOptions(inputs=()))
    with pytest.raises(InputError, match="no such file or directory"):
        open_tables(TableOptions(inputs=(str(tmp_path / "none.csv"),)))


def test_labels_of_a_column_that_is_not_there_are_an_error(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"label": "yes"}])
    with pytest.raises(InputError, match="--labels names the column 'lable', not in label"):
        rows(tmp_path, source, labels=("lable=no,yes",))


def test_long_rows_come_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHARACTERS", 1_000)
    texts = [{"text": f"{n}" * 300} for n in range(9)]
    source = write_jsonl(tmp_path / "a.jsonl", texts)
    pq.write_table(pa.Table.from_pylist(texts), tmp_path / "b.parquet")
    for path in (source, tmp_path / "b.parquet"):
        found = read(tmp_path, path)
        assert [row for chunk in found for row in chunk.rows] == texts
        assert 1 < max(map(len, found)) < 9
        assert len({chunk.key(n) for chunk in found for n in range(len(chunk))}) == 9


def test_a_lone_surrogate_is_no_text_for_kernels(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path, file(tmp_path / "a.jsonl", '{"text": "\\ud800"}\n'))
    assert chunk.texts("text") is None
