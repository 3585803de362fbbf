"""The evaluation sets as tables of windows: built once, written to files that each task maps into memory.

Passages with the same words, in one task of one set, are one wording: a set with a thousand turns "Continue."
is compared once, and found a thousand times.

Template text must not condemn: "The following paragraphs each describe a set of three objects" stands in
every record of a BBH task. A window that more than a share of one task's records have is left out for that
task; so is a short record of which as many have all the words in a row. Both are counted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.decontamination.evaluation import PASSAGES, EvaluationSets
from ittools.curate.decontamination.options import Rule
from ittools.engine.exchange import get_arrays, get_table, join, put_arrays, put_table
from ittools.text.overlaps import I32, WindowTable, full_windows, seen, whole_windows, window_table
from ittools.text.ragged import I64, U64, Ragged, begins_run, from_lengths, offsets_of, take, within
from ittools.text.spelled import Spelled, spelled
from ittools.text.tokens import Bools, mix64, word_hashes

FEWEST = 10  # records; text that more of one task share is template text, however few the task has
WINDOWS, WHOLE, SHORT, WORDINGS, TEXTS = "windows", "whole", "short-{}", "wordings", "passages.arrow"


@dataclass
class SetCounts:
    """What there is to find of one evaluation set, in records, and the n-grams that were left out.

    too_short: of fewer words than an n-gram; sought whole or, below `--whole`, only as equal prompts.
    template: of template text alone, which n-grams do not find; findable: what is left for any method.
    """

    name: str
    records: int
    empty: int = 0
    too_short: int = 0
    template: int = 0
    findable: int = 0
    usable_ngrams: int = 0
    common_ngrams: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Wordings:
    """What is compared: (wordings,) numbers and, for each, a run of others."""

    sets: I64  # the number of its evaluation set
    set_sizes: I64  # (sets,) evaluation records
    asked: Bools  # whether a prompt has it, not an answer
    members: I64  # passages in their order, by wording
    member_offsets: I64
    records: I64  # evaluation records, each once, by wording
    record_offsets: I64
    words: U64  # hashes, by wording
    word_offsets: I64  # of `words`, of `bounds` and of `said`
    data: NDArray[np.uint8]  # the words themselves
    bounds: I64
    said: I64  # (words + 1,) words before each that count: signs do where they are half of the wording
    window_offsets: I64  # of `usable` and of the windows' keys
    usable: Bools  # (windows,) whether each counts, as no template text does
    usable_words: I64  # words that stand in a usable window
    sizes: I64  # (sizes,) words of those that are sought whole

    @property
    def spelled(self) -> Spelled:
        return Spelled(self.data, self.bounds, self.word_offsets)

    @cached_property
    def lengths(self) -> I64:
        return np.diff(self.word_offsets)

    @cached_property
    def window_counts(self) -> I64:
        return np.diff(self.window_offsets)

    @cached_property
    def counted(self) -> I64:
        """(wordings,) words that count."""
        return np.diff(self.said[self.word_offsets])

    @cached_property
    def first_members(self) -> I64:
        found: I64 = self.members[self.member_offsets[:-1]]
        return found


@dataclass(frozen=True)
class _Passages:
    """All passages, by number."""

    words: Ragged
    read: Spelled
    records: I64
    groups: I64  # a number for each task of each set
    sets: I64
    answers: Bools

    @classmethod
    def of(cls, sets: EvaluationSets, table: pa.Table) -> _Passages:
        column = table.column("text")
        number = pc.index_in(table.column("set"), pa.array(sets.names))
        return cls(
            word_hashes(column), spelled(column), table.column("record").to_numpy(), _groups(table),
            number.to_numpy().astype(np.int64), np.asarray(pc.equal(table.column("of"), "answer")),
        )  # fmt: skip

    def common(self, found: Ragged, share: float) -> Bools:
        """(windows,) whether more than `share` of the task's records, and `FEWEST`, have the window."""
        return _common(found, self.groups, self.records, share)


def build(sets: EvaluationSets, rule: Rule, folder: str) -> list[SetCounts]:
    """Write the index of all sets into `folder`."""
    table = sets.passages.combine_chunks()
    put_table(join(folder, TEXTS), table)
    all_of = _Passages.of(sets, table)
    words = all_of.words
    found = full_windows(words, rule.ngram) if rule.windowed else Ragged(words.values[:0], 0 * words.offsets)
    common = all_of.common(found, rule.common)
    members, offsets = _members(all_of.read, all_of.groups * 2 + all_of.answers)
    firsts = members[offsets[:-1]]
    grams, usable = take(found, firsts), ~common[_rows(found, firsts)]
    read = all_of.read if len(firsts) == len(words) else spelled(table.column("text").take(firsts))
    own, asked = take(words, firsts), ~all_of.answers[firsts]
    signs = offsets_of(read.signs)
    half = 2 * np.diff(signs[own.offsets]) >= own.lengths
    owners = np.repeat(np.arange(len(firsts)), np.diff(offsets))
    told = np.unique(np.stack([owners, all_of.records[members]]), axis=1)
    wordings = Wordings(
        sets=all_of.sets[firsts], set_sizes=np.array(sets.records, np.int64), asked=asked,
        members=members, member_offsets=offsets,
        records=told[1], record_offsets=offsets_of(np.bincount(told[0], minlength=len(firsts))),
        words=own.values, word_offsets=own.offsets, data=read.data, bounds=read.bounds,
        said=offsets_of(~read.signs | np.repeat(half, own.lengths)),
        window_offsets=grams.offsets, usable=usable,
        usable_words=_usable_words(usable, grams, rule.ngram),
        sizes=np.array(sorted({n for n in own.lengths.tolist() if rule.whole <= n < rule.ngram}
                              if rule.whole else ()), np.int64),
    )  # fmt: skip
    put_arrays(join(folder, WORDINGS), **vars(wordings))
    _write(folder, WINDOWS, window_table(grams, usable))
    findable = _write_wholes(folder, rule, all_of, own, wordings) | (wordings.usable_words > 0)
    return _counted(sets, rule, all_of, found, common, findable[owners][np.argsort(members)])


def _write_wholes(folder: str, rule: Rule, all_of: _Passages, own: Ragged, wordings: Wordings) -> Bools:
    """The tables of wordings that are sought whole; (wordings,) whether each is in any."""
    findable = np.zeros(len(own), bool)
    if rule.exact:
        whole = whole_windows(own)
        _write(folder, WHOLE, window_table(whole, wordings.asked[whole.owners]))
        findable = wordings.asked & (own.lengths > 0) & (rule.on != "output")
    firsts = wordings.first_members
    for size in wordings.sizes.tolist():
        alone = np.flatnonzero(own.lengths == size)
        runs = from_lengths(full_windows(take(own, alone), size).values, own.lengths == size)
        met = seen(window_table(runs), full_windows(all_of.words, size))
        places = from_lengths(met.keys.astype(np.uint64), np.bincount(met.texts, minlength=len(all_of.words)))
        told = ~all_of.common(places, rule.common)[places.offsets[firsts[alone]]]
        findable[alone[told]] = True
        _write(folder, SHORT.format(size), window_table(runs, told))
    return findable


def _rows(ragged: Ragged, records: I64) -> I64:
    return within(ragged.offsets[records], ragged.lengths[records])


def _groups(passages: pa.Table) -> I64:
    """(passages,) a number for each task of each set."""
    named: dict[tuple[str, str], int] = {}
    pairs = zip(passages.column("set").to_pylist(), passages.column("task").to_pylist(), strict=True)
    return np.array([named.setdefault(pair, len(named)) for pair in pairs], np.int64)


def _members(read: Spelled, kinds: I64) -> tuple[I64, I64]:
    """The passages of each wording, and where those of each begin; wordings by their first passage."""
    numbers: dict[tuple[int, bytes], int] = {}
    places = zip(kinds.tolist(), read.offsets.tolist(), np.diff(read.offsets).tolist(), strict=False)
    found = [numbers.setdefault((kind, read.run(at, count)), len(numbers)) for kind, at, count in places]
    wording = np.array(found, np.int64)
    return np.argsort(wording, kind="stable"), offsets_of(np.bincount(wording, minlength=len(numbers)))


def _common(found: Ragged, groups: I64, records: I64, share: float) -> Bools:
    if share >= 1:
        return np.zeros(len(found.values), bool)
    owners = found.owners
    group, record = groups[owners], records[owners]
    value = mix64(found.values + mix64(group.astype(np.uint64)))  # the same window of another task is another
    order = np.argsort(value, kind="stable")  # records ascend with passages
    value, group, record = value[order], group[order], record[order]
    new = begins_run(value)
    fresh = new | begins_run(record)
    number = np.cumsum(new) - 1  # of the window in its task
    held = np.bincount(number, fresh, minlength=int(new.sum()))
    pairs = np.unique(np.stack([groups, records]), axis=1) if len(groups) else np.zeros((2, 0), np.int64)
    size = np.bincount(pairs[0], minlength=1)
    most = np.maximum(share * size[group[new]], FEWEST)
    common = np.zeros(len(order), bool)
    common[order] = (held > most)[number]
    return common


def _counted(
    sets: EvaluationSets, rule: Rule, all_of: _Passages, found: Ragged, common: Bools, findable: Bools
) -> list[SetCounts]:
    """Records by the most that any passage of theirs offers. findable: (passages,)."""
    lengths = all_of.words.lengths
    usable = np.bincount(found.owners, ~common, minlength=len(lengths))
    # 0 nothing to read, 1 too short for a window, 2 template text alone, 3 usable
    rank = np.select([lengths == 0, lengths < rule.ngram, usable == 0], [0, 1, 2], 3)
    if not rule.windowed:
        rank = np.where(lengths == 0, 0, 3)
    best, some = np.zeros(sum(sets.records), np.int64), np.zeros(sum(sets.records), bool)
    np.maximum.at(best, all_of.records, rank)
    some[all_of.records[findable]] = True
    owner, first, counts = all_of.sets[found.owners], 0, []
    for number, (name, records) in enumerate(zip(sets.names, sets.records, strict=True)):
        mine, place = owner == number, slice(first, first + records)
        empty, too_short, template, _ = np.bincount(best[place], minlength=4).tolist()
        common_ngrams = len(np.unique(found.values[mine & common]))
        usable_ngrams = len(np.unique(found.values[mine & ~common]))
        counts.append(SetCounts(name, records, empty, too_short, template, int(some[place].sum()),
                                usable_ngrams, common_ngrams))  # fmt: skip
        first += records
    return counts


def _write(folder: str, name: str, table: WindowTable) -> None:
    put_arrays(join(folder, name), **vars(table))


def _usable_words(usable: Bools, windows: Ragged, size: int) -> I64:
    """(passages,) words that stand in a window that counts."""
    at = np.flatnonzero(usable)
    owners = np.searchsorted(windows.offsets, at, side="right") - 1
    new = fresh_words(owners, at - windows.offsets[owners], size)
    return np.bincount(owners, new, len(windows)).astype(np.int64)


def fresh_words(owners: I64, at: I64, size: int) -> I64:
    """The words of each window that the one before it, of the same owner, has not."""
    new = np.full(len(at), size)
    new[1:] = np.where(owners[1:] == owners[:-1], np.minimum(size, np.diff(at)), size)
    return new


class Index:
    """What `build` wrote, as tasks read it."""

    def __init__(self, folder: str, rule: Rule) -> None:
        self.folder, self.rule = folder, rule
        self.wordings = Wordings(**get_arrays(join(folder, WORDINGS)))
        self.wholes = self._table(WHOLE) if rule.exact else None
        self.shorts = [(size, self._table(SHORT.format(size))) for size in self.wordings.sizes.tolist()]
        self.windows = self._table(WINDOWS) if rule.windowed else None
        self.passages = get_table(join(folder, TEXTS), [name for name in PASSAGES.names if name != "text"])

    def _table(self, name: str) -> WindowTable:
        return WindowTable(**get_arrays(join(self.folder, name)))

    @property
    def keys(self) -> I32:
        """(windows of all wordings,) the key of each."""
        assert self.windows is not None
        return self.windows.own
