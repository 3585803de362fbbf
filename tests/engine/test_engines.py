"""Engines: results in task order, errors passed on, killed workers replaced, poison named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import engine_tasks as tasks
import pytest

from ittools.engine.processes import TRIES
from ittools.engine.protocol import EngineName, run_tasks
from ittools.errors import InputError, IttoolsError


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
    ("engine", "workers", "count", "here"),
    [
        ("inline", 2, 3, True),
        ("auto", 1, 3, True),
        ("auto", 2, 1, True),
        ("auto", 2, 3, False),
        ("processes", 1, 1, False),
    ],
)
def test_a_process_is_started_only_where_it_helps(
    engine: EngineName, workers: int, count: int, here: bool
) -> None:
    found = run_tasks(tasks.square, [(n,) for n in range(count)], engine=engine, workers=workers)
    assert ({process for _, process in found} == {os.getpid()}) is here


@pytest.mark.parametrize("engine", ["inline", "processes"])
def test_an_error_of_a_task_is_raised_as_it_is(engine: EngineName) -> None:
    with pytest.raises(InputError, match=r"^part 2: cannot be read$"):
        run_tasks(tasks.refuse, [(n,) for n in range(4)], engine=engine, workers=2)


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
    assert progress.notes == ["a worker process died; its tasks run again"]


def test_the_task_that_kills_its_worker_is_the_one_that_is_named(tmp_path: Path) -> None:
    progress, names = Counting(), ("patient", "poison", "quick")
    with pytest.raises(IttoolsError) as refusal:
        run_tasks(
            tasks.die_always,
            [(name, str(tmp_path)) for name in names],
            engine="processes",
            workers=2,
            progress=progress,
        )
    assert str(refusal.value) == (
        "a worker died 3 times in die_always, last at poison; "
        "most often it ran out of memory: try --workers 1"
    )
    assert len(progress.notes) == TRIES


def test_workers_leave_an_interrupt_to_their_parent() -> None:
    found = run_tasks(tasks.answer_interrupt, [(0,)], engine="processes", workers=1)
    assert found == [str(signal.SIG_IGN)]


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
