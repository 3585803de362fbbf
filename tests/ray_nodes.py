"""What tests of a real Ray have in common: its pace, its noise, and something that happens meanwhile."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NOISE = [
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


@contextmanager
def two_nodes(**environment: str) -> Iterator[Any]:
    """A cluster of a head and a node, which are processes of this machine; skips where Ray is not."""
    patched = pytest.MonkeyPatch()
    for name, value in (PLAIN | environment).items():
        patched.setenv(name, value)
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ittools[ray]'")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": QUICK}
    found = Cluster(initialize_head=True, head_node_args=head)
    found.add_node(num_cpus=1)
    yield found
    found.shutdown()
    patched.undo()


def hide_while(patch: pytest.MonkeyPatch, stage: str, work: Path) -> None:
    """While the function `stage` ("module.name") runs, the folder `work` stands where no task looks."""
    module, _, name = stage.rpartition(".")
    run, away = getattr(importlib.import_module(module), name), work.parents[1] / "away"

    def without(*known: Any) -> Any:
        work.rename(away)
        found = run(*known)
        away.rename(work)
        return found

    patch.setattr(stage, without)


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
