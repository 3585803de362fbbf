"""Runs of `ittools generate`: in this process, or in one of their own that can be killed."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ittools.cli.app import main
from ittools.store.manifest import Manifest, read_manifest

KEY = "sk-proj-Qz7DISTINCTIVE9x/4+Kk81"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds after which a condition that never comes is a failure


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


def words(out: Path, *more: str, url: str | None = None, num: int = 8) -> list[str]:
    """The command line; without `url` by the offline teacher."""
    teacher = ["--base-url", url, "-m", "served"] if url else ["--teacher", "offline"]
    return ["generate", *teacher, "--num", str(num), "--out", str(out), "--backoff", "0", *more]


class Runner:
    """Runs command lines in this process and captures what they print."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *arguments: str) -> Ran:
        self.capfd.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        try:
            code = main(arguments)
        finally:
            signal.signal(signal.SIGTERM, before)
        said = self.capfd.readouterr()
        return Ran(code, said.out, said.err)

    def finished(self, *arguments: str) -> Manifest:
        """The manifest of a run that must end well."""
        ran = self(*arguments)
        assert ran.code == 0, ran.err
        manifest = read_manifest(Path(arguments[arguments.index("--out") + 1]))
        assert manifest is not None
        return manifest


def start(arguments: list[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The same command line in a process of its own; what it says goes to `log`."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "ittools", *arguments],
            stdout=said, stderr=said, stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path, **environment},
        )  # fmt: skip


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.002)


def ledger_of(out: Path) -> Path:
    return out / "ledger" / "ledger.sqlite"


def ledger_rows(out: Path, query: str) -> list[tuple[object, ...]]:
    if not ledger_of(out).exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{ledger_of(out)}?mode=ro", uri=True)) as ledger:
            return ledger.execute(query).fetchall()
    except sqlite3.OperationalError:  # not yet made, or busy
        return []


def responses_kept(out: Path) -> int:
    rows = ledger_rows(out, "SELECT count(*) FROM responses")
    return int(str(rows[0][0])) if rows else 0


def shard_hashes(out: Path) -> dict[str, str]:
    shards = sorted((out / "data").glob("*.parquet"))
    return {shard.name: hashlib.sha256(shard.read_bytes()).hexdigest() for shard in shards}


def records(out: Path, folder: str = "data") -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for shard in sorted((out / folder).glob("*.parquet")):
        rows += pq.read_table(shard).to_pylist()
    return rows


def all_bytes(folder: Path) -> bytes:
    """Every byte below `folder`, and every name."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"".join(str(path).encode() + path.read_bytes() for path in found)
