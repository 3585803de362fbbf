"""`filter` where stages exchange files elsewhere: a folder, a store, a cluster that shares nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import fsspec.config
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from ray_nodes import NOISE, hide_while, two_nodes
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl, written

from ittools.engine.processes import Processes

pytestmark = NOISE
EACH = 60  # records of a file, and of a shard
TOLD = ("--quota", "task:b=20", "--quota", "language=90", "--keep-language", "en", "--keep-dropped", "-q")


@pytest.fixture(autouse=True)
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ittools.store.shards.SHARD", EACH)
    monkeypatch.setattr("ittools.curate.filter.SMALL", 0)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four files: inputs to be emptied, languages to be filled in, tasks over their quota, short outputs."""
    folder = tmp_path_factory.mktemp("source")
    rows = [
        row
        | {
            "task": "abc"[n % 3],
            "input": "<noinput>" if n % 7 == 0 else "",
            "output": row["output"] if n % 9 else "",
        }
        for n, row in enumerate(numbered(4 * EACH))
    ]
    return [write_jsonl(folder / f"{n}.jsonl", rows[n * EACH :][:EACH]) for n in range(4)]


@pytest.fixture
def expected(source: list[Path], tmp_path: Path, cli: Cli) -> dict[str, bytes]:
    """What the command writes inline."""
    out = tmp_path / "inline" / "out"
    assert cli("filter", *source, *TOLD, "--engine", "inline", "--out", out).code == 0
    dropped = read_records(out, "dropped", "dropped")
    assert {row["reason"] for row in dropped} == {"empty-output", "over-quota"}
    assert {row["language"] for row in read_records(out)} == {"en"}
    assert manifest_of(out)["repaired"] == 35  # of 240
    found = written(out)
    assert sum(name.startswith("data/") for name in found) == 2
    return found


class Versioned(MemoryFileSystem):  # type: ignore[misc]
    """A store of this process that counts what is put there."""

    protocol = "counted"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    put: ClassVar[set[str]] = set()

    def pipe_file(self, path: str, value: bytes, **how: Any) -> None:
        self.put.add(path.rsplit("/", 1)[1])
        super().pipe_file(path, value, **how)


def test_a_store_holds_all_that_stages_tell_and_nothing_in_the_end(
    source: list[Path], expected: dict[str, bytes], tmp_path: Path, cli: Cli
) -> None:
    fsspec.register_implementation("counted", Versioned, clobber=True)
    scratch = ("--engine", "inline", "--scratch", "counted://bucket/run")
    ran = cli("filter", *source, *TOLD, *scratch, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    parts = {f"part-{n:06d}.{what}" for n in range(4) for what in ("places.arrays", "changed.arrow")}
    assert Versioned.put - {"begun"} == {*parts, "quotas.arrays"}
    assert Versioned.store == {}


def test_a_scratch_of_one_process_serves_inline_alone(source: list[Path], tmp_path: Path, cli: Cli) -> None:
    refused = cli("filter", *source, *TOLD, "--scratch", "memory://ittools", "--out", tmp_path / "out")
    assert (refused.code, refused.err) == (
        2,
        "ittools filter: --scratch memory://ittools: no other process sees it; give --engine inline\n",
    )


@pytest.mark.parametrize("form", ["{}", "file://{}", "local://{}"])
def test_processes_exchange_by_the_scratch_and_leave_nothing_there(
    source: list[Path],
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    folder, seen = tmp_path / "scratch", dict[str, set[str]]()
    monkeypatch.setenv("FSSPEC_LOCAL_AUTO_MKDIR", "true")
    monkeypatch.setitem(fsspec.config.conf, "local", {"auto_mkdir": True})
    run = Processes.run

    def watched(self: Processes, fn: Any, *more: Any, **how: Any) -> Any:
        seen[fn.__name__] = {path.name for path in folder.rglob("*.*")}
        return run(self, fn, *more, **how)

    monkeypatch.setattr(Processes, "run", watched)
    how = ("--engine", "processes", "--workers", 2, "--scratch", form.format(folder))
    ran = cli("filter", *source, *TOLD, *how, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    here = set() if form.startswith("local") else {f"input-{n:03d}-000000.arrow" for n in range(4)}
    told = {f"part-{n:06d}.{what}" for n in range(4) for what in ("places.arrays", "changed.arrow")}
    assert seen["filter_part"] == here
    assert seen["write_shard"] == here | told | {"quotas.arrays"}
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_scratch_that_is_a_file_is_named(source: list[Path], tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "scratch").write_text("")
    ran = cli("filter", *source, *TOLD, "--scratch", tmp_path / "scratch", "--out", tmp_path / "out")
    assert ran.code == 1
    assert ran.err.startswith(f"ittools filter: --scratch {tmp_path}/scratch: Not a directory (")


# Ray, of two nodes that are processes of this machine


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    with two_nodes(FSSPEC_LOCAL_AUTO_MKDIR="true") as found:
        yield found


def test_a_cluster_with_a_shared_folder_writes_the_same_bytes(
    nodes: Any, source: list[Path], expected: dict[str, bytes], tmp_path: Path, cli: Cli
) -> None:
    how = ("--engine", "ray", "--address", nodes.address, "--scratch", tmp_path / "scratch")
    ran = cli("filter", *source, *TOLD, *how, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected


def test_a_cluster_that_shares_a_store_alone_needs_neither_input_nor_output(
    nodes: Any,
    source: list[Path],
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While records are judged the input and what was made of it stand where no task looks."""
    hide_while(monkeypatch, "ittools.curate.filter._judged", tmp_path / "out" / ".work")
    monkeypatch.setitem(fsspec.config.conf, "local", {"auto_mkdir": True})
    how = ("--engine", "ray", "--address", nodes.address, "--scratch", f"local://{tmp_path}/store")
    ran = cli("filter", *source, *TOLD, *how, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
