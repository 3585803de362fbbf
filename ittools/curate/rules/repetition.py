"""Text that says the same again: runs of words, lines, sentences, single characters.

The measures are those of Gopher (Rae et al. 2021, arXiv 2112.11446, table A1). Its thresholds are for web
pages (lines 0.30, 4-grams 0.16); poems, code and lists of short answers repeat far more and are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.pieces import GRAM, may_loop, may_repeat, may_repeat_lines, stretches
from ittools.curate.rules.reasons import because_at, looks_like_code, matches
from ittools.text.ragged import I64
from ittools.text.tokens import mix64, text_buffers

FEWEST_GRAMS = 20  # below, a list of alike lines would count as repetition
FEWEST_LINES = 4  # with letters in them
LOOP = 6  # times in a row that a sentence, or two or three in turn, are said; refrains rarely reach it
_SAYS = r"\p{L}[\p{L}\p{M}]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}]"
_UNSPACED_LETTER = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
LONGEST_LOOP = 3  # sentences
LOOP_BYTES = 60  # of a loop, so that "Yes. Yes. Yes." and refrains stay
# tasks whose answer says things again
_MAY_REPEAT = (
    r"\brepeat|\btimes\b|lyrics|\bsong|poem|chorus|chant|schedule|rhythm"
    r"|重复|歌词|诗|반복|노래|répèt|wiederhol|повтор"
)
CHARACTERS = 4  # bytes: one character of any script, or "ha", "abab"
SHOWN = 12  # characters told of a run

_LINE_END = r"\n+"
_SENTENCE_END = r"[.!?]+[\"')\]]*(?:\s+|$)|[。！？।॥؟۔]+|\n+"
_RULERS = frozenset(" \t\n\r\u00a0\u3000-=_*#.~+|─━═·…—–<>/\\0")  # lines that people draw, blanks, leaders


class Units(NamedTuple):
    """Pieces of texts: which text each is of, a number that equal pieces share, its bytes, itself."""

    owner: I64  # (pieces,)
    code: I64  # (pieces,)
    size: I64  # (pieces,)
    text: pa.StringArray  # (pieces,)


def repetitive_output(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """Runs of four words that the output says again and again."""
    column = batch.column("output")
    if options.max_repetition >= 1:
        return pa.nulls(len(column), pa.string())
    at = may_repeat(column, options.max_repetition, FEWEST_GRAMS)
    at = at[repeated_share(column.take(pa.array(at))) > options.max_repetition]
    return because_at(_unwanted(batch, at), len(column), "repetitive-output")


def repetitive_output_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    return told(share=repeated_share(batch.column("output")).tolist(), most=options.max_repetition)


def repeated_share(column: pa.StringArray) -> NDArray[np.float64]:
    """(records,) share of four-word runs said before; 0 where there are fewer than 20 runs."""
    shares = np.zeros(len(column))
    enough = 2 * (GRAM + FEWEST_GRAMS - 1) - 1  # bytes
    at = np.flatnonzero(pc.greater_equal(pc.binary_length(column), enough).to_numpy(zero_copy_only=False))
    if not len(at):
        return shares
    owner, code = _words(column.take(pa.array(at)))
    shares[at] = _repeated(code, np.bincount(owner, minlength=len(at)))
    return shares


def _words(column: pa.StringArray) -> tuple[I64, I64]:
    """(text of each word, a number that equal words share, negative where it holds no letter): what stands
    between blanks and holds two letters or a digit. Signs do not count: rulers are made of them."""
    spaced = pc.replace_substring_regex(column, _UNSPACED_LETTER, r" \1 ")
    pieces = pc.utf8_split_whitespace(spaced)
    coded = pieces.flatten().dictionary_encode()
    # each word is looked at once
    says = pc.match_substring_regex(coded.dictionary, _SAYS).to_numpy(zero_copy_only=False)
    counts = says | pc.match_substring_regex(coded.dictionary, r"\p{N}").to_numpy(zero_copy_only=False)
    number = np.arange(1, len(says) + 1)
    code = np.where(says, number, -number)[coded.indices.to_numpy()]
    owner = np.repeat(np.arange(len(column)), pc.list_value_length(pieces).to_numpy())
    kept = counts[np.abs(code) - 1]
    return owner[kept], code[kept]


def _repeated(words: I64, counts: I64) -> NDArray[np.float64]:
    """`words` of all texts end to end, `counts` of each text -> share of repeated runs. A run of numbers
    alone is none: vectors and multiplication tables are made of them."""
    runs = np.maximum(counts - GRAM + 1, 0)
    owner = np.repeat(np.arange(len(counts)), runs)
    first = np.arange(len(owner)) + np.repeat(np.cumsum(counts) - counts - (np.cumsum(runs) - runs), runs)
    keys, says = np.zeros(len(owner), np.uint64), np.zeros(len(owner), bool)
    for step in range(GRAM):
        word = words[first + step]
        says |= word > 0
        keys = mix64(keys ^ word.astype(np.uint64) + np.uint64(step + 1))
    owner, keys = owner[says], keys[says]
    # the text in the upper bits: 2**40 values are enough for the runs of one text
    keys = np.sort(owner.astype(np.uint64) << np.uint64(40) | keys >> np.uint64(24))
    fresh = np.ones(len(keys), bool)
    fresh[1:] = keys[1:] != keys[:-1]
    distinct = np.bincount((keys[fresh] >> np.uint64(40)).astype(np.int64), minlength=len(counts))
    runs = np.bincount(owner, minlength=len(counts))
    return np.where(runs >= FEWEST_GRAMS, 1 - distinct / np.maximum(runs, 1), 0.0)


def repeated_lines(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The characters of lines that stood before, in all characters. Lines without letters do not count:
    braces, rulers, blanks."""
    column = batch.column("output")
    if options.max_repeated_lines >= 1:
        return pa.nulls(len(column), pa.string())
    at = may_repeat_lines(column, FEWEST_LINES)
    share = _repeated_lines_share(_pieces(column.take(pa.array(at)), _LINE_END), len(at))
    return because_at(_unwanted(batch, at[share > options.max_repeated_lines]), len(column), "repeated-lines")


def _repeated_lines_share(lines: Units, texts: int) -> NDArray[np.float64]:
    """(texts,)"""
    whole = np.bincount(lines.owner, weights=lines.size, minlength=texts)
    twice = np.bincount(lines.owner, weights=lines.size * _said_before(lines), minlength=texts)
    enough = np.bincount(lines.owner, minlength=texts) >= FEWEST_LINES
    return np.where(enough, twice / np.maximum(whole, 1), 0.0)


def repeated_lines_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The share, and the first line that is said again."""
    lines = _pieces(batch.column("output"), _LINE_END)
    again = np.flatnonzero(_said_before(lines))
    owners, first = np.unique(lines.owner[again], return_index=True)
    said = dict(zip(owners.tolist(), lines.text.take(pa.array(again[first])).to_pylist(), strict=True))
    found = [said.get(record) for record in range(batch.num_rows)]
    share = _repeated_lines_share(lines, batch.num_rows)
    return told(found=found, share=share.tolist(), most=options.max_repeated_lines)


def sentence_loop(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """The same sentence, or two or three in turn, six times in a row: where a model got stuck, also at
    the end of a text that began well."""
    column = batch.column("output")
    at = may_loop(column, LOOP, LONGEST_LOOP)
    units = _pieces(column.take(pa.array(at)), _SENTENCE_END)
    stuck = np.array([units.owner[first] for first, _, _ in _loops(units)], np.int64)
    return because_at(_unwanted(batch, at[np.unique(stuck)]), len(column), "sentence-loop")


def _loops(units: Units) -> Iterator[tuple[int, int, int]]:
    """(first piece, past the last, pieces in turn) of every loop, the shortest first."""
    for period in range(1, LONGEST_LOOP + 1):
        alike = np.zeros(len(units.code), bool)
        alike[period:] = (units.code[period:] == units.code[:-period]) & (units.code[period:] >= 0)
        alike[period:] &= units.owner[period:] == units.owner[:-period]
        for begin, end in stretches(alike, (LOOP - 1) * period):
            if units.size[begin - period : end].sum() >= LOOP_BYTES:
                yield begin - period, end, period


def sentence_loop_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """What is said, and how many times in a row."""
    units = _pieces(batch.column("output"), _SENTENCE_END)
    said: dict[int, tuple[str, int]] = {}
    for first, stop, period in _loops(units):
        text = " ".join(units.text.slice(first, period).to_pylist())
        said.setdefault(int(units.owner[first]), (text, (stop - first) // period))
    found = [said.get(record, (None, None)) for record in range(batch.num_rows)]
    return told(found=[text for text, _ in found], times=[times for _, times in found])


def _unwanted(batch: pa.RecordBatch, at: I64) -> I64:
    """Those of the few that are no code, which says one line many times, nor asked to repeat."""
    at = _unasked(batch, at)
    code = looks_like_code(batch.column("output").take(pa.array(at)))
    unwanted: NDArray[np.bool_] = pc.invert(code).to_numpy(zero_copy_only=False)
    return at[unwanted]


def _unasked(batch: pa.RecordBatch, at: I64) -> I64:
    asked = matches(batch.column("instruction").take(pa.array(at)), _MAY_REPEAT)
    unasked: NDArray[np.bool_] = pc.invert(asked).to_numpy(zero_copy_only=False)
    return at[unasked]


def _pieces(column: pa.StringArray, pattern: str) -> Units:
    """The pieces with letters that stand between two patterns."""
    lists = pc.split_pattern_regex(column, pattern)
    flat = pc.utf8_trim_whitespace(lists.flatten())
    coded = flat.dictionary_encode()
    code = coded.indices.to_numpy().astype(np.int64)
    said = pc.match_substring_regex(coded.dictionary, r"\p{L}").to_numpy(zero_copy_only=False)[code]
    owner = np.repeat(np.arange(len(column)), pc.list_value_length(lists).to_numpy())
    # what is not counted is taken out, so that blank lines do not stand between two alike
    text = flat.filter(pa.array(said))
    return Units(owner[said], code[said], pc.binary_length(text).to_numpy().astype(np.int64), text)


def _said_before(units: Units) -> NDArray[np.bool_]:
    again = np.ones(len(units.code), bool)
    _, first = np.unique(units.owner * (units.code.max(initial=0) + 1) + units.code, return_index=True)
    again[first] = False
    return again


def character_run(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """One character, or up to four bytes in turn, again and again: `!!!!`, `哈哈哈`, `hahaha`. Blanks and
    lines that people draw (`----`, `....`) do not count."""
    column = batch.column("output")
    if options.max_run <= 0:
        return pa.nulls(len(column), pa.string())
    at = _with_runs(column, options.max_run)
    found = {record for record, _ in _runs(column.take(pa.array(at)), options.max_run)}
    return because_at(_unasked(batch, at[sorted(found)]), len(column), "character-run")


def character_run_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """How long the first run is, and how it begins."""
    runs: dict[int, str] = {}
    for record, text in _runs(batch.column("output"), options.max_run):
        runs.setdefault(record, text)
    found = [runs.get(record, "") for record in range(batch.num_rows)]
    return told(
        found=[text[:SHOWN] for text in found], characters=list(map(len, found)), most=options.max_run
    )


def _runs(column: pa.StringArray, most: int) -> Iterator[tuple[int, str]]:
    """(record, run) of every run of more than `most` characters."""
    data, offsets = text_buffers(column)
    for period in range(1, CHARACTERS + 1):
        for begin, end in stretches(_alike(data, period), max(most - period, 3 * period)):
            yield from _within(data, offsets, begin - period, end, most)


def _with_runs(column: pa.StringArray, most: int) -> I64:
    """The few texts that may hold a run: one of 2k - 1 bytes covers a whole one of the blocks of k bytes."""
    data, offsets = text_buffers(column)
    found = []
    for period in range(1, CHARACTERS + 1):
        block = max(1, (most - period + 1) // 2)
        at = np.arange(-(-period // block) * block, len(data) - block + 1, block)
        for step in range(block):
            at = at[data[at + step] == data[at + step - period]]
        found.append(np.searchsorted(offsets, at, side="right") - 1)
    return np.unique(np.concatenate(found))


def _alike(data: NDArray[np.uint8], period: int) -> NDArray[np.bool_]:
    """(bytes,) whether each is the one that stands `period` before it."""
    alike = np.zeros(len(data), bool)
    alike[period:] = data[period:] == data[:-period]
    return alike


def _within(
    data: NDArray[np.uint8], offsets: I64, begin: int, end: int, most: int
) -> Iterator[tuple[int, str]]:
    """Texts that hold more than `most` characters of these bytes, all of one kind, and those characters."""
    first = int(np.searchsorted(offsets, begin, side="right")) - 1
    last = int(np.searchsorted(offsets, end, side="left"))
    for record in range(first, last):
        inside = data[max(begin, offsets[record]) : min(end, offsets[record + 1])]
        text = inside.tobytes().decode("utf-8", "ignore")
        if len(text) > most and not set(text[: CHARACTERS * 4]) <= _RULERS:
            yield record, text
