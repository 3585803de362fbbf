"""Dedup with many small tasks, whose stages wait for a word of the test in any worker that imports them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from workbench import Cli, Ran

PATIENCE = 60.0  # s
STAGES = {"sketch": "ittools.curate.dedup.sketch", "linked": "ittools.curate.near.linked",
          "write_shard": "ittools.formats.emission.write_shard"}  # fmt: skip


def hold_stage(patch: pytest.MonkeyPatch, stage: str, folder: Path) -> None:
    """Each task of the stage says that it began, and goes on when `folder` has a file `go`."""
    folder.mkdir(exist_ok=True)
    patch.setattr(STAGES[stage], partial(held, stage=stage, folder=str(folder)))


def held(*task: Any, stage: str, folder: str) -> Any:
    where = Path(folder)
    ray = sys.modules.get("ray")
    node = ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else ""
    staged = where / f".{os.getpid()}-{os.urandom(4).hex()}"
    staged.write_text(node)
    staged.rename(where / f"began-{staged.name[1:]}")
    wait_for(where, "go")
    module, _, name = STAGES[stage].rpartition(".")
    return getattr(importlib.import_module(module), name)(*task)  # a worker's own, which waits for nobody


def wait_for(folder: Path, pattern: str, count: int = 1) -> list[Path]:
    """The files that match, as soon as there are `count`."""
    return until(lambda: found if len(found := sorted(folder.glob(pattern))) >= count else [])


def until(look: Callable[[], Any]) -> Any:
    """What `look` returns, as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError("waited in vain")


def pid_of(began: Path) -> int:
    return int(began.name.split("-")[1])


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


RECORDS = 100  # of a file


def small_tasks(patched: pytest.MonkeyPatch) -> None:
    """Few records make several tasks of each stage."""
    patched.setattr("ittools.curate.portions.RECORDS", RECORDS)
    patched.setattr("ittools.curate.sketch.RANGE", 2 * RECORDS)
    patched.setattr("ittools.curate.near.GROUP", RECORDS)
    patched.setattr("ittools.store.shards.SHARD", RECORDS)


def words(source: Path, folder: Path, *more: object) -> list[str]:
    inputs = sorted(source.iterdir()) if source.is_dir() else [source]
    out = ("--method", "near", "--keep-dropped", "--quiet", "--out", folder / "out")
    return ["dedup", *map(str, (*inputs, *out, *more))]


COMMAND = """
import resource, signal, sys
from pathlib import Path
import pytest
from held_stages import hold_stage, small_tasks
from ittools.cli.app import main
if __name__ == "__main__":
    stage, folder, room, *words = sys.argv[1:]
    small_tasks(patched := pytest.MonkeyPatch())
    if room != "0":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
    if stage:
        hold_stage(patched, stage, Path(folder))
    sys.exit(main(words))
"""


def started(words: list[str], *, stage: str = "", folder: Path | str = "", room: int = 0) -> Any:
    """The command in a process of its own, and of its own group; MARK stands in the environment of all."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    named = {"PYTHONPATH": os.pathsep.join(paths), "MARK": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, stage, str(folder), str(room), *words],
        env={k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | named,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def poisoned(source: Path, folder: Path, cli: Cli, name: str = "output") -> Path:
    """A dataset of ours; in a column of the second row group of its third shard one byte is another."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ittools.store.shards.ROW_GROUP", RECORDS // 2)
        assert (
            cli("filter", *sorted(source.iterdir()), "--engine", "inline", "--out", folder, "--quiet").code
            == 0
        )
    shard = sorted((folder / "data").iterdir())[2]
    group = pq.read_metadata(shard).row_group(1)
    columns = [group.column(index) for index in range(group.num_columns)]
    column = next(column for column in columns if column.path_in_schema == name)
    content = bytearray(shard.read_bytes())
    content[
        (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size // 2
    ] ^= 1
    shard.write_bytes(content)
    return shard


def said_of_poison(ran: Ran, shard: Path, stage: str) -> None:
    assert ran.code == 1
    assert ran.err.startswith(f"ittools dedup: {shard}: damaged Parquet in row group 1 (")
    assert f"; in {stage}" in ran.err
    assert len(ran.err.splitlines()) == 1
