"""What the styles of conversations have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from ittools.formats import conversations
from ittools.formats.rows import Row
from ittools.records.build import Turn, opened_meta
from ittools.template.build import told

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


def compact(meta: dict[str, Any]) -> str | None:
    """JSON of what is not null; null of nothing."""
    held = {name: value for name, value in meta.items() if value is not None}
    return _encode(held) if held else None


def family(texts: Iterable[str]) -> str:
    """What all records of one conversation have as their parent: a hash of its turns."""
    told = json.dumps(list(texts)).encode()
    return blake2b(told, digest_size=16).hexdigest()


def family_of_pair(said: Sequence[Turn]) -> str:
    """What all pairs of one prompt have as their parent: a hash of what the user says first."""
    first = next((turn["content"] for turn in said if turn["role"] == "user"), None)
    return family([first] if first is not None else [turn["content"] for turn in said])


def others(row: Row, used: Iterable[str]) -> dict[str, Any]:
    """The columns that the record does not show; a `meta` that is our JSON is merged, not wrapped again."""
    known = told(row)
    spent = {*used, *known, *(("lang",) if "language" in known and "language" not in row else ())}
    found = {str(name): value for name, value in row.items() if name not in spent and value not in (None, "")}
    if isinstance(found.get("meta"), str):
        found |= opened_meta(found.pop("meta"))
    return found | conversations.fields_of_turns(row, used)


def hint(row: Row) -> str:
    """The style that reads such rows, where it is plain; else nothing."""
    if "message_tree_id" in row:
        return "; trees of messages: --style oasst"
    if {"chosen", "rejected"} <= row.keys():
        return "; pairs: --style hh"
    if conversations.list_name(row):
        return "; conversations: --style chat"
    return ""
