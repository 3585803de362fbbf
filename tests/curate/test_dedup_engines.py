"""`dedup --method near` on every engine: the same bytes, whoever is killed, and wherever stages exchange."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import held_stages as held
import pytest
from held_stages import poisoned, said_of_poison, started, words
from ray_nodes import NOISE, hide_while, meanwhile, two_nodes
from workbench import Cli, written

pytestmark = [
    pytest.mark.usefixtures("many_tasks"),
    *NOISE,
]
FOLDERS = {"FSSPEC_LOCAL_AUTO_MKDIR": "true"}  # local:// takes names with slashes, as object stores do


def killing_one(folder: Path) -> Callable[[], None]:
    """Kill a worker that has a task of the stage that is held; then all go on."""

    def kill() -> None:
        os.kill(held.pid_of(held.wait_for(folder, "began-*")[0]), signal.SIGKILL)
        (folder / "go").touch()

    return kill


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_write_the_bytes_of_one(
    source: Path, expected: dict[str, bytes], tmp_path: Path, cli: Cli, workers: int
) -> None:
    assert cli(*words(source, tmp_path, "--engine", "processes", "--workers", workers)).code == 0
    assert written(tmp_path / "out") == expected


@pytest.mark.parametrize("stage", ["sketch", "linked", "write_shard"])
def test_a_killed_process_changes_no_byte(
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    held.hold_stage(monkeypatch, stage, tmp_path / "held")
    with meanwhile(killing_one(tmp_path / "held")):
        ran = cli(*words(source, tmp_path, "--engine", "processes", "--workers", 2))
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected


def living(mark: Path) -> list[int]:
    """Processes that were started with this mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it ended in between
            continue
        if f"MARK={mark}\0".encode() in environment and held.alive(int(folder.name)):
            found.append(int(folder.name))
    return found


def interrupt(source: Path, tmp_path: Path, engine: str, sign: signal.Signals, *, group: bool) -> None:
    """The command ends with 130 and with all that it started; the next one goes through."""
    mark = tmp_path / "held"
    line = words(source, tmp_path, "--engine", engine, "--workers", 2)
    with started(line, stage="linked", folder=mark) as run:
        held.wait_for(mark, "began-*", 2)
        (os.killpg if group else os.kill)(run.pid, sign)
        _, err = run.communicate(timeout=held.PATIENCE)
    assert (run.returncode, err.splitlines()) == (
        130,
        [f"ittools dedup: interrupted; go on with: ittools {' '.join(line)}"],
    )
    held.until(lambda: not living(mark))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
@pytest.mark.parametrize(("sign", "group"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_an_interrupt_ends_all_processes_and_the_next_run_goes_through(
    source: Path, expected: dict[str, bytes], tmp_path: Path, cli: Cli, sign: signal.Signals, group: bool
) -> None:
    interrupt(source, tmp_path, "processes", sign, group=group)
    assert cli(*words(source, tmp_path)).code == 0
    assert written(tmp_path / "out") == expected


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_an_interrupt_ends_a_ray_of_our_own_and_the_next_one_writes_the_same_bytes(
    source: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ittools[ray]'")
    interrupt(source, tmp_path, "ray", signal.SIGTERM, group=False)
    with started(words(source, tmp_path, "--engine", "ray", "--workers", 2)) as run:
        _, err = run.communicate(timeout=held.PATIENCE)
    assert run.returncode == 0, err
    assert written(tmp_path / "out") == expected


# Ray, of two nodes that are processes of this machine


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    with two_nodes(**FOLDERS) as found:
        yield found


def test_a_killed_worker_of_a_cluster_changes_no_byte(
    nodes: Any,
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held.hold_stage(monkeypatch, "sketch", tmp_path / "held")
    scratch = ("--scratch", tmp_path / "scratch")
    with meanwhile(killing_one(tmp_path / "held")):
        ran = cli(*words(source, tmp_path, "--engine", "ray", "--address", nodes.address, *scratch))
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_node_that_is_gone_changes_no_byte(
    nodes: Any,
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "held"
    held.hold_stage(monkeypatch, "linked", folder)
    second = next(iter(nodes.worker_nodes))

    def remove_node() -> None:
        began = held.wait_for(folder, "began-*", 2)  # each node has one CPU, so both have begun
        lost = [held.pid_of(path) for path in began if path.read_text() == second.node_id]
        nodes.remove_node(second, allow_graceful=False)
        held.until(lambda: not any(held.alive(pid) for pid in lost))
        (folder / "go").touch()
        assert len(lost) == 1

    with meanwhile(remove_node):
        ran = cli(*words(source, tmp_path, "--engine", "ray", "--address", nodes.address))
    nodes.add_node(num_cpus=1)
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected


def test_a_cluster_that_shares_a_store_alone_needs_neither_input_nor_output(
    nodes: Any,
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until the shards are written the input and what was made of it stand where no task looks."""
    hide_while(monkeypatch, "ittools.curate.dedup._decide", tmp_path / "out" / ".work")
    monkeypatch.setitem(fsspec.config.conf, "local", {"auto_mkdir": True})
    scratch = ("--scratch", f"local://{tmp_path}/store")
    ran = cli(*words(source, tmp_path, "--engine", "ray", "--address", nodes.address, *scratch))
    assert ran.code == 0, ran.err
    assert written(tmp_path / "out") == expected
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_flipped_byte_is_told_by_a_cluster_as_by_any_engine(
    nodes: Any, source: Path, tmp_path: Path, cli: Cli
) -> None:
    shard = poisoned(source, tmp_path / "in", cli)
    how = ("--engine", "ray", "--address", nodes.address)
    ran = cli(*words(tmp_path / "in" / "data", tmp_path, *how))
    said_of_poison(ran, shard, f"sketch, task 3 of 4 (2 parts from {shard})")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
