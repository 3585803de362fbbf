"""A finished output is reused or refused by its fingerprint; nobody's files are deleted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from workbench import Cli, manifest_of, numbered, write_jsonl, written

from ittools.store.dataset import Output
from ittools.store.verify import verify


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "in.jsonl", numbered(12))


def test_the_same_command_again_is_reused(tmp_path: Path, source: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    assert "wrote" in cli("filter", source, "--out", out).err
    manifest = (out / "manifest.json").read_bytes()
    again = cli("filter", source, "--out", out, "--workers", 1)
    assert (again.code, (out / "manifest.json").read_bytes()) == (0, manifest)
    assert f"filter: reused (same inputs and options) {out}" in again.err


def test_inputs_are_known_by_content_and_by_the_name_that_becomes_their_source(
    tmp_path: Path, source: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    moved, renamed = tmp_path / "elsewhere" / source.name, tmp_path / "renamed.jsonl"
    moved.parent.mkdir()
    for copy in (moved, renamed):
        shutil.copy(source, copy)
    assert "reused" in cli("filter", moved, "--out", out).err
    assert "other inputs" in cli("filter", renamed, "--out", out).err
    write_jsonl(source, numbered(13))
    assert cli("filter", source, "--out", out).code == 2


def test_other_options_are_refused_without_force(tmp_path: Path, source: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    before = written(out)
    refused = cli("filter", source, "--out", out, "--min-output-words", 2)
    assert (refused.code, refused.err) == (
        2,
        f"ittools filter: {out}: holds the finished output of another run of `filter` "
        "(other inputs, options or version); give another --out, or --force to replace it\n",
    )
    assert written(out) == before
    assert cli("dedup", source, "--out", out).code == 2
    assert cli("filter", source, "--out", out, "--min-output-words", 2, "--force").code == 0
    assert manifest_of(out)["options"]["min_output_words"] == 2
    assert verify(out) == []


def test_the_same_run_elsewhere_is_the_same_bytes(tmp_path: Path, source: Path, cli: Cli) -> None:
    for place in ("a", "b"):
        cli("mix", source, "--heldout", 0.3, "--keep-dropped", "--cap", 9, "--out", tmp_path / place / "m")
    assert written(tmp_path / "a" / "m") == written(tmp_path / "b" / "m")
    one, two = manifest_of(tmp_path / "a" / "m"), manifest_of(tmp_path / "b" / "m")
    for manifest in (one, two):
        del manifest["times"], manifest["manifest_sha256"], manifest["options"]["out"]
    assert one == two


@pytest.mark.parametrize("extra", [(), ("--force",)])
def test_a_directory_of_somebody_is_refused(
    tmp_path: Path, source: Path, cli: Cli, extra: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    ran = cli("filter", source, "--out", out, *extra)
    message = f"ittools filter: {out}: holds files that ittools did not write; give another --out\n"
    assert (ran.code, ran.err) == (2, message)
    assert written(out) == {"thesis.txt": b"mine"}


def test_files_put_beside_an_output_are_not_deleted(tmp_path: Path, source: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    (out / "notes").mkdir()
    (out / "notes" / "thesis.txt").write_text("mine")
    ran = cli("dedup", source, "--out", out, "--force")
    assert (ran.code, ran.err) == (
        2,
        f"ittools dedup: {out}: holds files that ittools did not write (notes/thesis.txt); "
        "move them away or give another --out\n",
    )
    assert (out / "notes" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("left", ["a failure", "a kill while it replaced"])
def test_files_put_where_a_run_did_not_finish_are_not_deleted(
    tmp_path: Path, source: Path, cli: Cli, left: str
) -> None:
    out = tmp_path / "out"
    if left == "a failure":
        bad = tmp_path / "bad.jsonl"
        bad.write_text('{"bad')
        assert cli("filter", bad, "--out", out).code == 1
    else:
        cli("filter", source, "--out", out)
        names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.parquet"))
        (out / ".replacing").write_text(json.dumps([*names, "README.md"]))
        (out / "manifest.json").unlink()
    (out / "notes").mkdir()
    (out / "notes" / "thesis.txt").write_text("mine")
    (out / "folder").symlink_to(tmp_path)
    ran = cli("filter", source, "--out", out)
    assert (ran.code, ran.err) == (
        2,
        f"ittools filter: {out}: holds files that ittools did not write (folder, notes/thesis.txt); "
        "move them away or give another --out\n",
    )
    assert (out / "notes" / "thesis.txt").read_text() == "mine"
    (out / "notes" / "thesis.txt").unlink()
    (out / "folder").unlink()
    assert cli("filter", source, "--out", out).code == 0
    assert verify(out) == []
    assert not (out / ".replacing").exists()


def test_what_is_put_there_while_a_run_writes_is_not_deleted(
    tmp_path: Path, source: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, finish = tmp_path / "out", Output.finish
    cli("filter", source, "--out", out)

    def finish_late(self: Output, *args: Any, **facts: Any) -> Any:
        (out / "data" / "mine.txt").write_text("mine")
        (out / "notes.txt").write_text("mine")
        return finish(self, *args, **facts)

    monkeypatch.setattr(Output, "finish", finish_late)
    ran = cli("filter", source, "--out", out, "--force")
    assert (ran.code, "data/mine.txt: somebody wrote this while the command ran" in ran.err) == (1, True)
    assert [(out / name).read_text() for name in ("data/mine.txt", "notes.txt")] == ["mine", "mine"]
    assert (out / "manifest.json").exists()  # the old output, whole


def test_an_output_within_an_output_is_not_deleted(tmp_path: Path, source: Path, cli: Cli) -> None:
    cli("filter", source, "--out", tmp_path / "out")
    inner = tmp_path / "out" / "inner"
    assert cli("dedup", source, "--out", inner).code == 0
    assert cli("filter", source, "--out", tmp_path / "out", "--min-output-words", 2, "--force").code == 2
    assert verify(inner) == []


def test_an_empty_directory_is_taken(tmp_path: Path, source: Path, cli: Cli) -> None:
    (tmp_path / "out").mkdir()
    assert cli("filter", source, "--out", tmp_path / "out").code == 0


def test_a_file_is_no_directory(tmp_path: Path, source: Path, cli: Cli) -> None:
    ran = cli("filter", source, "--out", source)
    assert (ran.code, ran.err) == (2, f"ittools filter: {source}: is a file; --out must name a directory\n")


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_output_is_not_reused(tmp_path: Path, source: Path, cli: Cli, damage: str) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    whole = written(out)
    shard = out / "data" / "train-00000-of-00001.parquet"
    if damage == "missing":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-1])
    ran = cli("filter", source, "--out", out)
    assert (ran.code, ran.err) == (
        1,
        f"ittools filter: {shard}: missing or cut short; --force writes the directory again\n",
    )
    assert cli("filter", source, "--out", out, "--force").code == 0
    assert written(out) == whole


def test_a_damaged_manifest_is_mended_by_force(tmp_path: Path, source: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    manifest = out / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"in": 12', '"in": 13'))
    ran = cli("filter", source, "--out", out)
    assert (ran.code, ran.err) == (
        1,
        f"ittools filter: {manifest}: damaged (its own hash does not fit); "
        "write the directory again with --force\n",
    )
    assert cli("filter", source, "--out", out, "--force").code == 0
    assert verify(out) == []


def test_what_a_killed_run_left_is_cleared_also_by_a_reuse(tmp_path: Path, source: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    cli("filter", source, "--out", out)
    (out / ".work").mkdir()
    (out / ".work" / "part-000000.kept.arrow").write_bytes(b"torn")
    assert "reused" in cli("filter", source, "--out", out).err
    assert not (out / ".work").exists()


def test_a_failed_run_leaves_no_scratch_behind(tmp_path: Path, cli: Cli) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"instruction": "a b c", "output": "d"}\n{"instruction": ')
    out = tmp_path / "out"
    assert cli("filter", source, "--out", out).code == 1
    assert [path.name for path in out.iterdir()] == [".lock"]
    assert "unfinished (no manifest.json)" in cli("head", out).err
