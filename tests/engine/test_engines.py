"""Engines: results in task order, errors passed on, killed workers replaced, poison named."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import engine_tasks as tasks
import pytest

from ittools.engine.outcomes import task_name
from ittools.engine.processes import memory_kills
from ittools.engine.protocol import EngineName, EngineOptions, opened_engine, run_tasks
from ittools.errors import InputError, IttoolsError, UsageError
from ittools.formats.source import ReadOptions
from ittools.options import from_mapping, option, resolved

ENGINES = ("inline", "processes")


class Counting:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.count = 0
        self.notes: list[str] = []

    def start(self, what: str, total: int | None = None) -> None:
        return None

    def advance(self, count: int = 1) -> None:
        self.count += count

    def show(self, **facts: str) -> None:
        return None

    def note(self, message: str) -> None:
        self.notes.append(message)

    def done(self, name: str, result: object) -> None:
        return None


@pytest.mark.parametrize("engine", ["auto", "inline", "processes"])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_results_come_in_the_order_of_the_tasks(engine: EngineName, count: int) -> None:
    progress = Counting()
    found = run_tasks(tasks.square, [(n,) for n in range(count)], engine=engine, workers=2, progress=progress)
    assert [square for square, _ in found] == [n * n for n in range(count)]
    assert progress.count == count


@pytest.mark.parametrize(
    ("engine", "workers", "count", "small", "here"),
    [
        ("inline", 2, 3, False, True),
        ("auto", 1, 3, False, True),
        ("auto", 2, 1, False, True),
        ("auto", 2, 3, True, True),
        ("auto", 2, 3, False, False),
        ("processes", 1, 1, True, False),
    ],
)
def test_a_process_is_started_only_where_it_helps(
    engine: EngineName, workers: int, count: int, small: bool, here: bool
) -> None:
    with opened_engine(EngineOptions(engine=engine, workers=workers)) as opened:
        found = opened.run(tasks.square, [(n,) for n in range(count)], Counting(), small=small)
    assert ({process for _, process in found} == {os.getpid()}) is here


def test_one_pool_serves_all_stages_and_starts_no_more_than_there_are_tasks() -> None:
    with opened_engine(EngineOptions(engine="processes", workers=3)) as engine:
        assert (engine.workers, multiprocessing.active_children()) == (3, [])
        one = {pid for _, pid in engine.run(tasks.square, [(1,)], Counting())}
        two = {pid for _, pid in engine.run(tasks.square, [(n,) for n in range(40)], Counting())}
        assert one < two
        assert two <= {child.pid for child in multiprocessing.active_children()}
        assert len(multiprocessing.active_children()) == 3
    assert multiprocessing.active_children() == []


def test_there_must_be_a_worker() -> None:
    with pytest.raises(UsageError, match=r"^--workers 0: at least 1$"):
        run_tasks(tasks.square, [], workers=0)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_that_names_its_file_is_raised_as_it_is(engine: EngineName) -> None:
    with pytest.raises(InputError, match=r"^part 2: cannot be read$"):
        run_tasks(tasks.refuse, [(n,) for n in range(4)], engine=engine, workers=2)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_that_does_not_gets_a_note(engine: EngineName) -> None:
    with pytest.raises(InputError) as refusal:
        run_tasks(tasks.refuse_late, [("a.jsonl",), ("bad.jsonl",)], engine=engine, workers=2)
    assert str(refusal.value) == "no column 'output'"
    assert refusal.value.__notes__ == ["in refuse_late, task 2 of 2 (bad.jsonl)"]


WHERE = "stumble, task 2 of 2 (b.parquet, row_group 7): "


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("key", WHERE + "KeyError: 'column' (at engine_tasks.py:"),
        ("awkward", ": this and that (at engine_tasks.py:"),
        ("memory", WHERE + "out of memory; give fewer --workers, or a machine with more of it"),
    ],
)
def test_a_fault_is_told_with_its_stage_its_file_and_its_line(
    engine: EngineName, how: str, message: str
) -> None:
    pieces = [(tasks.Piece("a.parquet", 0), "none"), (tasks.Piece("b.parquet", 7), how)]
    with pytest.raises(IttoolsError) as refusal:
        run_tasks(tasks.stumble, pieces[1:] * 2, engine=engine, workers=2)
    told = str(refusal.value).replace("task 1 of 2", "task 2 of 2")
    assert told.startswith(WHERE)
    assert message in told


@pytest.mark.parametrize("engine", ENGINES)
def test_a_full_disk_stays_an_error_of_the_system(engine: EngineName) -> None:
    with pytest.raises(OSError, match="No space left on device") as refusal:
        run_tasks(tasks.stumble, [(tasks.Piece("a", 0), "full")] * 2, engine=engine, workers=2)
    assert (refusal.value.errno, refusal.value.filename) == (28, "out/part")


@pytest.mark.parametrize(("how", "told"), [("exit", "SystemExit: 3"), ("result", "pickle")])
def test_a_worker_survives_an_exit_and_a_result_that_cannot_be_sent(how: str, told: str) -> None:
    progress = Counting()
    with pytest.raises(IttoolsError) as refusal:
        run_tasks(tasks.stumble, [(tasks.Piece("a", 0), how)], engine="processes", progress=progress)
    assert told in str(refusal.value)
    assert progress.notes == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_of_several_errors_is_the_one_told(engine: EngineName) -> None:
    with pytest.raises(InputError, match=r"^0: no$"):
        run_tasks(tasks.fail_after, [(n, "") for n in range(6)], engine=engine, workers=3)


def test_an_error_ends_the_other_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ittools.engine.schedule.EARLIER", 0.1)
    with opened_engine(EngineOptions(engine="processes", workers=2)) as engine:
        with pytest.raises(InputError, match=r"^1: no$"):
            engine.run(tasks.fail_after, [(n, str(tmp_path)) for n in range(4)], Counting())
        assert multiprocessing.active_children() == []
        found = engine.run(tasks.square, [(n,) for n in range(3)], Counting())
    assert [square for square, _ in found] == [0, 1, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["began0"]


def test_a_killed_worker_costs_a_note_and_no_result(tmp_path: Path) -> None:
    progress = Counting()
    found = run_tasks(
        tasks.die_once,
        [(n, str(tmp_path / "marker")) for n in range(6)],
        engine="processes",
        workers=2,
        progress=progress,
    )
    assert found == [0, 1, 2, 3, 4, 5]
    assert progress.notes == ["die_once: a worker was killed (SIGKILL); 3 runs again"]


def test_the_other_workers_go_on_when_one_is_killed(tmp_path: Path) -> None:
    progress = Counting()

    def kill_one() -> None:
        victim = tasks.wait_for(tmp_path, "began-*", 3)[1]
        os.kill(int(victim.name.split("-")[2]), signal.SIGKILL)
        (tmp_path / "go").write_text("")

    killer = threading.Thread(target=kill_one)
    killer.start()
    found = run_tasks(
        tasks.hold, [(n, str(tmp_path)) for n in range(3)], engine="processes", workers=3, progress=progress
    )
    killer.join()
    assert found == [0, 1, 2]
    began = Counter(path.name.split("-")[1] for path in tmp_path.glob("began-*"))
    assert began == {"0": 1, "1": 2, "2": 1}
    assert progress.notes == ["hold: a worker was killed (SIGKILL); 1 runs again"]


HUNGRY = "memory ran out: try --workers 1, or a machine with more of it"
OTHER = "it crashes, or memory runs out: try --workers 1, or leave that input out and report it"


@pytest.mark.parametrize(
    ("how", "kills", "runs", "told"),
    [
        (
            signal.SIGKILL,
            [0, 1, 2],
            2,
            f"a worker was killed (SIGKILL); 2 tries, the last one alone; {HUNGRY}",
        ),
        (
            signal.SIGKILL,
            [None] * 3,
            2,
            f"a worker was killed (SIGKILL); 2 tries, the last one alone; {HUNGRY}",
        ),
        (signal.SIGKILL, [7] * 5, 4, f"a worker was killed (SIGKILL); 4 tries, the last one alone; {OTHER}"),
        (
            signal.SIGSEGV,
            [0, 1, 2, 3, 4],
            4,
            f"a worker was killed (SIGSEGV); 4 tries, the last one alone; {OTHER}",
        ),
        (0, [0], 4, f"a worker ended with exit code 7; 4 tries, the last one alone; {OTHER}"),
    ],
)
def test_the_task_that_ends_its_worker_is_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: int, kills: list[int | None], runs: int, told: str
) -> None:
    """`kills`: what the system says, each time it is asked, of kills for want of memory."""
    counts = iter(kills)
    monkeypatch.setattr("ittools.engine.processes.memory_kills", lambda: next(counts, kills[-1]))
    progress, names = Counting(), ("early", "poison", "late")
    with pytest.raises(IttoolsError) as refusal:
        run_tasks(
            tasks.die_always,
            [(name, str(tmp_path), how) for name in names],
            engine="processes",
            workers=2,
            progress=progress,
        )
    assert str(refusal.value) == f"die_always, task 2 of 3 (poison): {told}"
    ran = Counter((tmp_path / "runs").read_text().splitlines())
    assert (ran["early"], ran["poison"]) == (1, runs)
    assert ran["late"] <= 1  # it need not have begun
    assert len(progress.notes) == runs - 1


def test_the_system_counts_what_it_killed_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    said = memory_kills()
    assert said is None or said >= 0
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "pgfault 5\noom_kill 12\nballoon_inflate 0\n")
    assert memory_kills() == 12
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "pgfault 5\n")
    assert memory_kills() is None


def test_workers_leave_an_interrupt_to_their_parent() -> None:
    found = run_tasks(tasks.answer_interrupt, [(0,)], engine="processes", workers=1)
    assert found == [str(signal.SIG_IGN)]


@pytest.mark.parametrize(("workers", "threads"), [(1, None), (2, "1")])
def test_libraries_start_no_threads_beside_other_workers(
    monkeypatch: pytest.MonkeyPatch, workers: int, threads: str | None
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert run_tasks(tasks.threads, [(0,)], engine="processes", workers=workers) == [threads]


INTERRUPTED = """
import sys
import engine_tasks
from ittools.engine.protocol import run_tasks
if __name__ == "__main__":
    try:
        run_tasks(engine_tasks.linger, [(n, sys.argv[1]) for n in range(4)], engine="processes", workers=2)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_an_interrupt_waits_for_no_task(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(list(tmp_path.glob("began*"))) < 2:
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    assert run.communicate() == ("interrupted\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["began0", "began1"]


def test_a_task_is_named_by_its_first_argument() -> None:
    assert task_name((tasks.Piece("a.parquet", 3), "x")) == "a.parquet, row_group 3"
    assert task_name((Path("b"), 1)) == "b"
    assert task_name(()) == "no arguments"


@dataclass(frozen=True, kw_only=True)
class BothOptions(EngineOptions, ReadOptions):
    out: Path = option(Path("out"), "directory", shapes_output=False)


def test_a_command_can_read_and_run_and_only_reading_shapes_its_output() -> None:
    options = from_mapping(BothOptions, {"inputs": ["a"], "engine": "ray", "workers": 3}, where="step x")
    assert (options.inputs, options.engine, options.workers) == (("a",), "ray", 3)
    shaping = resolved(options, only_shaping=True)
    assert shaping.keys() == resolved(ReadOptions(inputs=("a",)), only_shaping=True).keys()
