"""`dedup --method near` on every engine: the same bytes, whoever is killed, and wherever stages exchange."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import fsspec.config
import held_stages as held
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from workbench import Cli, Ran, numbered, write_jsonl, written

from ittools.curate import dedup as command

pytestmark = [
    # Ray leaves sockets and pipes of its own to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*:FutureWarning:ray.*"),
]
QUICK = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 200,
    "health_check_failure_threshold": 5,
}
PLAIN = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS_SKIP_REGEX": "."}
FOLDERS = {"FSSPEC_LOCAL_AUTO_MKDIR": "true"}  # local:// takes names with slashes, as object stores do
RECORDS = 100  # of a file


def small_tasks(patched: pytest.MonkeyPatch) -> None:
    """Few records make several tasks of each stage."""
    patched.setattr("ittools.curate.portions.RECORDS", RECORDS)
    patched.setattr("ittools.curate.dedup.RANGE", 2 * RECORDS)
    patched.setattr("ittools.curate.near.GROUP", RECORDS)
    patched.setattr("ittools.store.shards.SHARD", RECORDS)


@pytest.fixture(autouse=True)
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    small_tasks(monkeypatch)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files: records, copies with a word more, other records, and again some of all."""
    folder = tmp_path_factory.mktemp("source")
    rows = [row | {"output": f"{row['output']} {'and so on ' * 9}"} for row in numbered(2 * RECORDS)]
    alike = [row | {"output": row["output"] + " indeed"} for row in rows[:RECORDS]]
    for number, some in enumerate((rows[:RECORDS], alike, rows[RECORDS:], alike[::2] + rows[::4])):
        write_jsonl(folder / f"{number}.jsonl", some)
    return folder


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the command writes inline."""
    from ittools.cli.app import main

    folder = tmp_path_factory.mktemp("inline")
    with pytest.MonkeyPatch.context() as patched:
        small_tasks(patched)
        assert main(words(source, folder, "--engine", "inline")) == 0
    found = written(folder / "out")
    kept = [pa.BufferReader(found[name]) for name in found if name.startswith("data/")]
    assert sum(pq.read_metadata(shard).num_rows for shard in kept) == 2 * RECORDS
    assert len(kept) == 2
    assert sum(name.startswith("dropped/") for name in found) == 2
    return found


def words(source: Path, folder: Path, *more: object) -> list[str]:
    inputs = sorted(source.iterdir()) if source.is_dir() else [source]
    out = ("--method", "near", "--keep-dropped", "--quiet", "--out", folder / "out")
    return ["dedup", *map(str, (*inputs, *out, *more))]


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """`act` in a thread; what it raises is raised when the block ends."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not raised, raised


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


# What is wrong is said, by any engine alike


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


COMMAND = """
import resource, signal, sys
from pathlib import Path
import pytest
from held_stages import hold_stage
from test_dedup_engines import small_tasks
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
    patched = pytest.MonkeyPatch()
    for name, value in (PLAIN | FOLDERS).items():
        patched.setenv(name, value)
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ittools[ray]'")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": QUICK}
    found = Cluster(initialize_head=True, head_node_args=head)
    found.add_node(num_cpus=1)
    yield found
    found.shutdown()
    patched.undo()


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
    work, away = tmp_path / "out" / ".work", tmp_path / "away"
    decide = command._decide

    def decide_without(*known: Any) -> Any:
        work.rename(away)
        found = decide(*known)
        away.rename(work)
        return found

    monkeypatch.setattr("ittools.curate.dedup._decide", decide_without)
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
