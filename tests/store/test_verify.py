"""`verify` finds every flipped bit, every missing file and every foreign one."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from workbench import Cli, manifest_of, numbered, write_jsonl

from ittools.errors import StoreError
from ittools.store.files import json_text
from ittools.store.manifest import read_manifest, write_manifest
from ittools.store.verify import verify

BITS_A_FILE = 60


@pytest.fixture
def finished(tmp_path: Path, cli: Cli) -> Path:
    rows = [*numbered(40), *numbered(3), {"instruction": "no", "output": "too short"}]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    out = tmp_path / "out"
    assert cli("dedup", source, "--out", out, "--keep-dropped").code == 0
    return out


def problems(directory: Path) -> list[str]:
    try:
        return verify(directory)
    except StoreError as error:
        return [str(error)]


def test_a_finished_directory_has_no_problem(finished: Path, cli: Cli) -> None:
    assert verify(finished) == []
    ran = cli("verify", finished)
    assert (ran.code, ran.out) == (0, f"{finished}: ok\n")


def test_every_flipped_bit_is_found(finished: Path) -> None:
    draw = random.Random(5)
    files = sorted(p for p in finished.rglob("*") if p.is_file() and p.name != ".lock")
    assert [path.name for path in files] == [
        "README.md", "clusters.parquet", "train-00000-of-00001.parquet",
        "dropped-00000-of-00001.parquet", "manifest.json",
    ]  # fmt: skip
    for path in files:
        clean = path.read_bytes()
        for bit in draw.sample(range(8 * len(clean)), BITS_A_FILE):
            flipped = bytearray(clean)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            assert problems(finished), f"bit {bit} of {path.name}"
        path.write_bytes(clean)
    assert verify(finished) == []


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_a_file_cut_short_is_found(finished: Path, cut: int) -> None:
    for path in sorted(p for p in finished.rglob("*") if p.is_file() and p.name != ".lock"):
        clean = path.read_bytes()
        path.write_bytes(clean[:cut])
        assert len(problems(finished)) == 1
        path.write_bytes(clean + b"\n")
        assert len(problems(finished)) == 1
        path.write_bytes(clean)


def test_missing_and_foreign_files_are_named(finished: Path, cli: Cli) -> None:
    (finished / "README.md").unlink()
    (finished / "data" / "train-00001-of-00002.parquet").write_bytes(b"")
    (finished / "notes\x1b[31m.txt").write_text("mine")
    (finished / "link").symlink_to(finished)
    ran = cli("verify", finished)
    assert (ran.code, ran.out.splitlines()) == (
        1,
        [
            f"{finished}: README.md: missing",
            f"{finished}: data/train-00001-of-00002.parquet: foreign, not in the manifest",
            f"{finished}: link: foreign, not in the manifest",
            f"{finished}: notes␛[31m.txt: foreign, not in the manifest",
        ],
    )


def test_a_directory_without_manifest_is_not_finished(finished: Path, cli: Cli) -> None:
    (finished / "manifest.json").unlink()
    ran = cli("verify", finished)
    assert (ran.code, ran.err) == (
        1,
        f"ittools verify: {finished}: no manifest.json, so this is not a finished output\n",
    )


def test_records_exchanged_between_shards_of_equal_hash_are_found_by_their_ids(finished: Path) -> None:
    """Who writes a manifest to fit changed shards is still caught: ids follow from content."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shard = finished / "data" / "train-00000-of-00001.parquet"
    table = pq.read_table(shard)
    outputs = pa.array(["changed", *table.column("output").to_pylist()[1:]])
    position = table.schema.get_field_index("output")
    pq.write_table(table.set_column(position, table.schema.field("output"), outputs), shard)
    manifest = manifest_of(finished)
    (entry,) = [e for e in manifest["files"] if e["path"].startswith("data/")]
    from ittools.store.files import sha256_file

    entry |= {"sha256": sha256_file(shard), "bytes": shard.stat().st_size}
    del manifest["manifest_sha256"], manifest["format"]
    write_manifest(finished, manifest)
    assert verify(finished) == [f"{entry['path']}: 1 ids do not fit their content"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "3", '{"manifest_sha256": null}', "{" * 100_000, "\ufeff{}"]
)
def test_what_is_no_manifest_is_called_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"manifest\.json: damaged"):
        read_manifest(tmp_path)


def test_a_manifest_in_another_spelling_is_damaged(tmp_path: Path) -> None:
    sealed = write_manifest(tmp_path, {"name": "x", "files": []})
    assert read_manifest(tmp_path) == sealed
    path = tmp_path / "manifest.json"
    assert path.read_text() == json_text(sealed)
    path.write_text(path.read_text().replace("\n", " "))
    with pytest.raises(StoreError, match="its own hash does not fit"):
        read_manifest(tmp_path)


def test_a_copy_elsewhere_is_as_whole_as_the_original(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "copy")
    assert verify(tmp_path / "copy") == []
