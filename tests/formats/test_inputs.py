"""Directories, folders of Parquet and pipes as inputs: splits, fingerprints, refusals."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl

from ittools.errors import InputError
from ittools.formats.source import ReadOptions, open_inputs
from ittools.records.build import build_record, record_batch
from ittools.records.schema import SCHEMA


def instructions(*inputs: Path, **options: Any) -> list[str]:
    opened = open_inputs(ReadOptions(inputs=tuple(map(str, inputs)), **options))
    return [
        i for source in opened for batch in source.batches() for i in batch.column("instruction").to_pylist()
    ]


def parquet(path: Path, *texts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"instruction": texts, "output": texts}), path)
    return path


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_dataset_directory_is_read_by_split(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(40)), tmp_path / "out"
    assert cli("mix", source, "--heldout", 0.3, "--layout", "records", "--out", out).code == 0
    train, held = (read_records(out, split) for split in ("train", "heldout"))
    assert instructions(out) == [row["instruction"] for row in train]
    assert instructions(out, split="heldout") == [row["instruction"] for row in held]
    ran = cli("head", out, "--split", "test")
    assert (ran.code, ran.err) == (1, f"ittools head: {out}: no split 'test'; there are: train, heldout\n")


def test_the_parent_is_known_by_its_hash(tmp_path: Path, cli: Cli) -> None:
    source, first = write_jsonl(tmp_path / "in.jsonl", numbered(4)), tmp_path / "first"
    cli("filter", source, "--out", first)
    cli("dedup", first, "--out", tmp_path / "second")
    (entry,) = manifest_of(tmp_path / "second")["inputs"]
    assert entry["manifest_sha256"] == manifest_of(first)["manifest_sha256"]


def test_several_inputs_are_read_in_their_order(tmp_path: Path) -> None:
    one, two = parquet(tmp_path / "1.parquet", "a", "b"), parquet(tmp_path / "2.parquet", "c")
    assert instructions(two, one) == ["c", "a", "b"]


def test_a_folder_of_parquet_is_read_by_its_train_split(tmp_path: Path) -> None:
    parquet(tmp_path / "repo" / "data" / "train-00001-of-00002.parquet", "b")
    parquet(tmp_path / "repo" / "data" / "train-00000-of-00002.parquet", "a")
    parquet(tmp_path / "repo" / "data" / "test-00000-of-00001.parquet", "z")
    assert instructions(tmp_path / "repo") == ["a", "b"]
    assert instructions(tmp_path / "repo", split="test") == ["z"]
    with pytest.raises(InputError, match="no split 'dev'; there are: test, train"):
        instructions(tmp_path / "repo", split="dev")


def test_a_folder_of_numbered_parquet_is_read_whole(tmp_path: Path) -> None:
    parquet(tmp_path / "repo" / "0001.parquet", "b")
    parquet(tmp_path / "repo" / "0000.parquet", "a")
    assert instructions(tmp_path / "repo") == ["a", "b"]


def test_a_folder_without_parquet_is_refused(tmp_path: Path, cli: Cli) -> None:
    ran = cli("head", tmp_path)
    message = f"ittools head: {tmp_path}: neither a dataset directory nor a folder with .parquet files\n"
    assert (ran.code, ran.err) == (1, message)


def test_a_missing_shard_is_named(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("filter", write_jsonl(tmp_path / "in.jsonl", numbered(4)), "--out", out)
    shard = out / "data" / "train-00000-of-00001.parquet"
    shard.unlink()
    ran = cli("stats", out)
    assert (ran.code, ran.err) == (1, f"ittools stats: {shard}: missing; run `ittools verify {out}`\n")


def test_an_output_without_records_is_no_input(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(4)), tmp_path / "data"
    cli("filter", source, "--out", out)
    page = tmp_path / "page"
    assert cli("report", out, "--out", page).code == 0
    ran = cli("filter", page, "--out", tmp_path / "again")
    assert (ran.code, ran.err) == (
        1,
        f"ittools filter: {page}: written by `ittools report`, it holds no records to read\n",
    )


def test_a_step_that_dropped_everything_is_still_an_input(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(4)), tmp_path / "none"
    assert cli("filter", source, "--min-output-words", 99, "--out", out).code == 0
    for command in ("filter", "dedup", "mix"):
        assert cli(command, out, "--out", tmp_path / command).code == 0
        assert manifest_of(tmp_path / command)["funnel"] == {"in": 0, "dropped": {}, "out": 0}
    assert cli("head", out).out == "no records\n"
    assert json.loads(cli("stats", out, "--json").out)["records"] == 0
    assert cli("export", out, "--out", tmp_path / "none.json").code == 0
    assert (tmp_path / "none.json").read_text() == "[]\n"


def test_our_own_parquet_is_read_without_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    batch = record_batch([build_record("a", "", "b", source="s")])
    pq.write_table(pa.Table.from_batches([batch]), path)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    assert source.shards == (path,)
    assert list(source.batches()) == [batch]


def test_our_own_parquet_written_by_others_is_mapped(tmp_path: Path) -> None:
    """pandas and polars change nullability and string types; the content stays."""
    import polars

    record = build_record(
        "a", "", "b", source="s", scores={"q": 1}, parents=["1"], context=[{"role": "user", "content": "c"}]
    )
    polars.from_arrow(pa.Table.from_batches([record_batch([record])])).write_parquet(tmp_path / "p.parquet")  # type: ignore[union-attr]
    (source,) = open_inputs(ReadOptions(inputs=(str(tmp_path / "p.parquet"),)))
    assert source.shards == ()
    assert [batch.to_pylist() for batch in source.batches()] == [[record]]


def test_a_pipe_is_jsonl(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    pipe(monkeypatch, b'{"instruction": "a", "output": "b"}\n' * 3)
    ran = cli("stats", "-", "--json")
    assert (ran.code, json.loads(ran.out)["records"], json.loads(ran.out)["source"]) == (0, 3, {"stdin": 3})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "stdin: holds no record"),
        (b'{"instruction": "a"}\n{"instr', "stdin:2: not JSON (Unterminated string"),
        (b'{"instruction": "\xff"}\n', "stdin:1: not UTF-8"),
        (b'{"a": 1}\n', "stdin:1: cannot map the columns a"),
    ],
)  # fmt: skip
def test_a_bad_pipe_is_named_stdin(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, content: bytes, problem: str
) -> None:
    pipe(monkeypatch, content)
    ran = cli("head", "-")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith(f"ittools head: {problem}")


def test_a_pipe_from_export_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(5))
    exported = cli("export", source)
    pipe(monkeypatch, exported.out.encode())
    assert cli("filter", "-", "--out", tmp_path / "out").code == 0
    assert [row["source"] for row in read_records(tmp_path / "out")] == ["in"] * 5


def test_map_must_name_a_column_of_ours(tmp_path: Path, cli: Cli) -> None:
    path = write_jsonl(tmp_path / "in.jsonl", [{"q": "x y z", "a": "b"}])
    assert cli("head", path, "--map", "instruction=q,output=a").code == 0
    assert cli("head", path, "--map", "instruction=q", "--map", "output=a").code == 0
    for pair in ("instrction=q", "instruction"):
        ran = cli("head", path, "--map", pair)
        assert (ran.code, ran.err.startswith(f"ittools head: --map {pair}: expected ours=theirs")) == (
            2,
            True,
        )


def test_the_schema_of_a_record_is_one_for_all(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(2))
    cli("filter", source, "--out", tmp_path / "out")
    shard = tmp_path / "out" / "data" / "train-00000-of-00001.parquet"
    assert pq.read_schema(shard).equals(SCHEMA)


@pytest.mark.parametrize("name", ["some.parquet", "some.jsonl", "test.csv", "-"])
def test_one_file_is_one_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    if name.endswith(".parquet"):
        parquet(tmp_path / name, "a")
    elif name != "-":
        Path(name).write_text(
            '{"instruction": "a", "output": "b"}\n' if "json" in name else "instruction,output\na,b\n"
        )
    pipe(monkeypatch, b'{"instruction": "a", "output": "b"}\n')
    ran = cli("head", name, "--split", "nosuch")
    called = "stdin" if name == "-" else name
    assert (ran.code, ran.err.startswith(f"ittools head: {called}: no split 'nosuch': it is one file")) == (
        1,
        True,
    )
    pipe(monkeypatch, b'{"instruction": "a", "output": "b"}\n')
    assert cli("head", name, "--split", "test" if "test" in name else "train").code == 0
    if "test" in name:
        assert cli("head", name, "--split", "train").code == 1


@pytest.mark.parametrize("command", ["filter", "template"])
def test_an_empty_name_is_not_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, command: str
) -> None:
    parquet(tmp_path / "train.parquet", "a")
    monkeypatch.chdir(tmp_path)
    for name in ("", " "):
        ran = cli(command, name, "--out", "out", *(("--style", "chat") if command == "template" else ()))
        assert (ran.code, ran.err) == (
            1,
            f"ittools {command}: {name!r}: an input without a name; is a variable of the shell empty?\n",
        )


def test_a_damaged_file_behind_a_good_one_is_named(tmp_path: Path) -> None:
    parquet(tmp_path / "some" / "1.parquet", "a")
    (tmp_path / "some" / "2.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"2\.parquet: not readable Parquet"):
        instructions(tmp_path / "some")
