"""The engine's one idea: pure tasks in, results out, in the order of the tasks.

A task is a function of the module level, called with paths and options; it writes files under the
names it is given and returns paths and counts. Tasks are idempotent: running one again writes the
same bytes. So where and how often a task runs never shows in the output.

    with opened_engine(options, progress=progress) as engine:
        counts = engine.run(filter_part, [(part, stem) for ...], progress)
        engine.run(emit_shard, [(shard,) for ...], progress)  # the same workers
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from ittools.errors import UsageError
from ittools.options import option
from ittools.progress import Progress, Silent

R = TypeVar("R")
EngineName = Literal["auto", "inline", "processes", "ray"]


class Engine(Protocol):
    """Runs `fn(*task)` for every task."""

    @property
    def workers(self) -> int:
        """Tasks that run at once, as far as is known now; nothing written may depend on it."""

    def run(
        self,
        fn: Callable[..., R],
        tasks: Sequence[tuple[Any, ...]],
        progress: Progress,
        *,
        small: bool = False,
    ) -> list[R]:
        """Results in task order; `small`: `auto` should not start a process for these.

        Raises:
            IttoolsError: what the first failed task raised, as it is or with its stage and name;
                a task whose worker died each time.
        """


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Options of every command whose tasks can run elsewhere; none of them shapes the output."""

    engine: EngineName = option(
        "auto", "where tasks run (auto: in processes where that pays)", shapes_output=False
    )
    workers: int | None = option(None, "tasks at once (default: one per core)", shapes_output=False)
    address: str | None = option(
        None,
        "Ray cluster of --engine ray: host:6379 or auto (default: Ray on this machine)",
        env="RAY_ADDRESS",
        shapes_output=False,
    )
    scratch: str | None = option(
        None, "folder or URL where stages exchange files (default: inside --out)", shapes_output=False
    )


@contextmanager
def opened_engine(options: EngineOptions, *, progress: Progress | None = None) -> Iterator[Engine]:
    """The engine of one command. Processes start with the first tasks that need them; Ray starts here.

    Raises:
        UsageError: no worker, Ray missing, nothing answers at --address, a --scratch of this process alone.
    """
    from ittools.engine.inline import Inline
    from ittools.engine.processes import default_workers, opened_processes

    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers {options.workers}: at least 1")
    if (options.scratch or "").startswith("memory://") and options.engine != "inline":
        raise UsageError(f"--scratch {options.scratch}: no other process sees it; give --engine inline")
    workers = options.workers or default_workers()
    if options.engine == "ray":
        from ittools.engine.cluster import opened_cluster

        address = options.address or os.environ.get("RAY_ADDRESS")
        with opened_cluster(address, options.workers, progress or Silent()) as cluster:
            yield cluster
    elif options.engine == "inline" or (options.engine == "auto" and workers == 1):
        yield Inline()
    else:
        with opened_processes(workers, lazily=options.engine == "auto") as processes:
            yield processes


@contextmanager
def opened_beside_files(options: EngineOptions, engine: Engine, folder: str) -> Iterator[Engine]:
    """For tasks that read the input or write --out: `engine`, or one of this machine alone.

    Where stages exchange files by URL (`folder`), nothing else is shared with the nodes of a cluster.
    """
    if options.engine != "ray" or "://" not in folder:
        yield engine
        return
    with opened_engine(EngineOptions()) as here:
        yield here


def run_tasks(
    fn: Callable[..., R],
    tasks: Sequence[tuple[Any, ...]],
    *,
    engine: EngineName = "auto",
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[R]:
    """One stage on an engine of its own; a command with several stages opens one for all."""
    options = EngineOptions(engine=engine, workers=workers)
    with opened_engine(options, progress=progress) as opened:
        return opened.run(fn, tasks, progress or Silent())
