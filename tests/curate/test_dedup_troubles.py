"""`dedup` on damaged input and on scratch of every kind: one clear line, alike on every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import fsspec
import held_stages as held
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from held_stages import poisoned, said_of_poison, started, words
from ray_nodes import meanwhile
from workbench import Cli, written

pytestmark = pytest.mark.usefixtures("many_tasks")


@pytest.mark.parametrize("engine", ["inline", "processes"])
@pytest.mark.parametrize(
    ("column", "stage"),
    [("output", "sketch, task 3 of 4 (2 parts from {})"), ("source", "write_shard, task 2 of 4 (")],
)
def test_a_flipped_byte_is_told_with_its_row_group_and_stage(
    source: Path, tmp_path: Path, cli: Cli, engine: str, column: str, stage: str
) -> None:
    shard = poisoned(source, tmp_path / "in", cli, column)
    ran = cli(*words(tmp_path / "in" / "data", tmp_path, "--engine", engine, "--workers", 2))
    said_of_poison(ran, shard, stage.format(shard))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


def test_a_scratch_of_one_process_serves_inline_alone(
    source: Path, expected: dict[str, bytes], tmp_path: Path, cli: Cli
) -> None:
    scratch = ("--scratch", "memory://ittools")
    assert cli(*words(source, tmp_path, "--engine", "inline", *scratch)).code == 0
    assert written(tmp_path / "out") == expected
    refused = cli(*words(source, tmp_path / "two", "--engine", "processes", *scratch))
    assert (refused.code, refused.err) == (
        2,
        "ittools dedup: --scratch memory://ittools: no other process sees it; give --engine inline\n",
    )


class Versioned(MemoryFileSystem):  # type: ignore[misc]
    """A store that takes a version before the range, as s3fs does."""

    protocol = "versioned"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def cat_file(self, path: str, version: Any = None, start: Any = None, end: Any = None) -> Any:
        assert version is None
        return super().cat_file(path, start=start, end=end)


def test_an_object_store_is_asked_for_ranges_by_name(
    source: Path, expected: dict[str, bytes], tmp_path: Path, cli: Cli
) -> None:
    fsspec.register_implementation("versioned", Versioned, clobber=True)
    ran = cli(*words(source, tmp_path, "--engine", "inline", "--scratch", "versioned://bucket/run"))
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    assert Versioned.store == {}


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_scratch_folder_holds_all_that_stages_exchange(
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    folder, found = tmp_path / "scratch", []
    held.hold_stage(monkeypatch, "write_shard", tmp_path / "held")

    def look() -> None:
        held.wait_for(tmp_path / "held", "began-*")
        found.extend(path.name for path in folder.rglob("*.arrow"))
        found.extend(path.name for path in (tmp_path / "out").rglob(".work/*"))
        (tmp_path / "held" / "go").touch()

    with meanwhile(look):
        scratch = ("--scratch", form.format(folder))
        ran = cli(*words(source, tmp_path, "--engine", "processes", "--workers", 2, *scratch))
    assert ran.code == 0, ran.err
    assert sorted(found) == [f"input-{number:03d}-000000.arrow" for number in range(4)]
    assert written(tmp_path / "out") == expected
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("engine", ["inline", "processes"])
def test_a_scratch_without_room_is_named(source: Path, tmp_path: Path, engine: str) -> None:
    how = ("--engine", engine, "--workers", 2, "--scratch", tmp_path / "scratch")
    with started(words(source, tmp_path, *how), room=60_000) as run:
        _, err = run.communicate(timeout=held.PATIENCE)
    assert run.returncode == 1
    assert err.startswith(f"ittools dedup: --scratch {tmp_path}/scratch: File too large (")
    assert err.endswith("); give another place\n")
    assert len(err.splitlines()) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_scratch_that_is_a_file_is_named(source: Path, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "scratch").write_text("")
    ran = cli(*words(source, tmp_path, "--scratch", tmp_path / "scratch"))
    assert ran.code == 1
    assert ran.err.startswith(f"ittools dedup: --scratch {tmp_path}/scratch: Not a directory (")
