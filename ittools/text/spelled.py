"""The words of texts as they were hashed, to read again what hashes say is equal.

words = spelled(pa.array(["One, TWO!", "...", ""]))
words.run(0, 2)  -> b"one\ntwo\n"        # the words of all texts have numbers, from 0
words.offsets    -> [0, 2, 3, 3]         # where each text begins: what is bare signs is one word
spell("One, TWO!").said(0, 2)  -> "One, TWO"   # a run as it was written
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ittools.text.ragged import I64, offsets_of, within
from ittools.text.tokens import Bools, Bytes, Text, bare_signs, batches, folded, text_buffers, word_bounds

BREAK = ord("\n")  # after each word; no word has one


@dataclass(frozen=True)
class Spelled:
    """Word n is `data[bounds[n]:bounds[n + 1]]` with a break at its end."""

    data: Bytes
    bounds: I64  # (words + 1,) in bytes
    offsets: I64  # (texts + 1,) in words

    def run(self, first: int, count: int) -> bytes:
        return self.data[self.bounds[first] : self.bounds[first + count]].tobytes()

    @property
    def signs(self) -> Bools:
        """(words,) whether each is a sign of ASCII: + < $ and the like."""
        lead = self.data[self.bounds[:-1]]
        letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
        found: Bools = (np.diff(self.bounds) == 2) & (lead < 0x80) & ~np.isin(lead, letters)
        return found


def spelled(column: pa.Array | pa.ChunkedArray) -> Spelled:
    """The words of each text, those that `word_hashes` hashes."""
    parts = [_of_batch(text) for _, _, text in batches(column)]
    data = np.concatenate([np.zeros(0, np.uint8), *(data for data, _, _ in parts)])
    lengths = np.concatenate([np.zeros(0, np.int64), *(lengths for _, lengths, _ in parts)])
    counts = np.concatenate([np.zeros(0, np.int64), *(counts for _, _, counts in parts)])
    return Spelled(data, offsets_of(lengths), offsets_of(counts))


def _of_batch(text: Text) -> tuple[Bytes, I64, I64]:
    """Words with their breaks; (words,) bytes of each; (texts,) words of each."""
    read, classes = folded(text)
    begins, ends = word_bounds(read, classes)
    lengths = ends - begins + 1
    data = np.append(read.data, np.uint8(BREAK))[within(begins, lengths)]
    data[np.cumsum(lengths) - 1] = BREAK
    first = np.searchsorted(begins, read.offsets)
    counts = np.diff(first)
    for record in np.flatnonzero((counts == 0) & (np.diff(text.offsets) > 0))[::-1]:
        signs = bare_signs(text.data[text.offsets[record] : text.offsets[record + 1]])
        if len(signs):
            data = np.insert(data, lengths[: first[record]].sum(), np.append(signs, np.uint8(BREAK)))
            lengths = np.insert(lengths, first[record], len(signs) + 1)
            counts[record] = 1
    return data, lengths, counts


def same_words(one: Spelled, first: I64, other: Spelled, theirs: I64, count: I64) -> Bools:
    """(runs,) whether the `count` words from `first` on are those of the other from `theirs` on."""
    begins, ends = one.bounds[first], one.bounds[first + count]
    there, until = other.bounds[theirs], other.bounds[theirs + count]
    equal: Bools = ends - begins == until - there
    places = (side[equal].tolist() for side in (begins, ends, there, until))
    equal[equal] = [
        one.data[a:b].tobytes() == other.data[c:d].tobytes() for a, b, c, d in zip(*places, strict=True)
    ]
    return equal


@dataclass(frozen=True)
class Spelling:
    """The words of one text, each with its place in it."""

    source: bytes
    read: bytes  # lower case, NFC
    begins: I64  # bytes in `read`
    ends: I64

    def __len__(self) -> int:
        return len(self.begins)

    def words(self, first: int, count: int) -> list[bytes]:
        places = slice(first, first + count)
        return [self.read[a:b] for a, b in zip(self.begins[places], self.ends[places], strict=True)]

    def said(self, first: int, count: int) -> str:
        """The text from the first word to the last, as written; else its words with spaces between."""
        place = slice(self.begins[first], self.ends[first + count - 1])
        written = self.source[place]
        if written.lower() == self.read[place]:  # ASCII, where nothing moved
            return written.decode()
        own = self.words(first, count)
        again = spell(written.decode(errors="replace"))
        return (written if again.words(0, len(again)) == own else b" ".join(own)).decode()


def spell(text: str) -> Spelling:
    data, offsets = text_buffers(pa.array([text], pa.large_string()))
    read, classes = folded(Text(data, offsets))
    begins, ends = word_bounds(read, classes)
    source, lower = data.tobytes(), read.data.tobytes()
    if not len(begins):  # nothing but punctuation is one word
        lower = bare_signs(data).tobytes()
        ends = np.array([len(lower)] if lower else [], np.int64)
        begins = np.zeros(len(ends), np.int64)
    return Spelling(source, lower, begins, ends)
