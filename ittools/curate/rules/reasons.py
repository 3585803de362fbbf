"""What every rule is made of: a mask of records in, a reason for each out.

because([True, False], "empty-output")  -> ["empty-output", null]
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.text.characters import UNSEEN

CONTENT = ("instruction", "input", "output")
# a statement's end before a line's, a call with its bracket, a definition, markup
_CODE = (
    r"[{};]\s*(?:\n|$)|^\s*(?:def|class|import|from|#include|select|public|function|const|var|let) \S"
    r"|\n\s*(?:def|class|return|import|for|if|while|elif|print)\b[^\n]*[:)]\s*(?:\n|$)|</\w+>|```|&lt;/"
    r"|\n\s*\w+(?:\.\w+)+\("
)


def because(wrong: pa.Array, why: str) -> pa.StringArray:
    """The reason where `wrong`, else null (keep); a null in `wrong` keeps too."""
    return pc.if_else(wrong, pa.scalar(why), pa.scalar(None, pa.string()))


def because_at(records: NDArray[np.int64], count: int, why: str) -> pa.StringArray:
    """The reason at these positions of `count`."""
    wrong = np.zeros(count, bool)
    wrong[records] = True
    return because(pa.array(wrong), why)


def trimmed(batch: pa.RecordBatch, column: str) -> pa.StringArray:
    """Without blanks and invisible characters at its ends: `\\ufeff Yes.\\u200b` -> `Yes.`"""
    return pc.utf8_trim(batch.column(column), UNSEEN)


def matches(column: pa.Array, pattern: str) -> pa.BooleanArray:
    """Whether RE2 finds the pattern; letters in either case."""
    return pc.match_substring_regex(column, pattern, ignore_case=True)


def looks_like_code(column: pa.Array) -> pa.BooleanArray:
    return matches(column, _CODE)


def any_of(first: pa.Array, *others: pa.Array) -> pa.BooleanArray:
    for other in others:
        first = pc.or_kleene(first, other)
    return first
