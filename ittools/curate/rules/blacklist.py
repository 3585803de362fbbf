"""Words and phrases of the user's own, whole words in any script."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because, matches
from ittools.text.words import UNSPACED


def blacklisted(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    if not options.blacklist:
        return pa.nulls(batch.num_rows, pa.string())
    return because(
        matches(batch.column("instruction"), "|".join(map(_phrase, options.blacklist))), "blacklisted"
    )


def blacklisted_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The first of the words that is there."""
    said = batch.column("instruction")
    words = [pc.if_else(matches(said, _phrase(word)), word, None) for word in options.blacklist]
    return told(found=pc.coalesce(*words))


def _phrase(text: str) -> str:
    """A pattern of whole words; beside a sign, or a letter of a script without spaces, anything may stand."""
    before, after = (r"(?:^|[^\p{L}\p{N}_])", r"(?:$|[^\p{L}\p{N}_])")  # RE2's own \b knows ASCII only
    text = text.strip()
    return (
        (before if _ends_words(text[0]) else "") + re.escape(text) + (after if _ends_words(text[-1]) else "")
    )


def _ends_words(character: str) -> bool:
    return character.isalnum() and not re.match(f"[{UNSPACED}]", character)
