"""Make records: fill what is missing, mend what Arrow cannot hold, give the content its id.

build_record("Add.", "1 + 1", "2", source="mine")["id"]  -> 32 hex digits, the same anywhere
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ittools.records.schema import SCHEMA, UNSPECIFIED_LICENSE
from ittools.records.scores import scores_column

Turn = dict[str, str]

_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Record = dict[str, Any]


def content_id(
    instruction: str,
    input: str,
    output: str,
    context: Sequence[Turn] | None = None,
    rejected: str | None = None,
) -> str:
    """blake2b-128 hex over the canonical content; equal content has equal id."""
    turns = [[turn["role"], turn["content"]] for turn in context or ()]
    canonical = _canonical([instruction, input, output, turns, rejected])
    return hashlib.blake2b(canonical.encode("utf-8"), digest_size=16).hexdigest()


def mend_text(text: str) -> str:
    """Lone surrogates become U+FFFD: they break Arrow, UTF-8 and hashing later on."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


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
