"""`dedup --index DIR`: what earlier runs kept, so that a growing corpus is compared once.

    DIR/index.json          what is compared, and the runs in order
    DIR/000001-00000.arrays ids, exact keys and shingle sets of what the first run kept

Signatures and bands are not saved: they follow from the shingles, so runs may differ in --threshold,
--perm and --method. A run adds itself once: it is known by its fingerprint, and repeated it sees
only the runs before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ittools.curate.portions import Compared, Portion, content_of
from ittools.engine.exchange import get_arrays, put_arrays
from ittools.engine.protocol import Engine
from ittools.errors import StoreError, UsageError
from ittools.progress import Progress
from ittools.store.files import json_text, sha256_json, write_text
from ittools.text.ragged import I64, take, unique

INDEX_FILE = "index.json"
FORMAT = 1


@dataclass(frozen=True)
class SavedIndex:
    """An opened index as one run sees it: the files of the runs before it."""

    path: Path
    about: dict[str, Any]  # what is compared
    runs: list[dict[str, Any]]
    run: str  # fingerprint of this run

    @property
    def before(self) -> list[dict[str, Any]]:
        own = [number for number, run in enumerate(self.runs) if run["run"] == self.run]
        return self.runs[: own[0]] if own else self.runs

    @property
    def number(self) -> int:
        """Of this run, from 1."""
        return len(self.before) + 1

    @property
    def added(self) -> bool:
        return len(self.before) < len(self.runs)

    @property
    def fingerprint(self) -> str:
        return sha256_json([self.about, [run["run"] for run in self.before]])

    def portions(self, first: int, number: int) -> list[Portion]:
        """The records of the runs before, as portions."""
        found: list[Portion] = []
        for run in self.before:
            for name, records in run["files"].items():
                path = self.path / name
                if not path.is_file():
                    raise StoreError(f"{path}: missing; the index is damaged, build it again in a new folder")
                found.append(Portion(number + len(found), first, records, segment=str(path), known=True))
                first += records
        return found


def open_index(path: Path, compared: Compared, run: Any) -> SavedIndex:
    """Raises UsageError where it compares other things than this run would."""
    about = {"on": compared.on, "ngram": compared.ngram, "unit": compared.unit}
    run_fingerprint = sha256_json(run)
    file = path / INDEX_FILE
    if not file.exists():
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"--index {path}: neither an index of dedup nor an empty folder")
        return SavedIndex(path, about, [], run_fingerprint)
    try:
        saved = json.loads(file.read_text())
        if saved["format"] != FORMAT:
            raise UsageError(f"{file}: format {saved['format']}, this version reads {FORMAT}")
        runs = saved["runs"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: not the file of an index ({error})") from None
    for name, value in about.items():
        if saved["compared"].get(name) != value:
            raise UsageError(
                f"--index {path}: was begun with --{name} {saved['compared'].get(name)}, not {value}; "
                "give the same, or another folder"
            )
    return SavedIndex(path, about, runs, run_fingerprint)


def add_run(
    index: SavedIndex,
    portions: list[Portion],
    gone: I64,
    compared: Compared,
    engine: Engine,
    progress: Progress,
) -> None:
    """Save what stays of this run; index.json, written last, makes it count."""
    index.path.mkdir(parents=True, exist_ok=True)
    tasks = []
    for place, portion in enumerate(portions):
        begin, end = np.searchsorted(gone, (portion.first, portion.stop))
        left = np.ones(portion.records, bool)
        left[gone[begin:end] - portion.first] = False
        name = f"{index.number:06d}-{place:05d}.arrays"
        tasks.append((portion, np.flatnonzero(left), compared, str(index.path / name)))
    progress.start("dedup: index", len(tasks))
    counts = engine.run(save_portion, tasks, progress)
    files = {Path(task[3]).name: count for task, count in zip(tasks, counts, strict=True) if count}
    run = {"run": index.run, "records": sum(counts), "files": files}
    # a run that is repeated takes its own place again: the same records, and later ones saw them
    runs = [*index.before, run, *index.runs[index.number :]]
    content = {"format": FORMAT, "compared": index.about, "runs": runs}
    write_text(index.path / INDEX_FILE, json_text(content))


def save_portion(portion: Portion, rows: I64, compared: Compared, path: str) -> int:
    """Task: ids, exact keys and shingles of the records at `rows`."""
    if not len(rows):
        return 0
    content = content_of(portion, compared)
    arrays: dict[str, Any] = {"exact": content.exact[rows], "ids": _ids(portion)[rows]}
    for number, field in enumerate(content.fields):
        once = unique(take(field, rows))
        arrays |= {f"values{number}": once.values, f"offsets{number}": once.offsets}
    put_arrays(path, **arrays)
    return len(rows)


def _ids(portion: Portion) -> Any:
    if portion.segment is not None:
        return get_arrays(portion.segment)["ids"]
    ids = pa.chunked_array([c for part in portion.parts for c in part.read(["id"]).column("id").chunks])
    return np.array([text.encode() for text in ids.to_pylist()], np.bytes_)
