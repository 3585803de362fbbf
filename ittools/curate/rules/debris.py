"""Traces of broken conversions: double-encoded letters, HTML and its entities.

mojibake: "cafÃ©", "itâ€™s", U+FFFD. After ftfy (Speer 2019, doi 10.5281/zenodo.2591652): a text that
encodes as cp1252 into valid UTF-8 of fewer characters was decoded wrongly.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.bounds import matches_at, with_byte, with_bytes
from ittools.curate.rules.details import around, found, told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import CONTENT, any_of, because, because_at, matches
from ittools.text.ragged import I64

# cp1252 says of bytes 0x80 to 0x9F; the five that it leaves free are control characters, as in latin-1
_CP1252 = {bytes([b]).decode("cp1252", "replace"): b for b in range(0x80, 0xA0)
           if bytes([b]).decode("cp1252", "replace") != "\ufffd"}  # fmt: skip
_BYTE_OF = {chr(b): b for b in range(0x80, 0x100)} | _CP1252
_REST = "".join(chr(b) for b in range(0x80, 0xC0)) + "".join(_CP1252)  # how a continuation byte looks
_LEADS = {
    "[\u00c2\u00c3]": 1,
    "[\u00c4-\u00df]": 2,
    "\u00e2": 1,
    "[\u00e0\u00e1\u00e3-\u00ef]": 2,
    "\u00f0": 1,
}
_SIZES = {
    "[\u00c2\u00c3]": 1,
    "[\u00c4-\u00df]": 1,
    "\u00e2": 2,
    "[\u00e0\u00e1\u00e3-\u00ef]": 2,
    "\u00f0": 3,
}
# fewest sequences in a row: of most leads one may be a letter and a sign
_SEQUENCE = "|".join(
    f"(?:{lead}[{re.escape(_REST)}]{{{_SIZES[lead]}}}){{{least},}}" for lead, least in _LEADS.items()
)
_SEQUENCES = re.compile(_SEQUENCE)
_POINTED = r"[\x{c2}-\x{f4}][\x{80}-\x{bf}\x{152}-\x{192}\x{2c6}-\x{2122}]"
# how a word in capitals may end: \u00abMANH\u00c3\u00bb, AMANH\u00c3\u2026; a letter behind says that it goes
# on: K\u00c3\u2013LN, L\u00c3\u00a0-bas
_CLOSED = re.compile(
    "\u00c3(?:[\u00bb\u201d\u2019\u00ae\u2122\u2026\u2013](?![^\\W\\d_])|\u2014|\u00a0(?!-?[a-z\u00df-\u00ff]))"
)
_ABOUT_ENCODING = (
    r"mojibake|encod|decod|unicode|utf-?8|charset|garbled|character set|latin-1|ascii|codepage|乱码|кодиров"
)

_DEBRIS = (
    r"<br ?/? ?>|&(?:amp;)?(?:quot|amp|lt|gt|nbsp|apos|#\d{2,5}|#x[0-9a-f]{2,4});"
    r"|(?:^|[^&\w])#\d{2,4};|(?:^|[\s\"'])(?:quot|amp|lt|gt);"
)
_ABOUT_MARKUP = (
    r"html|xml|\btags?\b|web ?page|web ?site|css|javascript|\bjs\b|markup|entit|\bcode|script|\bphp\b|svg"
    r"|react|jsx"
    r"|hyperlink|header|element|escape|\bdiv\b|网页|代码|标签|网站|웹|태그|코드|balise|страниц|тег"
)


def mojibake(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """UTF-8 that was read as cp1252, or U+FFFD, in any field; not where the task is about encodings."""
    at = np.unique(np.concatenate([garbled(batch.column(name)) for name in CONTENT]))
    about = matches_at(batch.column("instruction"), at, _ABOUT_ENCODING)
    return because_at(np.setdiff1d(at, about), batch.num_rows, "mojibake")


def mojibake_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    pieces = {name: [_garbled_piece(text) for text in batch.column(name).to_pylist()] for name in CONTENT}
    return _first_field({name: pa.array(some, pa.string()) for name, some in pieces.items()})


def _first_field(pieces: dict[str, pa.StringArray]) -> pa.StringArray:
    """What was found in the first field that has something."""
    fields = (pc.if_else(pc.is_valid(piece), name, None) for name, piece in pieces.items())
    return told(field=pc.coalesce(*fields), found=pc.coalesce(*pieces.values()))


def _garbled_piece(text: str) -> str | None:
    place = double_encoding(text)
    if place is None and (lost := text.find("\ufffd")) >= 0:
        place = (lost, lost + 1)
    return None if place is None else around(text, *place)


def garbled(column: pa.StringArray) -> I64:
    """Positions of the texts that were decoded wrongly. Letters from U+00C2 to U+00F4 begin with C3."""
    at = matches_at(column, with_byte(column, 0xC3), _POINTED, ignore_case=False)
    sure = [double_encoding(text) is not None for text in column.take(pa.array(at)).to_pylist()]
    lost = with_bytes(column, "\ufffd".encode())
    return np.union1d(at[np.array(sure, bool)], lost)


def double_encoding(text: str) -> tuple[int, int] | None:
    """Where the first stretch of the text is that was UTF-8 once and was read as cp1252.

    >>> double_encoding("cafÃ© itâ€™s"), double_encoding("CAFÉ» «MANHÃ»"), double_encoding("São, Ü, â")
    ((3, 5), None, None)
    """
    for match in _SEQUENCES.finditer(text):
        piece, before = match[0], text[match.start() - 1 : match.start()]
        if len(piece) == 2 and before.isupper() and _CLOSED.match(text, match.start()):
            continue
        try:
            bytes(_BYTE_OF[c] for c in piece).decode("utf-8")
        except UnicodeDecodeError:
            continue
        return match.span()
    return None


def markup_debris(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """`<br />`, `&quot;`, `&amp;#39;`, ` quot;`, `#39;` in a task that is not about HTML or code: 1,175 of
    2,000 IMDB reviews, 2,129 of the 7,600 test records of AG News."""
    left = any_of(*(matches(batch.column(name), _DEBRIS) for name in CONTENT))
    about = matches(batch.column("instruction"), _ABOUT_MARKUP)
    return because(pc.and_not(left, about), "markup-debris")


def markup_debris_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return _first_field({name: found(batch.column(name), _DEBRIS) for name in CONTENT})
