"""Outputs of hardly any letters.

CCNet and Gopher look at the share of letters (arXiv 2112.11446: 80% of words with a letter in them);
code, formulas and tables have their reasons, so this is a strict rule with a high threshold.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because_at, matches
from ittools.text.tokens import text_buffers

FEWEST_CHARACTERS = 20  # a shorter answer may well be a formula or a symbol
# first bytes of UTF-8 letters that may be signs: Latin-1 and general punctuation, CJK, full width, emoji
_MAYBE_SIGNS = (0xC2, 0xC3, 0xE2, 0xE3, 0xEF, 0xF0)
# tasks whose answer is made of signs
_ABOUT_SIGNS = (
    r"reg(?:ular )?ex|table|chart|diagram|pattern|ascii|morse|arrays?\b|list|matrix|equation|formula"
    r"|symbol|emoji"
    r"|\bcode|punctuation|password|score|draw|spreadsheet|sudoku|redact|character|摩尔斯|正则|表格|图|列表|数组|表达式|符号"
    r"|정규|표를|기호"
)


def _sign_table() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(256,) 1 where a byte is, or may begin, a character that is neither letter, digit nor space."""
    table = np.array([int(33 <= b < 127 and not chr(b).isalnum()) for b in range(256)], np.int64)
    table[list(_MAYBE_SIGNS)] = 1
    return table


def mostly_symbols(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The share of characters that are no letter, digit, mark or space, in those that are no space;
    not where the task speaks of tables, patterns, formulas and the like."""
    column = batch.column("output")
    if options.max_symbols >= 1 or not len(column):
        return pa.nulls(len(column), pa.string())
    data, offsets = text_buffers(column)
    signs = np.concatenate([[0], np.cumsum(_sign_table()[data], dtype=np.int32)])
    visible = np.concatenate([[0], np.cumsum((data > 32) & ((data & 0xC0) != 0x80), dtype=np.int32)])
    at_most = np.diff(signs[offsets])
    length = np.diff(visible[offsets])
    pointed = np.flatnonzero((length >= FEWEST_CHARACTERS) & (at_most > options.max_symbols * length))
    exact = _signs(column.take(pa.array(pointed)))
    found = pointed[exact > options.max_symbols * length[pointed]]
    wanted = matches(batch.column("instruction").take(pa.array(found)), _ABOUT_SIGNS)
    return because_at(found[~wanted.to_numpy(zero_copy_only=False)], len(column), "mostly-symbols")


def _signs(column: pa.StringArray) -> NDArray[np.int32]:
    """(records,) characters that are neither letter, digit, mark nor space."""
    counts: NDArray[np.int32] = pc.count_substring_regex(column, r"[^\p{L}\p{N}\p{M}\s\p{Z}]").to_numpy()
    return counts


def mostly_symbols_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    column = batch.column("output")
    visible = pc.count_substring_regex(column, r"[^\x00-\x20]").to_numpy()
    return told(share=(_signs(column) / np.maximum(visible, 1)).tolist(), most=options.max_symbols)
