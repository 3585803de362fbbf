"""One writer at a time in a directory: an advisory lock that frees itself when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ittools.errors import StoreError

LOCK_NAME = ".lock"


@contextmanager
def writer_lock(directory: Path, *, choose: str = "--out") -> Iterator[None]:
    """Hold the directory's lock. Raises StoreError at once when another process holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    # close-on-exec is Python's default, so a spawned worker does not keep the lock
    handle = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 64, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"{directory}: another ittools process is writing here (pid {holder}); "
                f"wait for it or choose another {choose}"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
