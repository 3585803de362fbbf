"""Which task runs next, what a death costs and which error is raised: one schedule for every engine.

Lanes carry tasks somewhere (worker processes, a cluster) and say how each ended. A task that raised
is not run again. One whose worker died is, the last time by itself: nothing else takes its memory and
nothing else is blamed. Twice killed for memory, or four times dead in any way, it is given up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ittools.engine.outcomes import Death, Failure, Outcome, Value, stage_name, task_name, told, told_death
from ittools.progress import Progress

R = TypeVar("R")
HUNGRY_TRIES = 2  # a second kill for memory, alone, will not be followed by a success
TRIES = 4  # of a task whose worker died in any other way, such as by a passing operator
EARLIER = 5.0  # s for tasks before a failed one to fail first: the first in order is the one to tell


class Lanes(Protocol):
    """Where tasks run. Indices name tasks of one run."""

    def width(self) -> int:
        """Tasks that may be on the way at once."""

    def start(self, index: int, fn: Callable[..., Any], task: tuple[Any, ...]) -> None: ...

    def finished(self, timeout: float | None) -> list[tuple[int, Outcome]]:
        """Waits until something ended, at most `timeout` seconds."""

    def stop(self) -> None:
        """Ends whatever still runs, without waiting for its result."""


@dataclass
class _Run:
    """One call of `run_on`. `busy` is on the way; `again` and `alone` lost their workers."""

    fn: Callable[..., Any]
    tasks: Sequence[tuple[Any, ...]]
    progress: Progress
    fresh: Iterator[int]
    results: list[Any]
    again: deque[int] = field(default_factory=deque)
    alone: deque[int] = field(default_factory=deque)
    single: int | None = None  # the one that runs alone now
    busy: set[int] = field(default_factory=set)
    deaths: dict[int, list[Death]] = field(default_factory=dict)
    failed: dict[int, BaseException] = field(default_factory=dict)
    patience: float = 0.0  # until when earlier tasks may still fail


def run_on(
    lanes: Lanes, fn: Callable[..., R], tasks: Sequence[tuple[Any, ...]], progress: Progress
) -> list[R]:
    """Results in task order; the error of the first failed task."""
    run = _Run(fn, tasks, progress, iter(range(len(tasks))), [None] * len(tasks))
    try:
        while True:
            _fill(run, lanes)
            if _over(run):
                break
            for index, outcome in lanes.finished(0.2 if run.failed else None):
                _take(run, index, outcome)
        if run.failed:
            raise run.failed[min(run.failed)]
    except BaseException:
        lanes.stop()
        raise
    return run.results


def _over(run: _Run) -> bool:
    if not run.failed:
        return not run.busy
    first = min(run.failed)
    return time.monotonic() > run.patience or not any(index < first for index in run.busy)


def _fill(run: _Run, lanes: Lanes) -> None:
    """Start what may run now: in order, no more than fits, nothing beside one that runs alone."""
    while len(run.busy) < lanes.width() and run.single is None:
        if run.alone and run.busy:
            return
        if run.alone:
            index = run.single = run.alone.popleft()
        elif run.again:
            index = run.again.popleft()
        else:
            index = len(run.tasks) if run.failed else next(run.fresh, len(run.tasks))
        if index == len(run.tasks):
            return
        run.busy.add(index)
        lanes.start(index, run.fn, run.tasks[index])


def _take(run: _Run, index: int, outcome: Outcome) -> None:
    run.busy.discard(index)
    run.single = None if run.single == index else run.single
    task, count = run.tasks[index], len(run.tasks)
    if isinstance(outcome, Value):
        run.results[index] = outcome.value
        run.progress.advance()
    elif isinstance(outcome, Failure):
        _fail(run, index, told(outcome.error, run.fn, index, count, task, outcome.place))
    else:
        deaths = run.deaths.setdefault(index, [])
        deaths.append(outcome)
        hungry = sum(death.hungry for death in deaths)
        if hungry >= HUNGRY_TRIES or len(deaths) >= TRIES:
            _fail(run, index, told_death(deaths, run.fn, index, count, task))
            return
        (run.alone if hungry or len(deaths) == TRIES - 1 else run.again).append(index)
        run.progress.note(f"{stage_name(run.fn)}: {outcome.cause}; {task_name(task)} runs again")


def _fail(run: _Run, index: int, error: BaseException) -> None:
    if not run.failed:
        run.patience = time.monotonic() + EARLIER
    run.failed[index] = error
