"""What stands between blanks, for all texts at once: which of them can repeat themselves at all.

    ["He said no. No!", "ha ha ha ha ha ha ..."]  -> may_repeat -> [1]

A bound is never wrong about a text that it leaves out; the rule itself reads the others. Texts are taken
512 KB at a time, which stay in the cache with what is made of them; the pieces of the last column are kept,
for several rules ask about the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import local

import numpy as np
import pyarrow as pa

from ittools.curate.rules.bounds import Bools, Bytes, joined, owners_of
from ittools.text.ragged import I64, spans, within
from ittools.text.tokens import text_buffers

GRAM = 4  # words; repetition is counted in runs of four
BLOCK = 1 << 19  # bytes of text at a time
_SPREAD = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)  # odd, so that no bit is lost
_STOPS, _CLOSING = b".!?", b"\"')]"
_kept = local()


@dataclass(frozen=True)
class Block:
    """Texts from `first` on; a piece ends with its text. Control characters, of which some are blanks, make
    a text `odd`."""

    first: int
    data: Bytes
    offsets: I64  # (texts + 1,)
    begins: I64  # (pieces,)
    ends: I64  # (pieces,)
    heads: I64  # (texts + 1,) of each text the first piece
    odd: Bools  # (texts,)


def pieces(column: pa.Array) -> list[Block]:
    """All pieces of a column, block by block."""
    buffers = [None if one is None else (one.address, one.size) for one in column.buffers()]
    key = (column.offset, len(column), buffers)
    if getattr(_kept, "key", None) != key:
        data, offsets = text_buffers(column)
        found = [_block(data, offsets, *span) for span in spans(offsets, BLOCK)]
        # with the column itself: as long as it is held, its addresses are nobody else's
        _kept.key, _kept.blocks, _kept.column = key, found, column
    blocks: list[Block] = _kept.blocks
    return blocks


def _block(data: Bytes, offsets: I64, first: int, last: int) -> Block:
    data, offsets = data[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first]
    inside = data > 32
    begins, ends = inside.copy(), inside.copy()
    np.greater(inside[1:], inside[:-1], out=begins[1:])
    np.greater(inside[:-1], inside[1:], out=ends[:-1])
    starts = offsets[:-1][offsets[:-1] < len(data)]
    begins[starts] = inside[starts]
    ends[starts[starts > 0] - 1] = inside[starts[starts > 0] - 1]
    at = np.flatnonzero(begins)
    low = np.flatnonzero(data < 32)
    low = low[~np.isin(data[low], (9, 10, 13))]
    odd = np.zeros(last - first, bool)
    odd[owners_of(low, offsets)] = True
    return Block(first, data, offsets, at, np.flatnonzero(ends) + 1, np.searchsorted(at, offsets), odd)


def may_repeat(column: pa.Array, share: float, fewest: int) -> I64:
    """Positions of the texts of whose runs of four words, at least `fewest`, more than `share` may have been
    said before.

    Two pieces in a row that are words for sure follow from the run that begins with the first; so there are
    as many different runs as such pairs, but for the last three. Pairs are told apart by length and first
    letter of both words, in a table of two places a piece; what falls together there counts once. Text of
    scripts without spaces, where one piece may be many words, is not excluded.
    """
    found = []
    for block in pieces(column):
        sure, extra = _sure(block)
        runs = np.diff(block.heads) + extra - (GRAM - 1)
        few = (runs >= fewest) & (_different_pairs(block, sure) - (GRAM - 1) < (1 - share) * runs)
        found.append(block.first + np.flatnonzero(block.odd | few))
    return joined(found)


def _sure(block: Block) -> tuple[Bools, I64]:
    """(pieces) that are one word and begin with two letters of ASCII; (texts) words that scripts without
    spaces may add. Letters of two bytes are of scripts with spaces; but for some after C2 none is a blank."""
    data, begins = block.data, block.begins
    second = data[np.minimum(begins + 1, len(data) - 1)]
    sure = ((data[begins] | 32) - 97 < 26) & ((second | 32) - 97 < 26) & (block.ends - begins > 1)
    high = np.flatnonzero((data >= 0xE0) | (data == 0xC2))
    if not len(high):
        return sure, np.zeros(len(block.odd), np.int64)
    sure[np.searchsorted(begins, high, side="right") - 1] = False
    return sure, 2 * np.diff(np.searchsorted(high, block.offsets))


def _different_pairs(block: Block, sure: Bools) -> I64:
    """(texts,) at least so many different pairs of neighbours that are both sure."""
    if not len(sure):
        return np.zeros(len(block.odd), np.int64)
    count = np.diff(block.heads)
    code = (block.ends - block.begins).astype(np.uint32) << np.uint32(5) | block.data[block.begins] & 31
    key = code[:-1] * _SPREAD[0] + code[1:] * _SPREAD[1]
    key = (key ^ key >> np.uint32(15)) * _SPREAD[0] >> np.uint32(16)
    room = np.minimum(2 * count, 1 << 16).astype(np.uint32)
    slot = (key * np.repeat(room, count)[:-1] >> np.uint32(16)) + np.repeat(2 * block.heads[:-1], count)[:-1]
    paired = sure[:-1] & sure[1:]
    paired[block.heads[(block.heads > 0) & (block.heads < len(sure))] - 1] = False  # a pair of two texts
    seen = np.zeros(2 * len(sure), bool)
    seen[slot[paired]] = True
    different: I64 = np.diff(np.searchsorted(np.flatnonzero(seen), 2 * block.heads))
    return different


def may_repeat_lines(column: pa.Array, fewest: int) -> I64:
    """Positions of the texts with at least `fewest` lines, of which two with letters may be alike."""
    found = []
    for block in pieces(column):
        owner, code, may = _units(block, _after_newline(block), fewest)
        codes = np.sort(owner << 32 | code)
        may[codes[1:][codes[1:] == codes[:-1]] >> 32] = True
        found.append(block.first + np.flatnonzero(may))
    return joined(found)


def may_loop(column: pa.Array, times: int, longest: int) -> I64:
    """Positions of the texts in which up to `longest` sentences in turn may stand `times` times in a row."""
    found = []
    for block in pieces(column):
        after = _after_newline(block)
        after[1:] |= _ends_sentence(block)[:-1]
        owner, code, may = _units(block, after, times, ends=_STOPS + _CLOSING)
        for period in range(1, longest + 1):
            alike = np.zeros(len(code), bool)
            alike[period:] = (code[period:] == code[:-period]) & (owner[period:] == owner[:-period])
            may[[owner[begin] for begin, _ in stretches(alike, (times - 1) * period)]] = True
        found.append(block.first + np.flatnonzero(may))
    return joined(found)


def stretches(alike: Bools, fewest: int) -> list[tuple[int, int]]:
    """[begin, end) of every stretch of at least `fewest` true values."""
    edges = np.diff(np.concatenate([[0], alike.astype(np.int8), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    long = ends - begins >= fewest
    return list(zip(begins[long].tolist(), ends[long].tolist(), strict=True))


def _after_newline(block: Block) -> Bools:
    """(pieces,) the first of a line."""
    after = np.zeros(len(block.begins) + 1, bool)
    after[np.searchsorted(block.begins, np.flatnonzero(block.data == 10))] = True
    return after[:-1]


def _ends_sentence(block: Block) -> Bools:
    """(pieces,) a stop at the end, with brackets and quotes closed behind it."""
    last = block.data[block.ends - 1]
    ends = _one_of(_STOPS)[last]
    closing = np.flatnonzero(_one_of(_CLOSING)[last])
    place = block.ends[closing] - 1
    while len(closing):
        place = place - 1
        closing, place = closing[inside := place >= block.begins[closing]], place[inside]
        ends[closing[_one_of(_STOPS)[block.data[place]]]] = True
        more = _one_of(_CLOSING)[block.data[place]]
        closing, place = closing[more], place[more]
    return ends


def _units(block: Block, after: Bools, fewest: int, ends: bytes = b"") -> tuple[I64, I64, Bools]:
    """What stands between two boundaries, with letters in it, in texts that have at least `fewest`.

    (units) the text of each, a number that equal ones share, whatever of `ends` stands behind them;
    (texts) those of which this cannot be told.
    """
    after[block.heads[block.heads < len(after)]] = True
    firsts = np.flatnonzero(after)
    bounds = np.searchsorted(firsts, block.heads)
    strange = np.flatnonzero((block.data >= 0xD8) | (block.data == 0xC2))  # may be stops or blanks
    others = np.diff(np.searchsorted(strange, block.offsets))
    enough = np.diff(bounds) + others >= fewest
    unclear = enough & (block.odd | (others > 0))
    owner = np.repeat(np.arange(len(enough)), np.diff(bounds))
    wanted = (enough & ~unclear)[owner]
    last = np.append(firsts[1:], len(after))[wanted] - 1
    begin, end, owner = block.begins[firsts[wanted]], block.ends[last], owner[wanted]
    if ends:
        end = _without(block.data, begin, end, ends)
    said, doubtful = _with_letters(block.data, begin, end)
    unclear[owner[doubtful]] = True
    begin, end, owner = begin[said], end[said], owner[said]
    return owner, _code(block.data, begin, end), unclear


def _without(data: Bytes, begin: I64, end: I64, signs: bytes) -> I64:
    """The ends, before these signs and blanks."""
    end, table = end.copy(), _one_of(signs + b" \t\n\r")
    more = np.arange(len(end))
    while len(more):
        more = more[end[more] > begin[more]]
        more = more[table[data[end[more] - 1]]]
        end[more] -= 1
    return end


def _with_letters(data: Bytes, begin: I64, end: I64) -> tuple[Bools, Bools]:
    """(units) that hold a letter of ASCII; that hold none, but one of two bytes perhaps."""
    said = (end > begin) & ((data[begin] | 32) - 97 < 26)
    rest = np.flatnonzero(~said & (end > begin))
    there = data[within(begin[rest], end[rest] - begin[rest])]
    owner = np.repeat(rest, end[rest] - begin[rest])
    said[owner[(there | 32) - 97 < 26]] = True
    doubtful = np.zeros(len(said), bool)
    doubtful[owner[there >= 0x80]] = True
    return said, doubtful & ~said


def _code(data: Bytes, begin: I64, end: I64) -> I64:
    """(units) 32 bits of the length, two bytes at either end and one in the middle."""
    last = end - 1
    second, but_one = np.minimum(begin + 1, last), np.maximum(last - 1, begin)
    code = (end - begin).astype(np.uint32) * _SPREAD[0]
    for at, spread in ((begin, 1), (second, 1 << 8), (but_one, 1 << 16), (last, 1 << 24)):
        code ^= data[at].astype(np.uint32) * np.uint32(spread)
    code = (code ^ data[(begin + end) // 2] * _SPREAD[1]) * _SPREAD[2]
    found: I64 = code.astype(np.int64)
    return found


def _one_of(signs: bytes) -> Bools:
    """(256,) the bytes of `signs`."""
    table = np.zeros(256, bool)
    table[list(signs)] = True
    return table
