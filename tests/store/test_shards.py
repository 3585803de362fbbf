"""Shards: one layout and the same bytes whatever batches come in, every flipped bit an error."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.errors import InputError
from ittools.records.build import build_record, record_batch
from ittools.records.schema import SCHEMA
from ittools.store import shards
from ittools.store.files import sha256_file
from ittools.store.shards import FileEntry, ShardWriter, read_shard, record_bytes


def table(count: int) -> pa.RecordBatch:
    return record_batch(
        build_record(f"say {i}", "x" * (i % 7), "y" * (i % 5), source="s", language="en" if i % 3 else None)
        for i in range(count)
    )


def small(patch: pytest.MonkeyPatch) -> None:
    """Row groups of 8 records, shards of two of them."""
    patch.setattr(shards, "ROW_GROUP", 8)
    patch.setattr(shards, "SHARD", 16)


def write(folder: Path, batches: list[pa.RecordBatch]) -> list[FileEntry]:
    with ShardWriter(folder, "train", SCHEMA) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.close()


@given(st.lists(st.integers(0, 900), max_size=30), st.lists(st.integers(0, 9), max_size=8))
@settings(deadline=None, max_examples=40)
def test_long_records_stand_in_smaller_row_groups(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], sizes: list[int]
) -> None:
    """Arrow's columns of text end at 2 GiB, here at 1,000 bytes."""
    folder = tmp_path_factory.mktemp("long")
    rows = [
        build_record("say", "", "y" * length, source="s", context=[{"role": "user", "content": "z" * 9}])
        for length in lengths
    ]
    batch = record_batch(rows)
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        patch.setattr(shards, "GROUP_BYTES", 1_000)
        whole = write(folder / "a" / "data", [batch])
        assert whole == write(folder / "b" / "data", pieces(batch, sizes))
    assert [
        row for entry in whole for b in read_shard(folder / "a" / entry.path) for row in b.to_pylist()
    ] == rows
    for entry in whole:
        with pq.ParquetFile(folder / "a" / entry.path) as file:
            groups = [file.read_row_group(n) for n in range(file.num_row_groups)]
        text = [sum(map(sum, map(record_bytes, group.to_batches()))) for group in groups]
        for number, group in enumerate(groups):
            assert group.num_rows <= 8
            assert text[number] <= 1_000 or group.num_rows == 1
            last = number + 1 == len(groups)
            assert (
                last
                or group.num_rows == 8
                or text[number] + record_bytes(groups[number + 1].to_batches()[0])[0] > 1_000
            )


def test_the_text_of_a_record_is_counted_in_all_of_its_columns() -> None:
    one = build_record("é", "ab", "c", source="s", task="t", license="MIT", rejected="defg",
                       context=[{"role": "user", "content": "hi"}, {"role": "tool", "content": ""}],
                       scores={"x": 1.0}, parents=["p", "qq"])  # fmt: skip
    two = build_record("", "", "", source="s", task="t", license="MIT")
    batch = record_batch([one, two, one]).slice(1)
    said = len("é".encode()) + 3 + 4 + len("userhitool") + len("x") + 3
    plain = 32 + len("stMIT")
    assert record_bytes(batch).tolist() == [plain, plain + said]


def pieces(batch: pa.RecordBatch, sizes: list[int]) -> list[pa.RecordBatch]:
    found, at = [], 0
    for size in sizes:
        found.append(batch.slice(at, size))
        at += size
    return [*found, batch.slice(at)]


@given(st.integers(0, 60), st.lists(st.integers(0, 25), max_size=8))
@settings(deadline=None, max_examples=40)
def test_bytes_do_not_depend_on_the_incoming_batches(
    tmp_path_factory: pytest.TempPathFactory, count: int, sizes: list[int]
) -> None:
    folder, batch = tmp_path_factory.mktemp("shards"), table(count)
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        whole = write(folder / "a" / "data", [batch])
        cut = write(folder / "b" / "data", pieces(batch, sizes))
    assert whole == cut
    assert sum(entry.records or 0 for entry in whole) == count


@pytest.mark.parametrize(
    ("count", "records"), [(0, [0]), (1, [1]), (16, [16]), (17, [16, 1]), (40, [16, 16, 8])]
)
def test_shards_are_named_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, records: list[int]
) -> None:
    small(monkeypatch)
    entries = write(tmp_path / "data", [table(count)])
    names = [f"data/train-{i:05d}-of-{len(records):05d}.parquet" for i in range(len(records))]
    assert [(entry.path, entry.records) for entry in entries] == list(zip(names, records, strict=True))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [Path(n).name for n in names]
    for entry in entries:
        path = tmp_path / entry.path
        assert (entry.bytes, entry.sha256) == (path.stat().st_size, sha256_file(path))
    assert pa.Table.from_batches([b for e in entries for b in read_shard(tmp_path / e.path)], SCHEMA).equals(
        pa.Table.from_batches([table(count)])
    )


def test_row_groups_are_full_but_for_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    write(tmp_path / "data", pieces(table(14), [3, 3, 3, 3]))
    metadata = pq.read_metadata(tmp_path / "data" / "train-00000-of-00001.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [8, 6]
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_flipped_bit_in_a_page_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    (entry,) = write(tmp_path / "data", [table(200)])
    path = tmp_path / entry.path
    clean, truth = path.read_bytes(), pa.Table.from_batches([table(200)])
    for at in range(4, 1500, 37):
        flipped = bytearray(clean)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            read = pa.Table.from_batches(list(read_shard(path)), SCHEMA)
        except (InputError, pa.ArrowException, OSError):
            continue
        assert read.equals(truth)  # a bit that means nothing; `verify` still finds it by the hash


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    (entry,) = write(tmp_path / "data", [table(200)])
    path = tmp_path / entry.path
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"train-00000-of-00001.parquet: damaged Parquet in row group 0 \("):
        list(read_shard(path))
