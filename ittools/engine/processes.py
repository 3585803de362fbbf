"""Tasks over spawned processes, one per core. A killed worker costs its task one more run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, TypeVar

from ittools.errors import IttoolsError
from ittools.progress import Progress

R = TypeVar("R")
TRIES = 3  # of a task whose worker died; more would only repeat an out-of-memory kill


def default_workers() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """A pool of `workers` processes; spawned, so that no lock, thread or client is inherited."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, fn: Callable[..., R], tasks: Sequence[tuple[Any, ...]], progress: Progress) -> list[R]:
        results: dict[int, R] = {}
        for attempt in range(TRIES):
            waiting = [index for index in range(len(tasks)) if index not in results]
            if not waiting:
                break
            # the last time one by one, so that the task that is named is the one that kills
            passes = [[index] for index in waiting] if attempt == TRIES - 1 else [waiting]
            try:
                for some in passes:
                    self._pass(fn, tasks, some, results, progress)
            except BrokenProcessPool:
                progress.note("a worker process died; its tasks run again")
        if len(results) < len(tasks):
            lost = next(index for index in range(len(tasks)) if index not in results)
            raise IttoolsError(
                f"a worker died {TRIES} times in {fn.__name__}, last at {_named(tasks[lost])}; "
                "most often it ran out of memory: try --workers 1"
            )
        return [results[index] for index in range(len(tasks))]

    def _pass(
        self,
        fn: Callable[..., R],
        tasks: Sequence[tuple[Any, ...]],
        waiting: list[int],
        results: dict[int, R],
        progress: Progress,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        workers, others = min(self.workers, len(waiting)), set(multiprocessing.active_children())
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent) as pool:
            futures: dict[Future[R], int] = {pool.submit(fn, *tasks[i]): i for i in waiting}
            try:
                for future in as_completed(futures):
                    results[futures[future]] = future.result()
                    progress.advance()
            except BaseException as error:
                if not isinstance(error, Exception):  # Ctrl-C: a task can run again, so none is waited for
                    for worker in set(multiprocessing.active_children()) - others:
                        worker.terminate()
                # waited for: a pool that is still closing when Python exits prints a traceback now and then
                pool.shutdown(wait=True, cancel_futures=True)
                raise


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


def _named(task: tuple[Any, ...]) -> str:
    return str(task[0])[:200] if task else "a task"
