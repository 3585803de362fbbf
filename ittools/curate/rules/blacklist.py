"""Words and phrases of the user's own, whole words in any script."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because, matches
from ittools.text.words import UNSPACED


def blacklisted(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    if not options.blacklist:
        return pa.nulls(batch.num_rows, pa.string())
    return because(matches(_said(batch), "|".join(map(_phrase, options.blacklist))), "blacklisted")


def blacklisted_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The first of the words that is there."""
    said = _said(batch)
    words = [pc.if_else(matches(said, _phrase(word)), word, None) for word in options.blacklist]
    return told(found=pc.coalesce(*words))


def _said(batch: pa.RecordBatch) -> pa.StringArray:
    """Instructions in NFC, so that a letter and its accent are one however they are written."""
    return pc.utf8_normalize(batch.column("instruction"), "NFC")


def _phrase(text: str) -> str:
    """A pattern of whole words; beside a sign, or a letter of a script without spaces, anything may stand."""
    before, after = (rf"(?:{end}|[^\p{{L}}\p{{M}}\p{{N}}_])" for end in "^$")  # RE2's own \b knows ASCII only
    text = unicodedata.normalize("NFC", text.strip())
    return (
        (before if _ends_words(text[0]) else "") + re.escape(text) + (after if _ends_words(text[-1]) else "")
    )


def _ends_words(character: str) -> bool:
    word = character.isalnum() or unicodedata.category(character).startswith("M")
    return word and not re.match(f"[{UNSPACED}]", character)
