"""Words and characters of Arrow strings as 64-bit numbers: no Python string is made.

    word_hashes(pa.array(["One, two!", "ONE"]))  -> [[h(one), h(two)], [h(one)]]

What a word is stands in `ittools.text.characters`; texts are taken in NFC and in lower case. A word is read
eight bytes at a time, each time mixed into its hash, for all words at once. Hashes are the same on every
machine and in every version: tests pin some of them. Texts are taken 128 KB at a time, which stay in the
cache; larger arrays cost page faults, half of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.text import characters
from ittools.text.characters import ALONE, FOLD_BITS, MARK, QUIET_CLASS, SKIP, UNNORMALISED, WORD, table
from ittools.text.ragged import I64, U64, Ragged, chain, from_lengths, offsets_of, spans, within

BATCH = 1 << 17  # bytes of text at a time
SPACE = np.uint64(0xD6E8FEB86659FD93)  # between two words, where characters are counted
LONG = 64  # bytes; words above it are hashed one by one
_LENGTH = np.uint64(0x9E3779B97F4A7C15)
_FOLDED = np.uint32((1 << FOLD_BITS) - 1)
_FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the lowest n bytes

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]


def word_hashes(column: pa.Array | pa.ChunkedArray) -> Ragged:
    """A hash for each word and sign of each text; null is an empty text.

    A text without a word that is not blank, such as "...", is one word, or it would pass for an empty one.
    """
    return each_batch(column, words_of)


def character_hashes(column: pa.Array | pa.ChunkedArray) -> Ragged:
    """A hash for each character of the words and signs of each text, with one space between two.

    A text without a word that is not blank is one number, as it is one word.
    """
    return each_batch(column, characters_of)


def mix64(values: U64) -> U64:
    """The MurmurHash3 64-bit finalizer: a bijection that spreads every bit."""
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


class Text:
    """A batch of texts: UTF-8 bytes, and where each begins."""

    def __init__(self, data: Bytes, offsets: I64) -> None:
        self.data, self.offsets = data, offsets


def each_batch(column: pa.Array | pa.ChunkedArray, kernel: Callable[[Text], Ragged]) -> Ragged:
    return chain([kernel(text) for _, _, text in batches(column)])


def batches(column: pa.Array | pa.ChunkedArray) -> Iterator[tuple[int, int, Text]]:
    """(first record, past the last, their texts) of about `BATCH` bytes, or of one long record."""
    data, offsets = text_buffers(column)
    for first, last in spans(offsets, BATCH):
        begin = offsets[first]
        yield first, last, Text(data[begin : offsets[last]], offsets[first : last + 1] - begin)


def text_buffers(column: pa.Array | pa.ChunkedArray) -> tuple[Bytes, I64]:
    """UTF-8 bytes and where each text begins; nulls as empty texts."""
    if isinstance(column, pa.ChunkedArray):
        if column.nbytes >= 1 << 31:  # more than the offsets of a string array can tell
            column = column.cast(pa.large_string())
        column = column.combine_chunks()
    large = pa.types.is_large_string(column.type)
    if not large and not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    if column.null_count:
        column = pc.fill_null(column, "")
    _, ends, content = column.buffers()
    if len(column) == 0 or ends is None:
        return np.zeros(0, np.uint8), np.zeros(len(column) + 1, np.int64)
    width = np.dtype(np.int64 if large else np.int32)
    offsets = np.frombuffer(ends, width, len(column) + 1, column.offset * width.itemsize).astype(np.int64)
    data = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(0, np.uint8)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


@lru_cache(maxsize=1)
def _of_bytes() -> tuple[bytes, bytes]:
    """Lower case and class of each of 256 bytes; longer characters get theirs from the table."""
    known = table()[:128]
    lower, classes = np.arange(256, dtype=np.uint8), np.full(256, QUIET_CLASS, np.uint8)
    lower[:128], classes[:128] = known & _FOLDED, (known >> FOLD_BITS) & 7
    return lower.tobytes(), classes.tobytes()


def _translated(data: Bytes, to: bytes) -> Bytes:
    """Each byte replaced; Python's own way is twice as fast as an index of numpy's."""
    return np.frombuffer(bytearray(data.tobytes().translate(to)), np.uint8)


def folded(text: Text) -> tuple[Text, Bytes]:
    """Text in NFC and in lower case without what is skipped, and the class of each byte."""
    lower, classes = _of_bytes()
    data = _translated(text.data, lower)
    if not len(data) or data.max() < 0x80:
        return Text(data, text.offsets), _translated(text.data, classes)
    lead = np.flatnonzero(data >= 0xC0)
    points = _decoded(data, lead)
    entries = table()[points]
    folds = entries & _FOLDED
    unusual = (entries >= UNNORMALISED) | ((entries >> FOLD_BITS) & 7 == SKIP)
    unusual |= _width(folds) != _width(points)
    moved = (folds != points) & ~unusual
    _encode(data, lead[moved], folds[moved])
    if not unusual.any():
        return Text(data, text.offsets), _classes(data, lead, entries)
    records = np.unique(np.searchsorted(text.offsets, lead[unusual], side="right") - 1)
    spliced = _spliced(text, data, records)
    return spliced, _classes(spliced.data)


def _spliced(text: Text, data: Bytes, records: I64) -> Text:
    """`data`, the text in lower case, with some records in its place that are rewritten as a whole."""
    lengths = np.diff(text.offsets)
    pieces = [text.data[text.offsets[record] : text.offsets[record + 1]] for record in records]
    rewritten = _rewritten(Text(np.concatenate(pieces), offsets_of(lengths[records])))
    lengths[records] = np.diff(rewritten.offsets)
    found, done = [], 0
    for number, record in enumerate(records):
        found.append(data[done : text.offsets[record]])
        found.append(rewritten.data[rewritten.offsets[number] : rewritten.offsets[number + 1]])
        done = text.offsets[record + 1]
    return Text(np.concatenate([*found, data[done:]]), offsets_of(lengths))


def _decoded(data: Bytes, lead: I64) -> NDArray[np.uint32]:
    """Code points of the UTF-8 sequences that begin at `lead`."""
    first = data[lead].astype(np.uint32)
    after = [data[np.minimum(lead + k, len(data) - 1)].astype(np.uint32) & 0x3F for k in (1, 2, 3)]
    two = (first & 0x1F) << 6 | after[0]
    three = (first & 0x0F) << 12 | after[0] << 6 | after[1]
    four = (first & 0x07) << 18 | after[0] << 12 | after[1] << 6 | after[2]
    return np.where(first < 0xE0, two, np.where(first < 0xF0, three, four))


def _width(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Bytes of each code point in UTF-8."""
    return 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)


def _encode(data: Bytes, lead: I64, points: NDArray[np.uint32]) -> None:
    """Put code points, of as many bytes as are there, in their place."""
    width = _width(points)
    for size, mark in ((2, 0xC0), (3, 0xE0), (4, 0xF0)):
        at, some = lead[width == size], points[width == size]
        data[at] = mark | some >> 6 * (size - 1)
        for k in range(1, size):
            data[at + k] = 0x80 | (some >> 6 * (size - 1 - k)) & 0x3F


def _rewritten(text: Text) -> Text:
    """The way for texts that are not in NFC, hold what is skipped, or change their length in lower case."""
    arrow = pa.LargeStringArray.from_buffers(
        len(text.offsets) - 1, pa.py_buffer(text.offsets), pa.py_buffer(np.ascontiguousarray(text.data))
    )
    data, offsets = text_buffers(pc.utf8_normalize(arrow, "NFC"))
    entries = table()[np.frombuffer(data.tobytes().decode().encode("utf-32-le"), np.uint32)]
    keep = (entries >> FOLD_BITS) & 7 != SKIP
    folds = entries & _FOLDED
    starts = offsets_of((data & 0xC0) != 0x80)[offsets]  # in code points
    ends = offsets_of(np.where(keep, _width(folds), 0))[starts]
    rewritten = folds[keep].tobytes().decode("utf-32-le").encode()
    return Text(np.frombuffer(rewritten, np.uint8), ends)


def _classes(data: Bytes, lead: I64 | None = None, entries: NDArray[np.uint32] | None = None) -> Bytes:
    """The class of each byte: of its character, but after the first byte of one that stands alone quiet."""
    classes = _translated(data, _of_bytes()[1])
    if lead is None or entries is None:
        lead = np.flatnonzero(data >= 0xC0)
        entries = table()[_decoded(data, lead)]
    found = ((entries >> FOLD_BITS) & 7).astype(np.uint8)
    classes[lead] = found
    for after, least in ((1, 0xC0), (2, 0xE0), (3, 0xF0)):
        long = data[lead] >= least
        classes[lead[long] + after] = found[long]
    return classes


def word_bounds(text: Text, classes: Bytes) -> tuple[I64, I64]:
    """(first byte, byte after the last) of every word."""
    inside, alone = classes == WORD, classes == ALONE
    starts = text.offsets[:-1][text.offsets[:-1] < len(classes)]
    if (classes == MARK).any():
        inside |= _marks_in_words(classes, starts)
    begins = np.zeros(len(classes) + 1, bool)
    begins[1:-1] = inside[1:] & ~inside[:-1]
    begins[starts] = inside[starts]
    begins[:-1] |= alone & ((text.data & 0xC0) != 0x80)
    content = np.zeros(len(classes) + 1, bool)
    content[:-1] = inside | alone
    ends = content[:-1] & (begins[1:] | ~content[1:])
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _marks_in_words(classes: Bytes, starts: I64) -> Bools:
    """Marks of which the character before them, other marks left out, is of a word in the same text."""
    mark = classes == MARK
    other = np.where(mark, 0, np.arange(len(classes)))
    other[starts] = starts
    bearer = np.maximum.accumulate(other)
    found: Bools = mark & (classes[bearer] == WORD)
    return found


def words_of(text: Text) -> Ragged:
    """`word_hashes` of one batch."""
    read, classes = folded(text)
    begins, ends = word_bounds(read, classes)
    words = Ragged(_hashed(read.data, begins, ends - begins), np.searchsorted(begins, read.offsets))
    return _with_bare_signs(words, text)


def _hashed(data: Bytes, begins: I64, lengths: I64) -> U64:
    """A hash for each run of bytes."""
    padded = np.zeros(len(data) + 8, np.uint8)
    padded[: len(data)] = data
    eights = np.ndarray((len(data) + 1,), "<u8", padded, strides=(1,))  # the eight bytes from each byte on
    start = eights[begins] & _FIRST_BYTES[np.minimum(lengths, 8)]
    hashes = mix64(start + lengths.view(np.uint64) * _LENGTH)
    more = np.flatnonzero(lengths > 8)
    for at in range(8, LONG, 8):
        if not len(more):
            break
        rest = eights[begins[more] + at] & _FIRST_BYTES[np.minimum(lengths[more] - at, 8)]
        hashes[more] = mix64(hashes[more] * _LENGTH + rest)
        more = more[lengths[more] > at + 8]
    for word in more:
        hashes[word] = _long(hashes[word], data[begins[word] + LONG : begins[word] + lengths[word]])
    return hashes


def _long(begun: np.uint64, rest: Bytes) -> np.uint64:
    """What follows the first bytes of a long word: a polynomial over eight bytes at a time."""
    padded = np.zeros(-(-len(rest) // 8) * 8, np.uint8)
    padded[: len(rest)] = rest
    powers = np.multiply.accumulate(np.full(len(padded) // 8, _LENGTH))
    total = (mix64(padded.view("<u8").astype(np.uint64)) * powers).sum(keepdims=True)
    return np.uint64(mix64(total ^ begun)[0])


def _with_bare_signs(words: Ragged, text: Text) -> Ragged:
    """One word for each text that has none and yet is not blank."""
    lengths = words.lengths
    silent = np.flatnonzero((lengths == 0) & (np.diff(text.offsets) > 0))
    said = {int(i): bare_signs(text.data[text.offsets[i] : text.offsets[i + 1]]) for i in silent}
    said = {record: signs for record, signs in said.items() if len(signs)}
    if not said:
        return words
    lengths[list(said)] = 1
    codes = [_hashed(signs, np.zeros(1, np.int64), np.array([len(signs)]))[0] for signs in said.values()]
    filled = np.insert(words.values, words.offsets[list(said)], np.array(codes, np.uint64))
    return from_lengths(filled, lengths)


def bare_signs(data: Bytes) -> Bytes:
    return np.frombuffer("".join(characters.bare_signs(data.tobytes().decode())).encode(), np.uint8)


def characters_of(text: Text) -> Ragged:
    """`character_hashes` of one batch."""
    given = text
    text, classes = folded(given)
    begins, ends = word_bounds(text, classes)
    first = (text.data & 0xC0) != 0x80
    bounds = offsets_of(first)  # in characters
    points = np.frombuffer(text.data.tobytes().decode().encode("utf-32-le"), np.uint32)
    values = mix64(points.astype(np.uint64) + _LENGTH)
    begin, count = bounds[begins], bounds[ends] - bounds[begins]
    owners = np.searchsorted(text.offsets, begins, side="right") - 1
    gap = np.zeros(len(begins), bool)  # something quiet stands between this word and the one before
    gap[1:] = (begin[1:] > (begin + count)[:-1]) & (owners[1:] == owners[:-1])
    counted = values[within(begin, count)]
    spaced = np.insert(counted, (np.cumsum(count) - count)[gap], SPACE)
    lengths = np.bincount(owners, count + gap, len(text.offsets) - 1).astype(np.int64)
    return _with_bare_signs(from_lengths(spaced, lengths), given)
