"""Quotas: at most so many records of a value, chosen in one order for all, in bounded memory.

    --quota language=2 --quota task:qa=3     records in order; one stays while none of its quotas is full

Records that share all their quotas' values stay or go by their place among themselves: once a quota of
theirs is full it stays full, so those that stay come first. So a part needs to tell only its first few of
each combination (no more than the smallest of its quotas), the decision is one place for each combination,
and it is the same however the corpus was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.curate.rules.language import comparable
from ittools.curate.rules.options import FilterOptions
from ittools.errors import UsageError, did_you_mean
from ittools.records.build import ID
from ittools.text.language import macro_code
from ittools.text.tokens import mix64

COLUMNS = ("language", "task", "source", "license", "template", "generator")
Key = tuple[str, str | None]  # (column, value)
Combination = tuple[str | None, ...]  # a value for each column that has quotas


@dataclass(frozen=True)
class Quotas:
    """`of_value[column][value]` and `of_each[column]`: the most records of one value."""

    of_value: Mapping[str, Mapping[str, int]]
    of_each: Mapping[str, int]

    @property
    def columns(self) -> list[str]:
        return [name for name in COLUMNS if name in self.of_value or name in self.of_each]

    def most(self, column: str, value: str | None) -> int | None:
        """A value's own quota goes before the one of each; null: no quota."""
        own = self.of_value.get(column, {})
        return own.get(value, self.of_each.get(column)) if value is not None else self.of_each.get(column)

    def caps(self, values: Combination) -> list[tuple[Key, int]]:
        """((column, value), most) of each quota that such records count towards."""
        pairs = zip(self.columns, values, strict=True)
        found = [((column, value), self.most(column, value)) for column, value in pairs]
        return [(key, most) for key, most in found if most is not None]


def parse_quotas(options: FilterOptions) -> Quotas:
    """`language:en=1000`, `task=50`. Raises UsageError, with every problem in one message."""
    of_value: dict[str, dict[str, int]] = {}
    of_each: dict[str, int] = {}
    problems = []
    for text in options.quota:
        name, equals, number = text.rpartition("=")
        column, colon, value = name.partition(":")
        if not equals or not number.strip().isdecimal() or (colon and not value):
            problems.append(f"--quota {text}: expected COLUMN:VALUE=N or COLUMN=N")
        elif column not in COLUMNS:
            near = did_you_mean(column, COLUMNS)
            problems.append(f"--quota {text}: no quota by {column!r}{near}; there are: {', '.join(COLUMNS)}")
        else:
            value = macro_code(value.replace("_", "-")) if column == "language" and value else value
            place: dict[str, int] = of_value.setdefault(column, {}) if colon else of_each
            key = value if colon else column
            if key in place:
                problems.append(f"--quota {text}: a second quota for the same")
            place[key] = int(number)
    if problems:
        raise UsageError("; ".join(problems))
    return Quotas(of_value, of_each)


@dataclass(frozen=True)
class Places:
    """Records by their combination of values: `code` points into `combinations`; no text."""

    combinations: list[Combination]
    code: NDArray[np.int64]  # (records,)
    chance: NDArray[np.uint64]  # (records,) 0 where the first stay
    position: NDArray[np.int64]  # (records,) in the corpus

    def take(self, at: NDArray[np.integer]) -> Places:
        return Places(self.combinations, self.code[at], self.chance[at], self.position[at])


def places(batch: pa.RecordBatch, quotas: Quotas, options: FilterOptions, first: int) -> Places:
    """The place of each record; `first` is the position of the batch in the corpus."""
    code = np.zeros(batch.num_rows, np.int64)
    values: list[list[str | None]] = []
    for name in quotas.columns:
        column = comparable(batch.column(name)) if name == "language" else batch.column(name)
        encoded = column.dictionary_encode(null_encoding="encode")
        values.append(encoded.dictionary.to_pylist())
        code = code * max(1, len(values[-1])) + encoded.indices.to_numpy()
    distinct, code = np.unique(code, return_inverse=True)
    sizes = [max(1, len(one)) for one in values]
    spelt = [_spelt(int(one), values, sizes) for one in distinct]
    chance = np.zeros(batch.num_rows, np.uint64)
    if options.quota_keep == "random":
        chance = _chances(batch.column("id"), options.seed)
    return Places(spelt, code, chance, first + np.arange(batch.num_rows))


def _spelt(code: int, values: Sequence[Sequence[str | None]], sizes: Sequence[int]) -> Combination:
    found: list[str | None] = []
    for of_column, size in zip(reversed(values), reversed(sizes), strict=True):
        code, at = divmod(code, size)
        found.append(of_column[at])
    return tuple(reversed(found))


def _chances(ids: pa.StringArray, seed: int) -> NDArray[np.uint64]:
    """(records,) 64 bits of the id, which is a hash itself where it is ours, mixed with the seed."""
    head = np.array([_bits(one) for one in ids.to_pylist()], np.uint64)
    return mix64(head ^ mix64(np.array([seed % (1 << 64)], np.uint64)))


def _bits(identity: str) -> int:
    if ID.fullmatch(identity):
        return int(identity[:16], 16)
    return int.from_bytes(blake2b(identity.encode(), digest_size=8).digest(), "big")


def first_places(records: Places, quotas: Quotas) -> Places:
    """Of each combination with a quota the first, as many as its smallest quota; in order."""
    least = np.array([min((most for _, most in quotas.caps(c)), default=0) for c in records.combinations])
    order = np.lexsort((records.position, records.chance, records.code))
    code = records.code[order]
    begins = np.searchsorted(code, np.arange(len(least)))
    rank = np.arange(len(code)) - begins[code] if len(code) else code
    return records.take(order[rank < least[code]] if len(code) else order)


WAITING = 1 << 20  # places of parts that are joined at a time, 24 MB


def join(parts: Iterable[Places], quotas: Quotas) -> Places:
    """The first places of all parts; no more in memory than twice what the quotas admit, and `WAITING`."""
    known: dict[Combination, int] = {}
    whole: list[Places] = []
    waiting = 0
    for part in parts:
        number = np.array([known.setdefault(c, len(known)) for c in part.combinations], np.int64)
        whole.append(Places([], number[part.code], part.chance, part.position))
        waiting += len(part.code)
        if waiting > max(WAITING, len(whole[0].code)):
            whole, waiting = [_joined(whole, known, quotas)], 0
    return _joined(whole, known, quotas)


def _joined(parts: Sequence[Places], known: Iterable[Combination], quotas: Quotas) -> Places:
    code = [part.code for part in parts] or [np.zeros(0, np.int64)]
    chance = [part.chance for part in parts] or [np.zeros(0, np.uint64)]
    position = [part.position for part in parts] or [np.zeros(0, np.int64)]
    whole = Places(list(known), np.concatenate(code), np.concatenate(chance), np.concatenate(position))
    return first_places(whole, quotas)


@dataclass(frozen=True)
class Decision:
    """For each combination that has a quota: its last record that stays, and the quota that is then full."""

    combinations: list[Combination]
    chance: NDArray[np.uint64]  # (combinations,)
    position: NDArray[np.int64]  # (combinations,) -1: none stays
    full: list[str | None]  # `language:en=1000`; null: room is left

    def over(self, records: Places) -> list[str | None]:
        """The quota that each record is over; null = it stays."""
        if not self.combinations:
            return [None] * len(records.code)
        at = {values: i for i, values in enumerate(self.combinations)}
        mapped = np.array([at.get(values, -1) for values in records.combinations], np.int64)[records.code]
        chance, position = self.chance[mapped], self.position[mapped]
        after = (records.chance > chance) | ((records.chance == chance) & (records.position > position))
        gone = (mapped >= 0) & (after | (position < 0))
        return [self.full[m] if g else None for m, g in zip(mapped.tolist(), gone.tolist(), strict=True)]


def decide(first: Places, quotas: Quotas) -> Decision:
    """Which of `first_places` stay: in order, one stays while none of its quotas is full. The loop is over
    what the quotas could admit, not over the corpus."""
    number: dict[tuple[Key, int], int] = {}  # of each quota of one value
    caps = [  # of each combination its quotas, the smallest first
        [number.setdefault(cap, len(number)) for cap in sorted(quotas.caps(c), key=lambda cap: cap[1])]
        for c in first.combinations
    ]
    room = [most for _, most in number]
    full: list[int | None] = [None] * len(caps)
    last = np.full(len(caps), -1, np.int64)
    order = np.lexsort((first.position, first.chance))
    for at, code in zip(order.tolist(), first.code[order].tolist(), strict=True):
        if full[code] is None:
            full[code] = next((quota for quota in caps[code] if not room[quota]), None)
        if full[code] is None:
            for quota in caps[code]:
                room[quota] -= 1
            last[code] = at
    named = [f"{column}:{value or ''}={most}" for (column, value), most in number]
    limited = [i for i, one in enumerate(caps) if one]
    told = [next((q for q in caps[i] if not room[q]), None) if full[i] is None else full[i] for i in limited]
    return Decision(
        [first.combinations[i] for i in limited],
        *_places_at(first, last[limited]),
        [None if quota is None else named[quota] for quota in told],
    )


def _places_at(first: Places, at: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """(chance, position) there; -1: position -1."""
    if not len(first.code):
        return np.zeros(len(at), np.uint64), np.full(len(at), -1, np.int64)
    return first.chance[at], np.where(at < 0, -1, first.position[at])
