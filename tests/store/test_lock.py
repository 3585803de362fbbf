"""One writer at a time: the second is refused at once, a killed one leaves the directory free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import Cli, numbered, write_jsonl

from ittools.errors import StoreError
from ittools.store.lock import writer_lock

HOLDER = """
import sys
from pathlib import Path
from ittools.store.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(directory: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_writer_is_refused_at_once_and_told_who_writes(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(3)), tmp_path / "out"
    with hold(out) as holder:
        ran = cli("filter", source, "--out", out)
        holder.kill()
    assert (ran.code, ran.err) == (
        1,
        f"ittools filter: {out}: another ittools process is writing here (pid {holder.pid}); "
        "wait for it or choose another --out\n",
    )


def test_a_killed_writer_leaves_the_lock_free(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(3)), tmp_path / "out"
    with hold(out) as holder:
        os.kill(holder.pid, signal.SIGKILL)
    assert (out / ".lock").exists()
    assert cli("filter", source, "--out", out).code == 0


def test_the_lock_is_free_after_its_block_and_after_an_error(tmp_path: Path) -> None:
    me = f"pid {os.getpid()}"
    with writer_lock(tmp_path), pytest.raises(StoreError, match=me), writer_lock(tmp_path):
        pass
    with pytest.raises(RuntimeError), writer_lock(tmp_path):
        raise RuntimeError
    with writer_lock(tmp_path):
        pass
