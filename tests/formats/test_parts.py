"""Parts follow from the input alone, and each is read by itself."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import numbered, write_jsonl

from ittools.engine.processes import opened_processes
from ittools.formats import parts as parts_module
from ittools.formats.parts import MOST, Part, cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.records.build import build_record, record_batch


class Backwards:
    """An engine that runs the last task first."""

    workers = 1

    def run(self, fn: Any, tasks: Any, progress: Any, *, small: bool = False) -> list[Any]:
        return [fn(*task) for task in reversed(tasks)][::-1]


def inputs(folder: Path) -> ReadOptions:
    """Five kinds of input with 7,000 records in all."""
    lines = write_jsonl(folder / "a.jsonl", numbered(3_000))
    packed = folder / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(write_jsonl(folder / "b.jsonl", numbered(1_000, 3_000)).read_bytes()))
    foreign, ours = folder / "c.parquet", folder / "d.parquet"
    pq.write_table(pa.Table.from_pylist(numbered(1_000, 4_000)), foreign, row_group_size=300)
    batch = record_batch(build_record(**row, source="d") for row in numbered(1_000, 5_000))
    pq.write_table(pa.Table.from_batches([batch]), ours, row_group_size=400)
    last = write_jsonl(folder / "e.ndjson", numbered(1_000, 6_000))
    return ReadOptions(inputs=tuple(map(str, (lines, packed, foreign, ours, last))))


def contents(parts: list[Part], work: Path) -> list[tuple[str, int, int, pa.Table]]:
    return [(p.path.removeprefix(str(work)), p.row_group, p.records, p.read()) for p in parts]


def test_parts_are_the_same_on_any_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "RANGE", 100_000)
    sources = open_inputs(inputs(tmp_path))
    expected = contents(cut(sources, tmp_path / "1"), tmp_path / "1")
    instructions = [text for *_, table in expected for text in table.column("instruction").to_pylist()]
    assert instructions == [row["instruction"] for row in numbered(7_000)]
    assert [(count, table.num_rows) for _, _, count, table in expected] == [
        (count, count) for _, _, count, _ in expected
    ]
    assert len(expected) > 10
    assert contents(cut(sources, tmp_path / "2", engine=Backwards()), tmp_path / "2") == expected
    with opened_processes(2) as processes:
        assert contents(cut(sources, tmp_path / "3", engine=processes), tmp_path / "3") == expected


def test_our_own_parquet_is_not_copied(tmp_path: Path) -> None:
    options = inputs(tmp_path)
    ours = options.inputs[3]
    parts = cut(open_inputs(ReadOptions(inputs=(ours,))), tmp_path / "work")
    assert parts == [Part(ours, 0, 400), Part(ours, 1, 400), Part(ours, 2, 200)]
    assert list((tmp_path / "work").iterdir()) == []


def test_a_part_of_short_lines_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"instruction": "a"}\n' * 100_000, encoding="utf-8")
    parts = cut(open_inputs(ReadOptions(inputs=(str(path),))), tmp_path / "work")
    assert sum(part.records for part in parts) == 100_000
    assert max(part.records for part in parts) == MOST


def test_work_holds_whole_files_only(tmp_path: Path) -> None:
    cut(open_inputs(inputs(tmp_path)), tmp_path / "work")
    assert {path.suffix for path in (tmp_path / "work").iterdir()} == {".arrow"}
