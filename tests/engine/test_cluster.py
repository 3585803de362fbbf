"""Ray: the same bytes on a cluster whose workers and nodes are killed; clear words for what is wrong.

One cluster of real processes on this machine serves all tests: a head with one CPU, and for a while
a node with another.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import engine_tasks as tasks
import pytest
import shape_tasks as job
from ray_nodes import NOISE, PLAIN, QUICK, meanwhile
from test_engines import Counting

from ittools.engine.cluster import RayLanes
from ittools.engine.inline import Inline
from ittools.engine.outcomes import Death, Value
from ittools.engine.protocol import Engine, EngineOptions, opened_engine
from ittools.errors import InputError, IttoolsError, UsageError

pytestmark = NOISE


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster with its head, as Ray's own tests make one."""
    patched = pytest.MonkeyPatch()
    for name, value in PLAIN.items():
        patched.setenv(name, value)
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ittools[ray]'")
    from ray.cluster_utils import Cluster

    found = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "_system_config": QUICK},
    )
    yield found
    found.shutdown()
    patched.undo()


@pytest.fixture(scope="module")
def engine(nodes: Any) -> Iterator[Engine]:
    with opened_engine(EngineOptions(engine="ray", address=nodes.address)) as opened:
        yield opened


@pytest.fixture
def second(nodes: Any, engine: Engine) -> Iterator[Any]:
    """Another node with one CPU."""
    node = nodes.add_node(num_cpus=1)
    look_again(engine)
    yield node
    if node in nodes.worker_nodes:
        nodes.remove_node(node, allow_graceful=False)
    nodes.wait_for_nodes()
    look_again(engine)


def look_again(engine: Any) -> None:
    """The CPUs are counted anew."""
    engine.lanes.looked = 0.0


def test_a_killed_node_loses_nothing(nodes: Any, engine: Engine, second: Any, tmp_path: Path) -> None:
    progress = Counting()

    def remove_node() -> None:
        began = tasks.wait_for(tmp_path, "began-*", 2)
        lost = [path for path in began if path.read_text() == second.node_id]
        nodes.remove_node(second, allow_graceful=False)
        for path in lost:  # a worker outlives its node for a moment, in which it must not end its task
            tasks.wait_until_gone(int(path.name.split("-")[2]))
        (tmp_path / "go").write_text("")
        assert len(lost) == 1

    with meanwhile(remove_node):
        found = engine.run(tasks.hold, [(n, str(tmp_path)) for n in range(6)], progress)
    assert found == [0, 1, 2, 3, 4, 5]
    assert progress.count == 6
    assert len(progress.notes) == 1
    assert progress.notes[0].startswith(
        ("hold: a node of Ray is gone; ", "hold: a worker of Ray was killed; ")
    )
    began = Counter(path.name.split("-")[1] for path in tmp_path.glob("began-*"))
    assert sorted(began.values()) == [1, 1, 1, 1, 1, 2]


def test_a_result_that_was_lost_with_its_node_is_made_again(
    nodes: Any, engine: Any, second: Any, tmp_path: Path
) -> None:
    import ray

    (tmp_path / "go").write_text("")
    for index in range(2):  # each waits for the other, so each node has one
        engine.lanes.start(index, tasks.bulky, (index, str(tmp_path)))
    ray.wait(list(engine.lanes.sent), num_returns=2, timeout=tasks.PATIENCE, fetch_local=False)
    nodes.remove_node(second, allow_graceful=False)
    outcomes: list[Any] = []
    while len(outcomes) < 2:
        outcomes += [outcome for _, outcome in engine.lanes.finished(tasks.PATIENCE)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, Death)]
    kept = [outcome for outcome in outcomes if isinstance(outcome, Value)]
    assert lost == [Death("a node of Ray is gone", hungry=False)]
    assert [len(outcome.value) for outcome in kept] == [tasks.BULK]


def test_a_killed_worker_loses_nothing(engine: Engine, second: Any, tmp_path: Path) -> None:
    progress = Counting()

    def kill_one() -> None:
        victim = tasks.wait_for(tmp_path, "began-*", 2)[0]
        os.kill(int(victim.name.split("-")[2]), signal.SIGKILL)
        (tmp_path / "go").write_text("")

    with meanwhile(kill_one):
        found = engine.run(tasks.hold, [(n, str(tmp_path)) for n in range(6)], progress)
    assert found == [0, 1, 2, 3, 4, 5]
    assert [note.split(";")[0] for note in progress.notes] == ["hold: a worker of Ray was killed"]


@pytest.mark.parametrize("killed", [False, True])
def test_the_bytes_are_those_of_one_process(engine: Engine, tmp_path: Path, killed: bool) -> None:
    marker = tmp_path / "marker"
    job.whole_job(Inline(), str(tmp_path / "here"))
    job.whole_job(engine, str(tmp_path / "there"), str(marker) if killed else "")
    assert marker.exists() is killed
    assert job.digests(tmp_path / "there") == job.digests(tmp_path / "here")


def test_results_come_in_the_order_of_the_tasks(engine: Engine) -> None:
    progress = Counting()
    found = engine.run(tasks.square, [(n,) for n in range(50)], progress)
    assert [square for square, _ in found] == [n * n for n in range(50)]
    assert os.getpid() not in {pid for _, pid in found}
    assert progress.count == 50
    assert engine.run(tasks.square, [], progress) == []


def test_no_more_is_sent_than_two_tasks_for_a_cpu(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0
    start = type(engine.lanes).start

    def counted(lanes: Any, *what: Any) -> None:
        nonlocal most
        start(lanes, *what)
        most = max(most, len(lanes.sent))

    monkeypatch.setattr(type(engine.lanes), "start", counted)
    engine.run(tasks.square, [(n,) for n in range(30)], Counting())
    assert (engine.workers, most) == (1, 2)


def test_an_error_is_raised_as_it_is(engine: Engine) -> None:
    with pytest.raises(InputError, match=r"^part 2: cannot be read$"):
        engine.run(tasks.refuse, [(n,) for n in range(4)], Counting())


def test_a_fault_is_told_as_by_any_engine(engine: Engine) -> None:
    pieces = [(tasks.Piece("b.parquet", 7), "awkward")]
    told = []
    for each in (engine, Inline()):
        with pytest.raises(IttoolsError) as refusal:
            each.run(tasks.stumble, pieces, Counting())
        told.append(str(refusal.value).replace("RuntimeError: ", ""))
    assert told[0] == told[1]
    assert told[0].startswith("stumble, task 1 of 1 (b.parquet, row_group 7): Awkward: this and that (at ")


def test_a_task_that_always_dies_is_named(engine: Engine, tmp_path: Path) -> None:
    names = ("early", "poison", "late")
    with pytest.raises(IttoolsError) as refusal:
        engine.run(
            tasks.die_always, [(name, str(tmp_path), int(signal.SIGKILL)) for name in names], Counting()
        )
    assert str(refusal.value) == (
        "die_always, task 2 of 3 (poison): a worker of Ray was killed; 4 tries, the last one alone; "
        "it crashes, or memory runs out: try --workers 1, or leave that input out and report it"
    )
    assert (tmp_path / "runs").read_text().splitlines().count("poison") == 4


def test_tasks_run_where_the_command_was_typed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").write_text("")
    monkeypatch.chdir(tmp_path)
    assert engine.run(tasks.whereabouts, [("here",), ("there",)], Counting()) == [True, False]


def test_a_node_with_another_version_is_named(
    nodes: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.lanes, "versions", engine.lanes.versions | {"ittools": "0.0.0"})
    with pytest.raises(
        UsageError, match=r"^Ray's node \S+ has ittools \S+ \(here 0\.0\.0\); install the same"
    ):
        engine.run(tasks.square, [(1,)], Counting())


def test_a_cluster_without_a_cpu_is_said_once() -> None:
    progress = Counting()
    lanes = RayLanes(None, None, progress, None, {}, known_cpus=0, looked=math.inf)
    lanes._say_waiting()
    lanes._say_waiting()
    assert progress.notes == ["Ray has no node with a CPU now; waiting for one"]
    assert lanes.width() == 2  # an autoscaler starts nodes for tasks that wait


def test_an_open_ray_is_used_and_left_open(engine: Engine) -> None:
    import ray

    with opened_engine(EngineOptions(engine="ray", workers=1)) as another:
        assert [n for n, _ in another.run(tasks.square, [(3,)], Counting())] == [9]
    assert ray.is_initialized()


def test_ray_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    refusal = pytest.raises(UsageError, match=r"^--engine ray needs Ray: pip install 'ittools\[ray\]'$")
    with refusal, opened_engine(EngineOptions(engine="ray")):
        pass


class NotRay:
    """What is there of Ray before it is opened."""

    is_initialized = staticmethod(lambda: False)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:{free}", "nothing answers there (*refused); is the head up?"),
        ("ray://head:10001", "give host:6379, on a machine that is a node of the cluster"),
        ("head", "nothing answers there (*); is the head up?"),
        ("127.0.0.1:1234567", "nothing answers there (*); is the head up?"),
    ],
)
def test_an_address_where_nothing_answers_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, address: str, told: str
) -> None:
    monkeypatch.setitem(sys.modules, "ray", NotRay)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        address = address.replace("{free}", str(taken.getsockname()[1]))
        with (
            pytest.raises(UsageError) as refusal,
            opened_engine(EngineOptions(engine="ray", address=address)),
        ):
            pass
    begins, _, ends = told.partition("*")
    assert str(refusal.value).startswith(f"--address {address}: {begins}")
    assert str(refusal.value).endswith(ends)


LOCAL = """
import os, sys
import engine_tasks, shape_tasks
from ittools.engine.protocol import EngineOptions, opened_engine
from ittools.progress import Silent
if __name__ == "__main__":
    before = dict(os.environ)
    try:
        with opened_engine(EngineOptions(engine="ray", workers=2)) as engine:
            shape_tasks.whole_job(engine, sys.argv[1])
        with opened_engine(EngineOptions(engine="ray", workers=2)) as engine:
            assert engine.workers == 2
            engine.run(engine_tasks.die_once, [(n, sys.argv[2] + "/died") for n in range(4)], Silent())
            engine.run(engine_tasks.linger, [(n, sys.argv[2]) for n in range(4)], Silent())
    except KeyboardInterrupt:
        kept = {name: os.environ.get(name) == value for name, value in before.items()}
        print("interrupted", all(kept.values()), "RAY_AUTH_TOKEN" in os.environ)
"""


def test_a_ray_of_our_own_goes_with_an_interrupt_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ittools[ray]'")
    job.whole_job(Inline(), str(tmp_path / "here"))
    home = tmp_path / "home"
    home.mkdir()
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    with tempfile.TemporaryDirectory() as near:  # short: sockets stand below it
        run = subprocess.Popen(
            [sys.executable, "-c", LOCAL, str(tmp_path / "there"), str(tmp_path)],
            env=_plain_environment()
            | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": near, "HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        tasks.wait_for(tmp_path, "began*", 2)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
        assert out == "interrupted True False\n"
        assert job.digests(tmp_path / "there") == job.digests(tmp_path / "here")
        assert sorted(path.name for path in tmp_path.glob("ended*")) == []
        assert (list(Path(near).iterdir()), list(home.rglob("*"))) == ([], [])
        assert _mentioning(near) == []


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}


def _mentioning(text: str) -> list[str]:
    """Command lines of processes that name `text` or were started with it in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:  # it ended in between
            continue
        if text.encode() in line + environment:
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found
