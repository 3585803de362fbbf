"""A process beside a worker in which templates are rendered, with a limit of memory and of time.

guard = Guard()
for index, answer in enumerate(guard.stream(fn, rows)): ...      fn(rows) yields there, answers come here
    -> Exceeded: index 3, "used more than 512 MB of memory"

The time is the processor's and counts anew for each answer, so a busy machine stops nobody. The kernel keeps
it: a process deep inside one operation of C ends as well, also when its parent is gone.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, TypeVar

R = TypeVar("R")
MEMORY = 512  # MB beyond what the process has when it starts
SAID = 4_096  # bytes of its last words
SECONDS = 10.0  # of the processor, for one answer
_HEAD = struct.Struct("<Q")


@dataclass(frozen=True)
class Limits:
    memory: int = MEMORY
    seconds: float = SECONDS


class Exceeded(Exception):
    """`index` answers had come before; `what` says which limit it was."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(what)
        self.index, self.what = index, what


class Guard:
    """One process, started when it is first needed and again after one that was ended."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.process: subprocess.Popen[bytes] | None = None

    def stream(self, fn: Callable[..., Iterator[R]], *values: Any) -> Iterator[R]:
        """What `fn(*values)` yields there. Its module must be quick to import, and do without Arrow.

        Raises:
            Exceeded: a limit, or the process died.
            Exception: whatever `fn` raised.
        """
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        index, whole = 0, False
        try:
            send(process.stdin, (fn, values))
            while True:
                kind, value = receive(process.stdout)
                if kind != "answer":
                    break
                yield value
                index += 1
            whole = kind in ("end", "error")
        except (EOFError, OSError):
            kind, value = "dead", None
        finally:
            if not whole:  # answers are left in the pipe, or none will come any more
                code, said = self.close()
        if kind == "error":
            raise value
        if kind != "end":
            raise Exceeded(index, self._what(kind, code, said))

    def _what(self, kind: str, code: int, said: str) -> str:
        if kind == "memory":
            return f"used more than {self.limits.memory} MB of memory"
        if code == -signal.SIGPROF:
            return f"used more than {self.limits.seconds:g} s"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        return f"its process ended ({name})" + (f": {said}" if said else "")

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            ours = (
                f"import sys; sys.path[:] = {sys.path!r}; from ittools.template.sandbox.child import serve; "
            )
            # no pipe: one that nobody reads fills up, and the process waits for ever
            self.said = tempfile.TemporaryFile()  # noqa: SIM115
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c",
                 f"{ours}serve({self.limits.memory}, {self.limits.seconds})"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, bufsize=1 << 20,
            )  # fmt: skip
        return self.process

    def close(self) -> tuple[int, str]:
        """End the process, if there is one; its exit code and the last line of what it said."""
        process, self.process = self.process, None
        if process is None:
            return 0, ""
        if process.poll() is None and not _ended(process):
            process.kill()
        code = process.wait()
        said = self._last_words()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not yet sent to a dead process
                    stream.close()
        return code, said

    def _last_words(self) -> str:
        """The last line that the process wrote to stderr."""
        with self.said as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - SAID))
            return (file.read().decode(errors="replace").strip().splitlines() or [""])[-1]


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ends by itself now that it reads nothing more, as one that was killed has."""
    try:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(0.5)
    except (subprocess.TimeoutExpired, OSError):
        return False
    return True


@lru_cache(maxsize=1)
def own_guard() -> Guard:
    """That of this process, ended with it."""
    guard = Guard()
    atexit.register(guard.close)
    return guard


def send(stream: BinaryIO | Any, value: Any) -> None:
    text = pickle.dumps(value, protocol=5)
    stream.write(_HEAD.pack(len(text)))
    stream.write(text)
    stream.flush()


def receive(stream: BinaryIO | Any) -> Any:
    """Raises EOFError at the end of the stream."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    length = _HEAD.unpack(head)[0]
    text = stream.read(length)
    if len(text) < length:
        raise EOFError
    return pickle.loads(text)


def pages_of_memory() -> int | None:
    """Bytes of address space that this process has; null where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as handle:
            return int(handle.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
