"""--license, --language and --map on records of ours: what they do not state is filled, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, write_jsonl

from ittools.errors import InputError, UsageError
from ittools.formats.parts import cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.records.build import build_record, record_batch
from ittools.records.schema import UNSPECIFIED_LICENSE

TURNS = [{"role": "user", "content": "c"}]
RECORDS = [
    build_record("a", "", "b", source="s"),
    build_record("c", "", "d", source="s", license="MIT", language="de"),
    build_record("e", "", "f", source="s", context=TURNS, parents=["1"], scores={"q": 1}, meta='{"k":1}'),
]


def own(folder: Path, kind: str, cli: Cli) -> Path:
    """The three records: Parquet in our schema, or JSON Lines as `export` writes them."""
    path = folder / "own.parquet"
    pq.write_table(pa.Table.from_batches([record_batch(RECORDS)]), path)
    if kind == "parquet":
        return path
    assert cli("export", path, "--out", folder / f"own.{kind}").code == 0
    return folder / f"own.{kind}"


def read(path: Path, work: Path, **options: Any) -> list[dict[str, Any]]:
    """As a stream and by parts, which must be the same."""
    sources = open_inputs(ReadOptions(inputs=(str(path),), **options))
    streamed = [row for batch in sources[0].batches() for row in batch.to_pylist()]
    assert [row for part in cut(sources, work) for row in part.read().to_pylist()] == streamed
    return streamed


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_what_records_of_ours_do_not_state_is_filled_and_nothing_else_changes(
    tmp_path: Path, cli: Cli, kind: str
) -> None:
    found = read(own(tmp_path, kind, cli), tmp_path / "work", license="CC0-1.0", language="en", source="x")
    assert [(row["license"], row["language"]) for row in found] == [
        ("CC0-1.0", "en"),
        ("MIT", "de"),
        ("CC0-1.0", "en"),
    ]
    same = record_batch(RECORDS).drop_columns(["license", "language"]).to_pylist()
    assert [{name: row[name] for name in same[0]} for row in found] == same


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_flat_records_are_filled_by_column_as_by_row(tmp_path: Path, cli: Cli, kind: str) -> None:
    stated = [(one, other) for one in (UNSPECIFIED_LICENSE, "", "MIT", None) for other in ("de", "", None)]
    bare = {"id": "1", "instruction": "a", "input": "", "output": "b", "task": "t", "source": "s"}
    flat = [bare | {"license": license, "language": language} for license, language in stated]
    path = tmp_path / f"flat.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(flat), path)
    else:
        write_jsonl(path, flat)
    found = read(path, tmp_path / "work", license="CC0-1.0", language="en")
    expected = [(license, language) for license in ("CC0-1.0", "CC0-1.0", "MIT", "CC0-1.0")
                for language in ("de", "en", "en")]  # fmt: skip
    assert [(row["license"], row["language"]) for row in found] == expected


def test_an_unspecified_licence_of_others_is_filled_too(tmp_path: Path) -> None:
    rows = [{"messages": [*TURNS, {"role": "assistant", "content": "d"}], "license": UNSPECIFIED_LICENSE},
            {"instruction": "a", "output": "b", "license": UNSPECIFIED_LICENSE}]  # fmt: skip
    for row in rows:
        found = read(write_jsonl(tmp_path / "in.jsonl", [row]), tmp_path / "work", license="MIT")
        assert [one["license"] for one in found] == ["MIT"]


def test_without_a_default_our_shards_are_read_in_place(tmp_path: Path, cli: Cli) -> None:
    path = own(tmp_path, "parquet", cli)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),), source="x"))
    assert source.shards == (path,)


@pytest.mark.parametrize("pair", ["output=nosuch", "output=rejected"])
def test_a_map_of_columns_that_are_ours_is_an_error(tmp_path: Path, cli: Cli, pair: str) -> None:
    said = "records of ittools, whose columns have their names already; leave --map out"
    with pytest.raises(UsageError, match=said):
        open_inputs(ReadOptions(inputs=(str(own(tmp_path, "parquet", cli)),), map=(pair,)))
    lines = own(tmp_path, "jsonl", cli)
    with pytest.raises(InputError, match=rf"own\.jsonl:1: {said}"):
        read(lines, tmp_path / "work", map=(pair,))
