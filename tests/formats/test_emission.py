"""Shards written by tasks, straight from the parts: the bytes of one sequential writer."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import read_records, written

from ittools.engine.processes import opened_processes
from ittools.engine.protocol import Engine, EngineOptions
from ittools.formats import parts as parts_module
from ittools.formats.emission import emit, write_changed
from ittools.formats.parts import Part, write_batches
from ittools.records.build import build_record, record_batch
from ittools.records.funnel import Funnel
from ittools.store import shards
from ittools.store.dataset import Output, writing
from ittools.store.dropped import dropped_batch

REASONS = st.sampled_from([None, None, "too-short", "echo"])
CHOICES = st.lists(st.lists(REASONS, min_size=1, max_size=9), max_size=6)  # per part, per record


def small(patch: pytest.MonkeyPatch) -> None:
    """Row groups of 4 records, shards of two of them."""
    patch.setattr(shards, "ROW_GROUP", 4)
    patch.setattr(shards, "SHARD", 8)


def records(count: int, first: int) -> pa.RecordBatch:
    return record_batch(
        build_record(
            f"say {i}", "x" * (i % 7), "y" * (i % 5), source=f"s{i % 3}", language="en" if i % 3 else None
        )
        for i in range(first, first + count)
    )


def parts_of(folder: Path, sizes: list[int]) -> list[Part]:
    """Parts of these sizes, by turns a batch of Arrow and a row group of Parquet."""
    found, first = [], 0
    folder.mkdir()
    for number, size in enumerate(sizes):
        path = folder / f"{number}{'.parquet' if number % 2 else '.arrow'}"
        if number % 2:
            pq.write_table(pa.Table.from_batches([records(size, first)]), path)
        else:
            write_batches(str(path), [records(size, first)])
        found.append(Part(str(path), 0, size))
        first += size
    return found


def output_at(folder: Path) -> Any:
    return writing(folder, command="filter", options=EngineOptions())


def sequential(output: Output, parts: list[Part], choices: list[list[str | None]]) -> Funnel:
    """One writer for the kept and one for the dropped, as an oracle."""
    funnel = Funnel()
    with output.dropped() as gone, output.split("train") as kept:
        for part, reasons in zip(parts, choices, strict=True):
            funnel.drop(reasons)
            for row in range(part.records):
                (batch,) = part.read().slice(row, 1).to_batches()
                if reasons[row] is None:
                    kept.write(batch)
                else:
                    gone.write(dropped_batch(batch, [reasons[row] or ""], [f"at {row}"]))
    return funnel


def emitted(folder: Path, parts: list[Part], choices: list[list[str | None]], **how: Any) -> dict[str, Any]:
    """Everything that an emission into `folder` leaves and says."""
    reasons = [pa.array(one, pa.string()) for one in choices]
    details = [pa.array([f"at {row}" for row in range(len(one))]) for one in choices]
    if how.pop("dictionary", False):
        reasons = [one.dictionary_encode() for one in reasons]
    with output_at(folder) as output:
        funnel = emit(output, parts, reasons, details=details, keep_dropped=True, **how)
        output.finish(funnel, card=False)
    return {"files": written(folder), "entries": output.entries, "facets": output.facets, "funnel": funnel}


@given(CHOICES, st.booleans())
@settings(deadline=None, max_examples=40)
def test_tasks_write_the_bytes_of_one_writer(
    tmp_path_factory: pytest.TempPathFactory, choices: list[list[str | None]], dictionary: bool
) -> None:
    folder = tmp_path_factory.mktemp("emission")
    parts = parts_of(folder / "in", [len(one) for one in choices])
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        found = emitted(folder / "tasks", parts, choices, dictionary=dictionary)
        with output_at(folder / "oracle") as output:
            funnel = sequential(output, parts, choices)
            output.finish(funnel, card=False)
    assert found == {"files": written(folder / "oracle"), "entries": output.entries,
                     "facets": output.facets, "funnel": funnel}  # fmt: skip
    assert [list(c.items()) for c in found["facets"].values()] == [
        list(c.items()) for c in output.facets.values()
    ]
    for entry in found["entries"]:
        content = (folder / "tasks" / entry.path).read_bytes()
        assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_any_engine_writes_the_same_bytes(tmp_path: Path) -> None:
    alternate: list[str | None] = [None, "echo"]
    choices: list[list[str | None]] = [alternate * 15_000, *[[None] * 30_000] * 3]
    parts = parts_of(tmp_path / "in", [30_000]) * 4

    class Backwards:
        workers = 1

        def run(self, fn: Any, tasks: Any, progress: Any, *, small: bool = False) -> list[Any]:
            return [fn(*task) for task in reversed(tasks)][::-1]

    inline = emitted(tmp_path / "inline", parts, choices)
    backwards: Engine = Backwards()
    assert emitted(tmp_path / "backwards", parts, choices, engine=backwards) == inline
    with opened_processes(2) as processes:
        assert emitted(tmp_path / "processes", parts, choices, engine=processes) == inline
    assert [entry.records for entry in inline["entries"]] == [98_304, 6_696, 15_000]


def test_changed_columns_take_the_place_of_the_parts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    choices: list[list[str | None]] = [[None, "echo", None] * 4, [None] * 9]
    parts = parts_of(tmp_path / "in", [12, 9])
    changed = [
        write_changed(f"{part.path}.new", {"language": pa.array([f"l{row}" for row in range(part.records)])})
        for part in parts
    ]
    found = emitted(tmp_path / "out", parts, choices, changed=changed)
    assert [row["language"] for row in read_records(tmp_path / "out")] == [
        f"l{row}" for one in choices for row, reason in enumerate(one) if reason is None
    ]
    dropped = read_records(tmp_path / "out", "dropped", "dropped")
    assert [(row["language"], row["detail"]) for row in dropped] == [
        (f"l{i}", f"at {i}") for i in (1, 4, 7, 10)
    ]
    assert found["facets"]["language"] == Counter(row["language"] for row in read_records(tmp_path / "out"))


def test_nothing_dropped_is_written_unless_asked_for(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "in", [3])
    with output_at(tmp_path / "out") as output:
        funnel = emit(output, parts, [pa.array(["echo", None, "echo"])])
        output.finish(funnel)
    assert (tmp_path / "out" / "dropped").exists() is False
    assert (funnel.read, funnel.kept, dict(funnel.dropped)) == (3, 1, {"echo": 2})


def test_a_part_is_read_by_columns(tmp_path: Path) -> None:
    for part in parts_of(tmp_path / "in", [5, 5]):
        table = part.read(["output", "id"])
        assert sorted(table.column_names) == ["id", "output"]
        assert table.num_rows == part.records == 5


def test_a_part_holds_at_most_so_many_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MOST", 10)
    path = str(tmp_path / "in.arrow")
    counts = write_batches(path, [records(4, 0), records(0, 4), records(25, 4), records(3, 29)])
    assert (sum(counts), max(counts)) == (32, 10)
    found = [row for index, count in enumerate(counts) for row in Part(path, index, count).read().to_pylist()]
    assert found == records(32, 0).to_pylist()
