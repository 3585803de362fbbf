"""`dedup --index DIR`: what earlier runs kept, so that a growing corpus is compared once.

    DIR/index.json          what is compared, and the runs in order
    DIR/000001-00000.arrays ids, exact keys and shingle sets of what the first run kept

Signatures and bands are not saved: they follow from the shingles, so runs may differ in --threshold,
--perm and --method. A run adds itself once: it is known by what it read, and repeated, with these
options or others, it sees only the runs before it and takes its own place again.
"""

from __future__ import annotations

import json
import re
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
from ittools.store.lock import LOCK_NAME
from ittools.text.ragged import I64, take, unique

INDEX_FILE = "index.json"
FORMAT = 2
# what a run that was killed leaves, too
OURS = re.compile(rf"{re.escape(LOCK_NAME)}|\.?\d{{6}}-\d{{5}}\.arrays.*|\.index\.json\..*")


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
        """The records of the runs before, as portions. Raises StoreError for a damaged file."""
        found: list[Portion] = []
        for run in self.before:
            for name, records in run["files"].items():
                path = self.path / name
                try:
                    held = len(get_arrays(path, names=("exact",))["exact"])
                except (StoreError, KeyError) as error:
                    raise self._damaged(f"{path}: {error}") from None
                if held != records:
                    raise self._damaged(f"{path}: holds {held} records, not {records}")
                found.append(Portion(number + len(found), first, records, segment=str(path), known=True))
                first += records
        return found

    def _damaged(self, what: str) -> StoreError:
        return StoreError(f"{what}; --index {self.path} is damaged: build it again in a new folder")


def refuse_foreign_folder(path: Path) -> None:
    """Raises UsageError where `path` is neither an index, nor what a killed run left of one, nor empty."""
    if path.exists() and not (path / INDEX_FILE).exists():
        foreign = not path.is_dir() or any(not OURS.fullmatch(file.name) for file in path.iterdir())
        if foreign:
            raise UsageError(f"--index {path}: neither an index of dedup nor an empty folder")


def open_index(path: Path, compared: Compared, run: Any) -> SavedIndex:
    """Raises UsageError where it compares other things than this run would."""
    about = {"on": compared.on, "ngram": compared.ngram, "unit": compared.unit}
    fingerprint, file = sha256_json(run), path / INDEX_FILE
    if not file.exists():
        return SavedIndex(path, about, [], fingerprint)
    try:
        saved = json.loads(file.read_text())
        begun, runs = dict(saved["compared"]), list(saved["runs"])
        for one in runs:
            dict(one["files"]), str(one["run"])
        version = saved["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: not the file of an index ({error!r}); build it again elsewhere") from None
    if version != FORMAT:
        raise UsageError(f"{file}: format {version}, this version reads {FORMAT}")
    for name, value in about.items():
        if begun.get(name) != value:
            raise UsageError(
                f"--index {path}: was begun with --{name} {begun.get(name)}, not {value}; "
                "give the same, or another folder"
            )
    return SavedIndex(path, about, runs, fingerprint)


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
