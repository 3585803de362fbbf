"""What cannot be: tests on bytes that leave a rule's pattern few texts to read.

    ["Name a fruit.", "Hi"]  -> fewer_words(least=3) -> [1]

A bound is never wrong about a text that it leaves out; the rule itself reads the others. A test costs a tenth
of a nanosecond a byte, a pattern ten times as much. Texts are taken 512 KB at a time: they stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.rules.reasons import matches
from ittools.text.languages.letters import count
from ittools.text.ragged import I64, spans
from ittools.text.tokens import text_buffers

BLOCK = 1 << 19  # bytes of text at a time

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]


def blocks(column: pa.Array) -> Iterator[tuple[int, int, Bytes, I64]]:
    """(first record, past the last, their UTF-8 bytes, where each of them begins and the last one ends)."""
    data, offsets = text_buffers(column)
    for first, last in spans(offsets, BLOCK):
        begin, end = offsets[first], offsets[last]
        yield first, last, data[begin:end], offsets[first : last + 1] - begin


def owners_of(places: I64, offsets: I64) -> I64:
    """The texts, each once, that these bytes stand in; `places` ascend."""
    owners: I64 = np.searchsorted(offsets, places, side="right") - 1
    return owners[np.diff(owners, prepend=-1) > 0]


def with_byte(column: pa.Array, *wanted: int) -> I64:
    """Positions of the texts that hold one of these bytes."""
    found = []
    for first, _, data, offsets in blocks(column):
        there = np.zeros(len(data), bool)
        for byte in wanted:
            there |= data == byte
        found.append(first + owners_of(np.flatnonzero(there), offsets))
    return joined(found)


def with_bytes(column: pa.Array, word: bytes) -> I64:
    """Positions of the texts that hold this word."""
    found = []
    for first, _, data, offsets in blocks(column):
        at = np.flatnonzero(data[: max(0, len(data) - len(word) + 1)] == word[0])
        for place, byte in enumerate(word[1:], 1):
            at = at[data[at + place] == byte]
        found.append(first + owners_of(at, offsets))  # one across two texts is only looked at for nothing
    return joined(found)


def begins_with(column: pa.Array, wanted: bytes) -> I64:
    """Positions of the texts that begin with one of these bytes, or with none of ASCII."""
    data, offsets = text_buffers(column)
    said = np.flatnonzero(offsets[:-1] < offsets[1:])
    table = np.zeros(256, bool)
    table[list(wanted)] = True
    table[0x80:] = True
    found: I64 = said[table[data[offsets[said]]]]
    return found


def matches_at(column: pa.Array, at: I64, pattern: str, *, ignore_case: bool = True) -> I64:
    """Those of the positions where RE2 finds the pattern, which is not compiled for none: that takes
    0.4 ms."""
    if not len(at):
        return at
    some = column.take(pa.array(at))
    found = matches(some, pattern) if ignore_case else pc.match_substring_regex(some, pattern)
    there: I64 = at[np.asarray(pc.fill_null(found, False))]
    return there


def mask_at(at: I64, count: int) -> pa.BooleanArray:
    """True at these positions of `count`."""
    mask = np.zeros(count, bool)
    mask[at] = True
    return pa.array(mask)


def fewer_words(column: pa.Array, least: int) -> I64:
    """Positions of the texts that may hold fewer than `least` words: a piece between blanks that begins with
    a letter or digit of ASCII is one word at least."""
    found = []
    for first, _, data, offsets in blocks(column):
        begins = np.empty(len(data), bool)
        begins[1:] = (data[:-1] == 0x20) | (data[:-1] == 0x0A)
        begins[offsets[:-1][offsets[:-1] < len(data)]] = True
        lower = data | 32
        begins &= (lower - 97 < 26) | (data - 48 < 10)
        counts = np.diff(np.searchsorted(np.flatnonzero(begins), offsets))
        found.append(first + np.flatnonzero(counts < least))
    return joined(found)


def with_letters(column: pa.Array, least: int) -> I64:
    """Positions of the texts that hold at least `least` letters; those of ASCII are counted as bytes."""
    found = []
    for first, _, data, offsets in blocks(column):
        letters = _per_text((data | 32) - 97 < 26, offsets)
        doubtful = np.flatnonzero((letters < least) & (letters + _per_text(data >= 0xC0, offsets) >= least))
        texts = column.slice(first, len(letters)).take(pa.array(doubtful)).to_pylist()
        letters[doubtful] = count(texts).letters
        found.append(first + np.flatnonzero(letters >= least))
    return joined(found)


def _per_text(mask: Bools, offsets: I64) -> I64:
    """(texts,) how many of its bytes are true."""
    sums = np.concatenate([[0], np.cumsum(mask, dtype=np.int32)])
    counts: I64 = np.diff(sums[offsets])
    return counts


def joined(found: list[I64]) -> I64:
    return np.concatenate(found) if found else np.zeros(0, np.int64)
