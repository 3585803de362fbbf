"""The engine's one idea: pure tasks in, results out, in the order of the tasks.

A task is a function of the module level, called with paths and options; it writes files under the
names it is given and returns paths and counts. Tasks are idempotent: running one again writes the
same bytes. So where and how often a task runs never shows in the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

from ittools.progress import Progress, Silent

R = TypeVar("R")
EngineName = Literal["auto", "inline", "processes"]


class Engine(Protocol):
    """Runs `fn(*task)` for every task."""

    def run(self, fn: Callable[..., R], tasks: Sequence[tuple[Any, ...]], progress: Progress) -> list[R]:
        """Results in task order. Raises what a task raised."""


def run_tasks(
    fn: Callable[..., R],
    tasks: Sequence[tuple[Any, ...]],
    *,
    engine: EngineName = "auto",
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[R]:
    """`fn(*task)` for every task on the named engine; `auto` starts no process for one task."""
    from ittools.engine.inline import Inline
    from ittools.engine.processes import Processes, default_workers

    workers = workers or default_workers()
    alone = len(tasks) <= 1 or workers == 1
    if engine == "inline" or (engine == "auto" and alone):
        chosen: Engine = Inline()
    else:
        chosen = Processes(min(workers, max(1, len(tasks))))
    return chosen.run(fn, tasks, progress or Silent())
