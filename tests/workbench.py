"""What many tests need: rows to read, records to write, and a look at what was written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

Row = dict[str, Any]


class Ran(NamedTuple):
    """One command line that ran in this process."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


def write_jsonl(path: Path, rows: Iterable[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def numbered(count: int, first: int = 0) -> list[Row]:
    """Rows that no rule drops and that are no one's duplicates."""
    words = ("amber", "birch", "coral", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty")
    return [
        {
            "instruction": f"Tell a story about {number} {' '.join(words[int(d)] for d in str(number))}",
            "input": "",
            "output": f"Story {number}: {' and '.join(words[int(d)] for d in str(number * 7919))}",
        }
        for number in range(first, first + count)
    ]


def read_records(directory: Path, split: str = "train", folder: str = "data") -> list[Row]:
    """All records of one split, in order."""
    files = sorted((directory / folder).glob(f"{split}-*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def manifest_of(directory: Path) -> Row:
    found: Row = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return found


def written(directory: Path) -> dict[str, bytes]:
    """Every file but the manifest (it holds times) and the lock (it holds a process id)."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", ".lock")
    }


def read_all(leader: int) -> bytes:
    """What was written to the other end of a pseudo-terminal, until it is closed."""
    pieces = []
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(leader)
    return b"".join(pieces)
