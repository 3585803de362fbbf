"""Tasks over spawned processes, kept for all stages of a command. A killed worker is replaced.

Each worker holds one task at a time, so it is known which task a dead one had, and the others
go on undisturbed. Spawned, so that no lock, thread or client is inherited.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from ittools.arrow import prepare_arrow
from ittools.engine.inline import Inline
from ittools.engine.outcomes import Death, Outcome, packed
from ittools.engine.schedule import run_on
from ittools.progress import Progress

R = TypeVar("R")
CLOSING = 5.0  # s for an idle worker to leave by itself


def default_workers() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def opened_processes(workers: int, *, lazily: bool = False) -> Iterator[Processes]:
    """At most `workers` processes, none before the first tasks; `lazily` also none for a single task."""
    pool = Pool(workers)
    try:
        yield Processes(pool, lazily)
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.close()


@dataclass(frozen=True)
class Processes:
    pool: Pool
    lazily: bool

    @property
    def workers(self) -> int:
        return self.pool.workers

    def run(
        self,
        fn: Callable[..., R],
        tasks: Sequence[tuple[Any, ...]],
        progress: Progress,
        *,
        small: bool = False,
    ) -> list[R]:
        if self.lazily and (small or len(tasks) <= 1):
            return Inline().run(fn, tasks, progress)
        return run_on(self.pool, fn, tasks, progress)


@dataclass
class Worker:
    """A process, our end of its pipe, and the task that it has."""

    process: BaseProcess
    pipe: Connection
    index: int | None = None


@dataclass
class Pool:
    """Lanes of up to `workers` processes, each started when a task first needs it."""

    workers: int
    living: list[Worker] = field(default_factory=list)
    memory_kills: int | None = None  # of the system, when last looked

    def width(self) -> int:
        return self.workers

    def start(self, index: int, fn: Callable[..., Any], task: tuple[Any, ...]) -> None:
        worker = next((w for w in self.living if w.index is None), None)
        if worker is None:
            if not self.living:
                self.memory_kills = memory_kills()
            worker = _spawned(quiet_threads=self.workers > 1)
            self.living.append(worker)
        message = pickle.dumps((fn, task))
        worker.index = index
        try:
            worker.pipe.send_bytes(message)
        except OSError:  # it is dead: `finished` will see the end of its pipe
            return

    def finished(self, timeout: float | None) -> list[tuple[int, Outcome]]:
        busy = {worker.pipe: worker for worker in self.living if worker.index is not None}
        found: list[tuple[int, Outcome]] = []
        for pipe in connection.wait(list(busy), timeout):
            worker = busy[pipe]  # type: ignore[index]
            index, worker.index = worker.index, None
            assert index is not None
            try:
                found.append((index, pickle.loads(worker.pipe.recv_bytes())))
            except (EOFError, OSError):
                self.living.remove(worker)
                found.append((index, self._death(worker)))
        return found

    def _death(self, worker: Worker) -> Death:
        worker.pipe.close()
        worker.process.join(CLOSING)
        if worker.process.is_alive():  # it closed its pipe and lives on
            worker.process.kill()
            worker.process.join()
        code = worker.process.exitcode or 0
        worker.process.close()
        if code >= 0:
            return Death(f"a worker ended with exit code {code}", hungry=False)
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        before, self.memory_kills = self.memory_kills, memory_kills()
        hungry = self.memory_kills is None or self.memory_kills != before
        return Death(f"a worker was killed ({name})", hungry=hungry and -code == signal.SIGKILL)

    def stop(self) -> None:
        """Kill all: a task can run again, so none is waited for."""
        for worker in self.living:
            worker.process.kill()
        self.close()

    def close(self) -> None:
        for worker in self.living:
            worker.pipe.close()
        for worker in self.living:
            worker.process.join(CLOSING)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self.living.clear()


def _spawned(*, quiet_threads: bool) -> Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, quiet_threads), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


def memory_kills() -> int | None:
    """Processes that Linux killed for want of memory since it started; null where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def _serve(pipe: Connection, quiet_threads: bool) -> None:
    """In a worker: tasks from the pipe until it closes."""
    _follow_parent()
    if quiet_threads:  # one process per core already: 64 workers with 64 Arrow threads each help nobody
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    prepare_arrow()
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        pipe.send_bytes(packed(_unpacked, (message,)))


def _unpacked(message: bytes) -> Any:
    fn, task = pickle.loads(message)
    return fn(*task)


def _follow_parent() -> None:
    """In a worker: Ctrl-C is the parent's to answer, and a killed parent leaves no worker behind.

    An orphan would go on writing files that the next run writes too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
