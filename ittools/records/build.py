"""Make records: fill what is missing, mend what Arrow cannot hold, give the content its id.

build_record("Add.", "1 + 1", "2", source="mine")["id"]  -> 32 hex digits, the same anywhere
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from json.encoder import encode_basestring as _quoted
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.records.schema import SCHEMA, UNSPECIFIED_LICENSE
from ittools.records.scores import scores_column

Turn = dict[str, str]
Record = dict[str, Any]

# how JSON spells what it cannot hold; the backslash comes first, for the others bring new ones
_SPELT = {char: json.dumps(chr(char)).encode()[1:-1] for char in (0x5C, 0x22, *range(0x20))}
_GROWTH = np.array([len(_SPELT.get(char, b"1")) - 1 for char in range(256)], np.int64)
_ID_BYTES = 16
ID = re.compile("[0-9a-f]{32}")  # that content has; other people's records in our schema may have any
_AT_ONCE = 2_048  # records: what is made of them on the way fits a processor's cache


def content_id(
    instruction: str,
    input: str,
    output: str,
    context: Sequence[Turn] | None = None,
    rejected: str | None = None,
) -> str:
    """blake2b-128 hex over the canonical content; equal content has equal id.

    Canonical is compact JSON in UTF-8: ["Add.","1 + 1","2",[["user","Hi"]],null]
    """
    # by hand: an encoder is built anew at each call, which takes as long as all the rest
    turns = ",".join(f"[{_quoted(turn['role'])},{_quoted(turn['content'])}]" for turn in context or ())
    texts = f"{_quoted(instruction)},{_quoted(input)},{_quoted(output)}"
    canonical = f"[{texts},[{turns}],{'null' if rejected is None else _quoted(rejected)}]"
    return hashlib.blake2b(canonical.encode("utf-8"), digest_size=_ID_BYTES).hexdigest()


def content_ids(instruction: pa.Array, input: pa.Array, output: pa.Array) -> pa.StringArray:
    """`content_id` of each record without context and rejected output, from string columns without null."""
    columns = (instruction, input, output)
    ids = [_ids_at_once([column.slice(at, _AT_ONCE) for column in columns])
           for at in range(0, len(input), _AT_ONCE)]  # fmt: skip
    return pa.concat_arrays(ids) if ids else pa.array([], pa.string())


def _ids_at_once(columns: Sequence[pa.Array]) -> pa.StringArray:
    texts = [_spelt_in_json(column) for column in columns]
    canonical = pc.binary_join_element_wise(
        '["', texts[0], '","', texts[1], '","', texts[2], '",[],null]', ""
    ).cast(pa.binary())
    _, offsets, values = canonical.buffers()
    at, text = np.frombuffer(offsets, np.int32)[: len(canonical) + 1].tolist(), values.to_pybytes()
    blake = hashlib.blake2b
    digests = [blake(text[i:j], digest_size=_ID_BYTES).digest() for i, j in pairwise(at)]
    ends = np.arange(0, 2 * _ID_BYTES * len(at), 2 * _ID_BYTES, dtype=np.int32)
    spelt = pa.py_buffer(b"".join(digests).hex().encode())
    return pa.StringArray.from_buffers(len(digests), pa.py_buffer(ends), spelt)


def _spelt_in_json(column: pa.StringArray) -> pa.StringArray:
    """Each text as it stands between the quotes of JSON: all values at once, as one run of bytes."""
    _, offsets, values = column.buffers()
    if not len(column) or values is None:
        return column
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    first, text = int(ends[0]), values.slice(int(ends[0]), int(ends[-1] - ends[0])).to_pybytes()
    ends = (ends - first).astype(np.int64)
    there = np.frombuffer(text, np.uint8)
    special = np.flatnonzero((there < 0x20) | (there == 0x22) | (there == 0x5C))
    if not len(special):
        return column
    found = there[special]
    grown = np.concatenate([[0], np.cumsum(_GROWTH[found])])  # bytes added up to each special character
    ends += grown[np.searchsorted(special, ends)]
    present = set(np.unique(found).tolist())
    for char, spelt in _SPELT.items():
        if char in present:
            text = text.replace(bytes([char]), spelt)
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(text))


def mend_text(text: str) -> str:
    """Lone surrogates become U+FFFD: they break Arrow, UTF-8 and hashing later on."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def text_array(values: Sequence[str | None]) -> pa.StringArray:
    """The texts, mended where one cannot stand in Arrow."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value if value is None else mend_text(value) for value in values], pa.string())


def build_record(
    instruction: str,
    input: str,
    output: str,
    *,
    source: str,
    task: str | None = None,
    license: str = UNSPECIFIED_LICENSE,
    context: Sequence[Turn] | None = None,
    rejected: str | None = None,
    scores: Mapping[str, float] | None = None,
    **others: Any,
) -> Record:
    """A complete record; `others` are the nullable columns of `SCHEMA` by name."""
    content = (mend_text(instruction), mend_text(input), mend_text(output))
    turns = [{"role": t["role"], "content": mend_text(t["content"])} for t in context or ()]
    rejected = None if rejected is None else mend_text(rejected)
    record: Record = dict.fromkeys(SCHEMA.names)
    record.update({name: _mended(value) for name, value in others.items()})
    record.update(
        id=content_id(*content, turns, rejected),
        instruction=content[0],
        input=content[1],
        output=content[2],
        context=turns,
        rejected=rejected,
        scores=scores_column(scores),
        task=mend_text(task or source),
        source=mend_text(source),
        license=mend_text(license or UNSPECIFIED_LICENSE),
    )
    return record


def opened_meta(meta: str | None) -> dict[str, Any]:
    """`meta` as a mapping; text that is not a JSON object stands under the key "meta"."""
    if not meta:
        return {}
    try:
        opened = json.loads(meta)
    except (ValueError, RecursionError):
        return {"meta": meta}
    return opened if isinstance(opened, dict) else {"meta": meta}


def _mended(value: Any) -> Any:
    if isinstance(value, list):
        return [_mended(one) for one in value]
    return mend_text(value) if isinstance(value, str) else value


def record_batch(records: Iterable[Record]) -> pa.RecordBatch:
    """Records as one Arrow batch in `SCHEMA`."""
    return pa.RecordBatch.from_pylist(list(records), schema=SCHEMA)
