"""Small records, option sets and runs for the tests of training."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ittools.train.options import FinetuneOptions

EIGHT = {
    "Say a.": "alpha", "Say b.": "bravo", "Say c.": "charlie", "Say d.": "delta é",
    "Say e.": "echo 🎉", "Say f.": "fox\ntrot", "Say g.": "golf", "Say h.": "hotel",
}  # fmt: skip


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_eight(path: Path) -> Path:
    return write_jsonl(path, [{"instruction": ask, "output": answer} for ask, answer in EIGHT.items()])


def options(records: Path, out: Path, **others: Any) -> FinetuneOptions:
    return FinetuneOptions(inputs=(str(records),), out=out, **others)


def ittools(*words: object, cwd: Path, check: bool = False) -> subprocess.CompletedProcess[str]:
    """The command line in its own process."""
    command = [sys.executable, "-m", "ittools", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=check)
