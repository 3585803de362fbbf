"""`dedup --index DIR`: what earlier runs kept, so that a growing corpus is compared once.

    DIR/index.json                           what is compared, and the runs in order
    DIR/000001-00000-9a0364b9e99bb480.arrays ids, exact keys and shingle sets of what the first run kept

Signatures and bands are not saved: they follow from the shingles, so runs may differ in --threshold,
--perm and --method. A run adds itself once: it is known by what it read, and repeated, with these
options or others, it sees only the runs before it and takes its own place again. The end of a file's
name follows its content, so a repeat writes over no file that index.json lists: a kill leaves the index
as it was, or as it shall be.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ittools.curate.portions import Compared, Portion, content_of
from ittools.engine.exchange import Arrays, get_arrays, put_arrays
from ittools.engine.protocol import Engine
from ittools.errors import StoreError, UsageError
from ittools.progress import Progress
from ittools.store.files import json_text, sha256_json, write_text
from ittools.store.lock import LOCK_NAME
from ittools.text.ragged import I64, take, unique

INDEX_FILE = "index.json"
FORMAT = 3
# what a run that was killed leaves, too
KEPT = re.compile(r"\.?\d{6}-\d{5}(-[0-9a-f]{16})?\.arrays.*")
OURS = re.compile(rf"{re.escape(LOCK_NAME)}|{KEPT.pattern}|\.index\.json\..*")


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
        """Of what the runs before kept, not only of what they read: the names follow the content."""
        return sha256_json([self.about, [[run["run"], run["files"]] for run in self.before]])

    def portions(self, first: int, number: int) -> list[Portion]:
        """The records of the runs before, as portions. Raises StoreError for a damaged file."""
        found: list[Portion] = []
        for run in self.before:
            for name, records in run["files"].items():
                path = self.path / name
                held = self._checked(path)
                if held != records:
                    raise self._damaged(f"{path}: holds {held} records, not {records}")
                found.append(Portion(number + len(found), first, records, segment=str(path), known=True))
                first += records
        return found

    def _checked(self, path: Path) -> int:
        """Its records. Raises StoreError where the content is not what it was when the file was named."""
        try:
            arrays = get_arrays(path)
            held = len(arrays["exact"])
        except (StoreError, KeyError) as error:
            raise self._damaged(f"{path}: {error}") from None
        if not path.stem.endswith(f"-{_mark(arrays)}"):
            raise self._damaged(f"{path}: its content has changed")
        return held

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
        raise UsageError(
            f"{file}: format {version}, this version reads {FORMAT}; build the index again in a new folder"
        )
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
        begins = str(index.path / f"{index.number:06d}-{place:05d}")
        tasks.append((portion, np.flatnonzero(left), compared, begins))
    progress.start("dedup: index", len(tasks))
    files = {name: count for name, count in engine.run(save_portion, tasks, progress) if count}
    run = {"run": index.run, "records": sum(files.values()), "files": files}
    # a run that is repeated takes its own place again: the same records, and later ones saw them
    runs = [*index.before, run, *index.runs[index.number :]]
    content = {"format": FORMAT, "compared": index.about, "runs": runs}
    write_text(index.path / INDEX_FILE, json_text(content))
    _remove_others(index.path, {name for run in runs for name in run["files"]})


def _remove_others(folder: Path, listed: set[str]) -> None:
    """What a repeated run kept before, and what killed ones left."""
    for file in folder.iterdir():
        if KEPT.fullmatch(file.name) and file.name not in listed:
            file.unlink()


def save_portion(portion: Portion, rows: I64, compared: Compared, begins: str) -> tuple[str, int]:
    """Task: ids, exact keys and shingles of the records at `rows`; the file's name, and how many they are."""
    if not len(rows):
        return "", 0
    content = content_of(portion, compared)
    arrays: Arrays = {"exact": content.exact[rows], "ids": _ids(portion)[rows]}
    for number, field in enumerate(content.fields):
        once = unique(take(field, rows))
        arrays |= {f"values{number}": once.values, f"offsets{number}": once.offsets}
    path = f"{begins}-{_mark(arrays)}.arrays"
    put_arrays(path, **arrays)
    return Path(path).name, len(rows)


def _mark(arrays: Arrays) -> str:
    """64 bits of the content: equal arrays, equal name."""
    digest = hashlib.blake2b(digest_size=8)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def _ids(portion: Portion) -> Any:
    if portion.segment is not None:
        return get_arrays(portion.segment)["ids"]
    ids = pa.chunked_array([c for part in portion.parts for c in part.read(["id"]).column("id").chunks])
    return np.array([text.encode() for text in ids.to_pylist()], np.bytes_)
