"""Every format that ittools reads, plain and compressed, to the same records."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ittools.formats import rows as rows_module
from ittools.formats.rows import file_rows
from ittools.formats.source import ReadOptions, open_inputs

ROWS = [
    {"instruction": "Add the numbers.", "input": "1 + 1", "output": "2"},
    {"instruction": "Name a \"city\", please,\nin Japan 日本", "input": "", "output": "Kyoto, \t京都"},
    {"instruction": "no", "input": "", "output": "12:30"},
]  # fmt: skip


def zstd_compressed(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)  # type: ignore[no-any-return]


def records(path: Path, **options: Any) -> list[dict[str, Any]]:
    opened = open_inputs(ReadOptions(inputs=(str(path),), **options))
    return [row for source in opened for batch in source.batches() for row in batch.to_pylist()]


def content(path: Path, **options: Any) -> list[dict[str, str]]:
    names = ("instruction", "input", "output")
    return [{name: row[name] for name in names} for row in records(path, **options)]


def jsonl() -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def delimited(delimiter: str, terminator: str = "\r\n") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROWS[0]), delimiter=delimiter, lineterminator=terminator)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


def yaml_list() -> str:
    import yaml

    dumped: str = yaml.safe_dump(ROWS, allow_unicode=True, sort_keys=False)
    return dumped


TEXTS: dict[str, Callable[[], str]] = {
    "a.jsonl": jsonl,
    "a.ndjson": lambda: jsonl().replace("\n", "\r\n"),
    "blank_lines.jsonl": lambda: "\n" + jsonl().replace("\n", "\n\n"),
    "no_last_newline.jsonl": lambda: jsonl().rstrip(),
    "a.json": lambda: json.dumps(ROWS),
    "indented.json": lambda: json.dumps(ROWS, indent=4, ensure_ascii=False),
    "jsonl_named.json": jsonl,
    "jsonl_after_blank_line.json": lambda: "\n" + jsonl(),
    "a.csv": lambda: delimited(","),
    "unix.csv": lambda: delimited(",", "\n"),
    "a.tsv": lambda: delimited("\t"),
    "a.yaml": yaml_list,
    "a.yml": yaml_list,
    "bare_words.yaml": lambda: yaml_list().replace("'no'", "no").replace("'12:30'", "12:30"),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstd_compressed,
}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_text_format_gives_the_same_records(tmp_path: Path, name: str, mark: str, packing: str) -> None:
    path = tmp_path / (name + packing)
    path.write_bytes(PACKED[packing]((mark + TEXTS[name]()).encode()))
    assert content(path) == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, zstd_compressed], ids=["gz", "zst"])
def test_packed_members_one_after_another_are_one_file(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    ending = "gz" if pack is gzip.compress else "zst"
    path = tmp_path / f"a.jsonl.{ending}"
    path.write_bytes(b"".join(pack(line.encode() + b"\n") for line in jsonl().splitlines()))
    assert content(path) == ROWS


def test_one_json_object_is_one_record(tmp_path: Path) -> None:
    for number, indent in enumerate((None, 2)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(ROWS[0], indent=indent))
        assert content(path) == ROWS[:1]


def test_the_source_is_named_after_the_file(tmp_path: Path) -> None:
    names = {"qwen2.5-a.jsonl": "qwen2.5-a", "v1.jsonl.gz": "v1", "plain.csv": "plain"}
    for name, source in names.items():
        packing = ".gz" if name.endswith(".gz") else ""
        text = delimited(",") if ".csv" in name else jsonl()
        (tmp_path / name).write_bytes(PACKED[packing](text.encode()))
        assert {row["source"] for row in records(tmp_path / name)} == {source}
        assert {row["source"] for row in records(tmp_path / name, source="mine")} == {"mine"}


def test_empty_csv_cells_are_null_not_empty_meta(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("instruction,output,note,other\na,b,,\nc,d,e,\n")
    assert [row["meta"] for row in records(path)] == [None, '{"note": "e"}']


@pytest.mark.parametrize("chunk", [1, 2, 7, 64])
@pytest.mark.parametrize("text", [
    json.dumps(ROWS), json.dumps(ROWS, indent=1, ensure_ascii=False),
    " \n[ " + json.dumps(ROWS[0]) + "\n]\n ",
    json.dumps([{"a": '}]"\\ \u2028', "b": [1, {"c": "[{"}]}, {"a": None, "b": -1.5e3}]),
])  # fmt: skip
def test_json_arrays_are_read_whatever_the_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, text: str
) -> None:
    """Strings, escapes and numbers cross the borders of chunks."""
    monkeypatch.setattr(rows_module, "CHUNK", chunk)
    path = tmp_path / "a.json"
    path.write_text(text)
    assert [row for _, row in file_rows(path)] == json.loads(text)


def test_an_array_larger_than_the_chunk_names_each_line(tmp_path: Path) -> None:
    count = 3 * rows_module.CHUNK // 40
    path = tmp_path / "a.json"
    path.write_text(
        "[\n" + ",\n".join(json.dumps({"instruction": f"é {n:030}"}) for n in range(count)) + "\n]"
    )
    found = list(file_rows(path))
    assert [place for place, _ in found] == [f"{path}:{n + 2}" for n in range(count)]
    assert found[-1][1] == {"instruction": f"é {count - 1:030}"}


def test_one_element_may_be_far_larger_than_the_chunk(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    huge = {"instruction": 'x"\\' * 200_000, "output": "y"}
    path.write_text(json.dumps([huge, {"instruction": "z"}]))
    assert [row for _, row in file_rows(path)] == [huge, {"instruction": "z"}]


@pytest.mark.parametrize(
    "schema",
    [
        pa.schema([("instruction", pa.string()), ("input", pa.string()), ("output", pa.string())]),
        pa.schema(
            [("output", pa.large_string()), ("input", pa.string()), ("instruction", pa.large_string())]
        ),
        pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in ROWS[0]]),
    ],
    ids=["plain", "large", "dictionary"],
)
def test_foreign_parquet_is_mapped_by_its_columns(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS, schema=schema), path, row_group_size=2)
    assert content(path) == ROWS


def test_nested_parquet_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}]
    pq.write_table(pa.Table.from_pylist(rows), path)
    assert content(path) == [{"instruction": "q", "input": "", "output": "a"}]
