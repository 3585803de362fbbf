"""Tasks over a Ray cluster, or over a Ray of this machine that ends with the command.

Ray places the tasks and finds out what died; which task runs again and which error is told is
decided by the same schedule as for processes, so Ray's own retries are off. Stages exchange files,
so every node must see the same storage and have the same versions: each task checks the latter.
https://docs.ray.io/en/latest/ray-core/tasks.html
"""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from ittools.engine.exchange import MissingFile
from ittools.engine.outcomes import Death, Failure, Outcome, stage_name
from ittools.engine.schedule import run_on
from ittools.errors import IttoolsError, StoreError, UsageError
from ittools.progress import Progress

R = TypeVar("R")
MATCHED = ("ittools", "pyarrow")  # bytes are equal within one version of both
STORE = 128 << 20  # bytes of the local object store; results are paths and counts
AGAIN = 5.0  # s between two looks at how many CPUs the cluster has
REACH = 10.0  # s for a head to accept a connection
SOCKET_ROOM = 30  # characters of TMPDIR: Ray's sockets below it may have 107; else Ray's own place


@contextmanager
def opened_cluster(address: str | None, workers: int | None, progress: Progress) -> Iterator[Cluster]:
    """The cluster at `address`; null starts Ray here, with `workers` CPUs. A Ray that is open is used.

    Raises:
        UsageError: Ray is not installed, nothing answers, or other versions do.
    """
    ray = _imported()
    if ray.is_initialized():
        yield from _used(ray, workers, progress)
    elif address is None:
        with _local(ray, workers):
            yield from _used(ray, workers, progress)
    else:
        with _joined(ray, address):
            yield from _used(ray, workers, progress)


def _imported() -> Any:
    """Ray, told before it loads not to print its reports of deaths: they would go to stdout, among data."""
    try:
        with _environment(RAY_DEDUP_LOGS_SKIP_REGEX="."):
            import ray
    except ImportError:
        raise UsageError("--engine ray needs Ray: pip install 'ittools[ray]'") from None
    return ray


def _used(ray: Any, workers: int | None, progress: Progress) -> Iterator[Cluster]:
    lanes = RayLanes(ray, workers, progress, ray.remote(_call()), _versions())
    try:
        yield Cluster(lanes)
    finally:
        lanes.stop()


@dataclass(frozen=True)
class Cluster:
    lanes: RayLanes

    @property
    def workers(self) -> int:
        return self.lanes.workers or self.lanes.cpus()

    def run(
        self,
        fn: Callable[..., R],
        tasks: Sequence[tuple[Any, ...]],
        progress: Progress,
        *,
        small: bool = False,
    ) -> list[R]:
        self.lanes.progress = progress
        return run_on(self.lanes, fn, tasks, progress)


@dataclass
class RayLanes:
    """Lanes of `workers` tasks, or of two for each CPU of the cluster, so that none waits for us."""

    ray: Any
    workers: int | None
    progress: Progress
    remote: Any
    versions: Mapping[str, str]
    sent: dict[Any, int] = field(default_factory=dict)  # by reference to a result
    known_cpus: int = 0
    looked: float = 0.0
    waiting: bool = False

    def cpus(self) -> int:
        if not self.looked or time.monotonic() - self.looked > AGAIN:
            self.known_cpus = int(self.ray.cluster_resources().get("CPU", 0))
            self.looked = time.monotonic()
        return self.known_cpus

    def width(self) -> int:
        return self.workers or max(2, 2 * self.cpus())

    def start(self, index: int, fn: Callable[..., Any], task: tuple[Any, ...]) -> None:
        options = {"num_cpus": 1, "max_retries": 0, "name": stage_name(fn)}
        place = (os.getcwd(), [path for path in sys.path if path])
        reference = self.remote.options(**options).remote(self.versions, place, pickle.dumps((fn, task)))
        self.sent[reference] = index

    def finished(self, timeout: float | None) -> list[tuple[int, Outcome]]:
        done, _ = self.ray.wait(list(self.sent), num_returns=1, timeout=AGAIN if timeout is None else timeout)
        if not done:
            self._say_waiting()
            return []
        self.waiting = False
        done, _ = self.ray.wait(list(self.sent), num_returns=len(self.sent), timeout=0)
        return [(self.sent.pop(reference), self._outcome(reference)) for reference in done]

    def stop(self) -> None:
        for reference in self.sent:
            self.ray.cancel(reference, force=True)
        self.sent.clear()

    def _outcome(self, reference: Any) -> Outcome:
        errors = self.ray.exceptions
        try:
            data, node, versions = self.ray.get(reference)
        except errors.OutOfMemoryError:
            return Death("Ray ended a worker because its node ran out of memory", hungry=True)
        except errors.WorkerCrashedError:
            return Death("a worker of Ray was killed", hungry=False)
        except (errors.NodeDiedError, errors.ObjectLostError):
            return Death("a node of Ray is gone", hungry=False)
        except errors.RayError as error:
            return Failure(IttoolsError(f"Ray: {_last_line(error)}"), "")
        if data is None:
            return Failure(_mismatch(node, versions, self.versions), "")
        outcome: Outcome = pickle.loads(data)
        if isinstance(outcome, Failure) and isinstance(outcome.error, (FileNotFoundError, MissingFile)):
            said = getattr(outcome.error, "strerror", None) or outcome.error
            seen = f"on node {node}, which must see the input, --out and --scratch (or give it a URL)"
            return Failure(StoreError(f"{said}; {seen}"), outcome.place)
        return outcome

    def _say_waiting(self) -> None:
        if not self.waiting and self.cpus() == 0:
            self.waiting = True
            self.progress.note("Ray has no node with a CPU now; waiting for one")


def _call() -> Callable[..., Any]:
    """What a node runs. Made here, so that it travels as code and can say that ittools is missing."""

    def call(
        wanted: Mapping[str, str], place: tuple[str, list[str]], message: bytes
    ) -> tuple[bytes | None, str, dict[str, str]]:
        import os
        import pickle
        import platform
        import sys

        folder, paths = place
        sys.path += [path for path in paths if path not in sys.path and os.path.exists(path)]
        found = {}
        for name in wanted:
            try:
                found[name] = __import__(name).__version__
            except ImportError:
                found[name] = "none"
        if found != wanted:
            return None, platform.node(), found
        from ittools.engine.outcomes import packed

        def run() -> Any:
            if os.path.isdir(folder):  # paths may be relative to where the command was typed
                os.chdir(folder)
            fn, task = pickle.loads(message)
            return fn(*task)

        return packed(run, ()), platform.node(), found

    return call


def _versions() -> dict[str, str]:
    return {name: __import__(name).__version__ for name in MATCHED}


def _mismatch(node: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> UsageError:
    wrong = [
        f"{name} {theirs.get(name, 'none')} (here {version})"
        for name, version in ours.items()
        if theirs.get(name) != version
    ]
    return UsageError(f"Ray's node {node} has {' and '.join(wrong)}; install the same on every node")


@contextmanager
def _joined(ray: Any, address: str) -> Iterator[None]:
    """A driver of a running cluster. Ray itself takes minutes to find that nothing answers."""
    if "://" in address:
        raise UsageError(f"--address {address}: give host:6379, on a machine that is a node of the cluster")
    host, _, port = address.rpartition(":")
    if address != "auto":
        try:
            socket.create_connection((host.strip("[]"), int(port)), REACH).close()
        except (OSError, ValueError, OverflowError) as error:
            raise UsageError(
                f"--address {address}: nothing answers there ({error}); is the head up?"
            ) from None
    try:
        with _handlers_kept(), _environment(RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0"):
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (Exception, SystemExit) as error:
        unsaid = "RAY_AUTH_MODE" not in os.environ
        token = "; a head with a token needs RAY_AUTH_MODE=token here" if unsaid else ""
        raise UsageError(f"--address {address}: {_last_line(error)}{token}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _local(ray: Any, workers: int | None) -> Iterator[None]:
    """Ray on this machine, for this process alone: its token and its files go with it."""
    from ittools.engine.processes import default_workers

    folder = tempfile.mkdtemp(prefix="ray-") if len(tempfile.gettempdir()) <= SOCKET_ROOM else None
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    if not any(name.startswith("RAY_AUTH_") for name in os.environ):
        settings["RAY_AUTH_TOKEN"] = _token()  # else Ray leaves one in the home folder
    try:
        with _environment(**settings):
            with _handlers_kept():
                ray.init(
                    address="local",
                    num_cpus=workers or default_workers(),
                    object_store_memory=STORE,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    _temp_dir=folder,
                )
            try:
                yield
            finally:
                ray.shutdown()
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _token() -> str:
    """One for this process: Ray keeps the first that it reads."""
    return secrets.token_hex(16)


@contextmanager
def _environment(**settings: str) -> Iterator[None]:
    """Variables that Ray reads while it starts; what was set stays, and all is put back."""
    before = {name: os.environ.get(name) for name in (*settings, "RAY_AUTH_MODE")}
    os.environ.update({name: value for name, value in settings.items() if before[name] is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray answers SIGTERM in its own way; ours is put back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and before is not None:
            signal.signal(signal.SIGTERM, before)


def _last_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "something answers there that is not the head of a Ray cluster"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
