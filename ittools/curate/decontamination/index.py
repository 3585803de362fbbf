"""The evaluation sets as tables of windows: built once, written as .npy, mapped into memory by each task.

Template text must not condemn: "The following paragraphs each describe a set of three objects" stands in
every record of a BBH task. A window that more than a share of one task's records have is left out for that
task; so is a short record of which as many have all the words in a row. Both are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.decontamination.evaluation import EvaluationSets
from ittools.curate.decontamination.options import Rule
from ittools.text.overlaps import Spelled, WindowTable, full_windows, spell, whole_windows, window_table
from ittools.text.ragged import I64, U64, Ragged
from ittools.text.tokens import word_hashes

Bools = NDArray[np.bool_]
FEWEST = 10  # records; text that more of one task share is template text, however few the task has
MAPPED = 1 << 16  # bytes; smaller arrays are read
WINDOWS, WHOLE, SHORT = "windows", "whole", "short-{}"


@dataclass
class SetCounts:
    """What there is to find of one evaluation set, in records, and the n-grams that were left out.

    too_short: of fewer words than an n-gram; sought whole or, below `--whole`, only as equal prompts.
    template: of template text alone, which n-grams do not find.
    """

    name: str
    records: int
    empty: int = 0
    too_short: int = 0
    template: int = 0
    usable_ngrams: int = 0
    common_ngrams: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def build(sets: EvaluationSets, rule: Rule, folder: Path) -> list[SetCounts]:
    """Write the index of all sets into `folder`."""
    folder.mkdir()
    words = word_hashes(sets.passages.column("text"))
    _save(folder, "words", values=words.values, offsets=words.offsets)
    with (
        pa.OSFile(str(folder / "passages.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, sets.passages.schema) as writer,
    ):
        writer.write_table(sets.passages.combine_chunks())
    counts = [SetCounts(name, records) for name, records in zip(sets.names, sets.records, strict=True)]
    names = pa.array(sets.names)
    column = {"set": pc.index_in(sets.passages.column("set"), names).to_numpy().astype(np.int64),
              "record": sets.passages.column("record").to_numpy()}  # fmt: skip
    groups = _groups(sets.passages)
    found = full_windows(words, rule.ngram) if rule.windowed else Ragged(words.values[:0], 0 * words.offsets)
    common = _common(found, groups, column["record"], rule.common)
    usable_words = _usable_words(~common, found, rule.ngram)
    _save(folder, "usable", values=~common, offsets=found.offsets, words=usable_words)
    _save(folder, "own", values=found.values)
    _write(folder, WINDOWS, window_table(found, ~common))
    if rule.exact:
        asked = np.array([of != "answer" for of in sets.passages.column("of").to_pylist()], bool)
        whole = whole_windows(words)
        _write(folder, WHOLE, window_table(whole, asked[whole.owners]))
    for size in sorted({int(n) for n in words.lengths if rule.whole and rule.whole <= n < rule.ngram}):
        runs = full_windows(words, size)
        alone = (words.lengths == size)[runs.owners]
        told = ~_common(runs, groups, column["record"], rule.common)
        _write(folder, SHORT.format(size), window_table(runs, alone & told))
    _count(counts, column, words.lengths, found, common, rule)
    return counts


def _groups(passages: pa.Table) -> I64:
    """(passages,) a number for each task of each set."""
    named: dict[tuple[str, str], int] = {}
    pairs = zip(passages.column("set").to_pylist(), passages.column("task").to_pylist(), strict=True)
    return np.array([named.setdefault(pair, len(named)) for pair in pairs], np.int64)


def _common(found: Ragged, groups: I64, records: I64, share: float) -> Bools:
    """(windows of all,) whether more than `share` of the task's records, and `FEWEST`, have the window."""
    owners = found.owners
    group, record = groups[owners], records[owners]
    order = np.lexsort((record, group, found.values))
    value, group, record = found.values[order], group[order], record[order]
    new = np.ones(len(order), bool)
    new[1:] = (value[1:] != value[:-1]) | (group[1:] != group[:-1])
    fresh = new.copy()
    fresh[1:] |= record[1:] != record[:-1]
    number = np.cumsum(new) - 1  # of the window in its task
    held = np.bincount(number, fresh, minlength=int(new.sum()))
    pairs = np.unique(np.stack([groups, records]), axis=1) if len(groups) else np.zeros((2, 0), np.int64)
    size = np.bincount(pairs[0], minlength=1)
    most = np.maximum(share * size[group[new]], FEWEST)
    common = np.zeros(len(order), bool)
    common[order] = (held > most)[number] if share < 1 else False
    return common


def _count(
    counts: list[SetCounts], column: dict[str, I64], lengths: I64, found: Ragged, common: Bools, rule: Rule
) -> None:
    """Records by the most that any passage of theirs offers."""
    usable = np.zeros(len(lengths), np.int64)
    np.add.at(usable, found.owners, ~common)
    # 0 empty, 1 too short for a window, 2 template text alone, 3 usable
    rank = np.select([lengths == 0, lengths < rule.ngram, usable == 0], [0, 1, 2], 3)
    if not rule.windowed:
        rank = np.where(lengths == 0, 0, 3)
    best: dict[tuple[int, int], int] = {}
    for key, own in zip(
        zip(column["set"].tolist(), column["record"].tolist(), strict=True), rank.tolist(), strict=True
    ):
        best[key] = max(best.get(key, 0), own)
    ranks = Counter((number, rank) for (number, _), rank in best.items())
    owner = column["set"][found.owners]
    for number, one in enumerate(counts):
        read = sum(ranks[number, rank] for rank in range(4))
        one.empty = ranks[number, 0] + one.records - read
        one.too_short, one.template = ranks[number, 1], ranks[number, 2]
        mine = owner == number
        one.common_ngrams = len(np.unique(found.values[mine & common]))
        one.usable_ngrams = len(np.unique(found.values[mine & ~common]))


def _write(folder: Path, name: str, table: WindowTable) -> None:
    _save(folder, name, **{f.name: getattr(table, f.name) for f in fields(table)})


def _save(folder: Path, name: str, **arrays: NDArray[Any]) -> None:
    for part, array in arrays.items():
        np.save(folder / f"{name}.{part}.npy", array)


class Index:
    """What `build` wrote, as tasks read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words = Ragged(self._array("words", "values"), self._array("words", "offsets"))
        self.usable: Bools = self._array("usable", "values")
        self.usable_words: I64 = self._array("usable", "words")  # of each passage, in windows that count
        self.own: U64 = self._array("own", "values")
        self.window_offsets: I64 = self._array("usable", "offsets")
        with pa.memory_map(str(folder / "passages.arrow")) as source, pa.ipc.open_file(source) as reader:
            self.passages = reader.read_all()
        self.records: I64 = self.passages.column("record").to_numpy()
        self.spelled = lru_cache(maxsize=4_096)(self._spelled)

    def _array(self, name: str, part: str) -> Any:
        path = self.folder / f"{name}.{part}.npy"
        large = path.stat().st_size > MAPPED
        return np.load(path, mmap_mode="r").view(np.ndarray) if large else np.load(path)

    def _table(self, name: str) -> WindowTable:
        return WindowTable(**{f.name: self._array(name, f.name) for f in fields(WindowTable)})

    def windows(self) -> WindowTable:
        return self._table(WINDOWS)

    def wholes(self) -> WindowTable:
        return self._table(WHOLE)

    def shorts(self) -> Iterator[tuple[int, WindowTable]]:
        """Tables of the records below an n-gram, by their number of words."""
        names = (path.name.split(".")[0] for path in self.folder.glob(SHORT.format("*") + ".keys.npy"))
        for size in sorted(int(name.rpartition("-")[2]) for name in names):
            yield size, self._table(SHORT.format(size))

    def windows_of(self, passage: int) -> tuple[U64, Bools]:
        """Its windows, and whether each counts."""
        place = slice(self.window_offsets[passage], self.window_offsets[passage + 1])
        return self.own[place], self.usable[place]

    def about(self, passage: int) -> dict[str, Any]:
        """set, record, row, id, of, task, text."""
        row: dict[str, Any] = self.passages.slice(passage, 1).to_pylist()[0]
        return row

    def _spelled(self, passage: int) -> Spelled:
        return spell(self.about(passage)["text"])


def _usable_words(usable: Bools, windows: Ragged, size: int) -> I64:
    """(passages,) words that stand in a window that counts."""
    at = np.flatnonzero(usable)
    owners = np.searchsorted(windows.offsets, at, side="right") - 1
    new = _fresh(at - windows.offsets[owners], size, owners)
    return np.bincount(owners, new, len(windows)).astype(np.int64)


def standing(at: I64, size: int) -> int:
    """Words that stand in any of the windows at these ascending positions."""
    return int(_fresh(at, size).sum())


def _fresh(at: I64, size: int, owners: I64 | None = None) -> I64:
    """The words of each window that the one before it has not."""
    new = np.full(len(at), size)
    near = np.minimum(size, np.diff(at))
    new[1:] = near if owners is None else np.where(owners[1:] == owners[:-1], near, size)
    return new
