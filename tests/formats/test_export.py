"""Exports: what comes back is all that the format can carry; files appear whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, numbered, write_jsonl

from ittools.formats.export import ExportOptions, export
from ittools.formats.source import ReadOptions, open_inputs
from ittools.progress import Silent
from ittools.records.build import build_record, record_batch
from ittools.records.messages import to_messages

Record = dict[str, Any]

TEXT = st.text(max_size=20)
SAID = st.text(min_size=1, max_size=20)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=2).map(
    lambda pairs: [
        {"role": role, "content": text}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
)
SYSTEM = st.lists(SAID.map(lambda text: {"role": "system", "content": text}), max_size=1)
META = st.dictionaries(TEXT, TEXT | st.integers(), min_size=1, max_size=2)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    return [
        build_record(
            draw(TEXT), draw(TEXT), draw(TEXT), source=draw(SAID), task=draw(SAID), license=draw(SAID),
            context=draw(SYSTEM) + draw(PAIRS), rejected=draw(st.none() | TEXT),
            language=draw(st.none() | TEXT), generator=draw(st.none() | TEXT),
            parents=draw(st.none() | st.lists(TEXT, max_size=2)),
            scores=draw(st.none() | st.dictionaries(TEXT, st.floats(allow_nan=False), max_size=2)),
            meta=draw(st.none() | META.map(json.dumps)),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]  # fmt: skip


def there_and_back(folder: Path, rows: list[Record], to: str, name: str) -> list[Record]:
    source, target = folder / "in.parquet", folder / name
    pq.write_table(pa.Table.from_batches([record_batch(rows)]), source)
    options = ExportOptions(inputs=(str(source),), out=str(target), to=to, force=True)  # type: ignore[arg-type]
    assert export(options, Silent()).value["records"] == len(rows)
    opened = open_inputs(ReadOptions(inputs=(str(target),)))
    return [row for o in opened for batch in o.batches() for row in batch.to_pylist()]


@given(records(), st.sampled_from(["out.json", "out.jsonl"]))
@settings(deadline=None, max_examples=60)
def test_jsonl_carries_every_column(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], name: str
) -> None:
    assert there_and_back(tmp_path_factory.mktemp("x"), rows, "jsonl", name) == rows


@given(records(), st.sampled_from(["out.json", "out.jsonl"]))
@settings(deadline=None, max_examples=60)
def test_alpaca_carries_the_content_but_not_the_rejected_output(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], name: str
) -> None:
    back = there_and_back(tmp_path_factory.mktemp("x"), rows, "alpaca", name)
    names = ("instruction", "input", "output", "context")
    assert [[r[n] for n in names] for r in back] == [[r[n] for n in names] for r in rows]
    assert {r["meta"] for r in back} == {None}


@given(records(), st.sampled_from(["messages", "sharegpt", "prompt-completion"]))
@settings(deadline=None, max_examples=90)
def test_conversations_carry_every_turn(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], to: str
) -> None:
    back = there_and_back(tmp_path_factory.mktemp("x"), rows, to, "out.jsonl")
    assert [to_messages(r) for r in back] == [to_messages(r) for r in rows]
    assert {r["meta"] for r in back} == {None}


CELLS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "1-1", "'=1", "'", "''-1", 'a,"b"\nc', ' "q" ', "\n"]


def test_csv_cells_are_the_texts_as_they_are_for_any_reader(tmp_path: Path, cli: Cli) -> None:
    rows = [{"instruction": text, "output": text, "task": text, "source": text} for text in CELLS]
    source, target = write_jsonl(tmp_path / "in.jsonl", rows), tmp_path / "out.csv"
    assert cli("export", source, "--to", "csv", "--out", target).code == 0
    with open(target, newline="", encoding="utf-8") as handle:
        found = list(csv.DictReader(handle))
    for name in ("instruction", "output", "task", "source"):
        assert [row[name] for row in found] == CELLS
    (opened,) = open_inputs(ReadOptions(inputs=(str(target),)))
    back = [row for batch in opened.batches() for row in batch.to_pylist()]
    assert [row["id"] for row in back] == [row["id"] for row in found]


@given(records())
@settings(deadline=None, max_examples=60)
def test_csv_carries_every_column_and_the_id(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record]
) -> None:
    """An empty cell is null: an empty rejected output is refused, other empty texts are none already."""
    rows = [row for row in rows if row["rejected"] != ""]
    back = there_and_back(tmp_path_factory.mktemp("x"), rows, "csv", "out.csv") if rows else []
    nulls = {"language", "generator", "parents", "scores", "meta"}
    said = [[{name: row[name] or None if name in nulls else row[name] for name in row}] for row in rows]
    assert [[row] for row in back] == said


def test_csv_comes_back_with_its_columns(tmp_path: Path) -> None:
    rows = [
        build_record(
            "a", "", "b", source="s", scores={"q": 0.5}, parents=["1"], meta='{"x": 1}', language="en",
            context=[{"role": "user", "content": 'c,\n"d"'}, {"role": "assistant", "content": "e"}],
        ),
        build_record("no\r\nnulls", "x\ry", "", source="s"),
    ]  # fmt: skip
    assert there_and_back(tmp_path, rows, "csv", "out.csv") == rows


def test_csv_refuses_an_empty_rejected_output_that_would_come_back_as_none(tmp_path: Path, cli: Cli) -> None:
    kept = [build_record("a", "", text, rejected="no", source="s") for text in ("b", "")]
    assert there_and_back(tmp_path, kept, "csv", "out.csv") == kept
    empty = build_record("a", "", "b", rejected="", source="s")
    source, target = tmp_path / "empty.parquet", tmp_path / "empty.csv"
    pq.write_table(pa.Table.from_batches([record_batch([*kept, empty])]), source)
    ran = cli("export", source, "--to", "csv", "--out", target)
    assert (ran.code, target.exists()) == (1, False)
    assert f"record {empty['id']}: csv cannot tell an empty rejected output from none; export it" in ran.err


def test_stdout_is_data_and_only_data(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    ran = cli("export", source, "--to", "alpaca")
    assert [json.loads(line) for line in ran.out.splitlines()] == numbered(3)
    assert ran.err == "export: 3 records as alpaca to -\n"
    as_csv = cli("export", source, "--to", "csv").out
    assert [row["output"] for row in csv.DictReader(io.StringIO(as_csv))] == [
        r["output"] for r in numbered(3)
    ]


def test_an_array_is_written_to_json_and_lines_to_jsonl(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    cli("export", source, "--to", "alpaca", "--out", tmp_path / "a.json")
    cli("export", source, "--to", "alpaca", "--out", tmp_path / "a.jsonl")
    assert json.loads((tmp_path / "a.json").read_text()) == numbered(3)
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == numbered(3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.jsonl", "in.jsonl"]


def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path, cli: Cli) -> None:
    source, target = write_jsonl(tmp_path / "in.jsonl", numbered(3)), tmp_path / "a.jsonl"
    target.write_text("mine")
    refused = cli("export", source, "--out", target)
    assert (refused.code, target.read_text()) == (2, "mine")
    assert refused.err == f"ittools export: {target}: exists; give another --out, or --force to replace it\n"
    assert cli("export", source, "--out", target, "--force").code == 0
    assert len(target.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("to", "name", "problem"),
    [
        ("jsonl", "a.jsonl.gz", "jsonl is written to a file named .json or .jsonl or .ndjson"),
        ("messages", "a.parquet", "messages is written to a file named .json or .jsonl or .ndjson"),
        ("alpaca", "a.csv", "alpaca is written to a file named .json or .jsonl or .ndjson"),
        ("csv", "a.json", "csv is written to a file named .csv"),
        ("jsonl", ".", "is a directory; --out must name a file"),
    ],
)
def test_a_name_that_belies_the_format_is_refused(
    tmp_path: Path, cli: Cli, to: str, name: str, problem: str
) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    ran = cli("export", source, "--to", to, "--out", tmp_path / name, "--force")
    assert (ran.code, ran.err) == (2, f"ittools export: {tmp_path / name}: {problem}\n")


def test_turns_that_alpaca_cannot_carry_are_refused_not_mixed_up(tmp_path: Path, cli: Cli) -> None:
    roles = ("user", "function_call", "tool", "assistant", "user", "assistant")
    row = {"messages": [{"role": role, "content": role} for role in roles]}
    source = write_jsonl(tmp_path / "in.jsonl", [row])
    ran = cli("export", source, "--to", "alpaca", "--out", tmp_path / "a.json")
    assert (ran.code, (tmp_path / "a.json").exists()) == (1, False)
    assert "alpaca holds earlier turns only as pairs of user and assistant" in ran.err
    shared = json.loads(cli("export", source, "--to", "sharegpt").out)
    assert [turn["from"] for turn in shared["conversations"]] == [
        "human", "function_call", "observation", "gpt", "human", "gpt"
    ]  # fmt: skip


def test_the_bytes_do_not_depend_on_the_workers(tmp_path: Path, cli: Cli) -> None:
    one = write_jsonl(tmp_path / "a" / "in.jsonl", numbered(40))
    two = write_jsonl(tmp_path / "b" / "in.jsonl", numbered(40, first=100))
    found = []
    for engine, workers in (("inline", 1), ("processes", 1), ("processes", 2)):
        target = tmp_path / f"{engine}{workers}.jsonl"
        cli("export", one, two, "--engine", engine, "--workers", workers, "--out", target)
        found.append(target.read_bytes())
    assert found[0] == found[1] == found[2]
    assert len(found[0].splitlines()) == 80
