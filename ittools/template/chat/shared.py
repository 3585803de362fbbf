"""What the styles of conversations have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from ittools.formats.rows import Row

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


def compact(meta: dict[str, Any]) -> str | None:
    """JSON of what is not null; null of nothing."""
    held = {name: value for name, value in meta.items() if value is not None}
    return _encode(held) if held else None


def family(texts: Iterable[str]) -> str:
    """What all records of one conversation have as their parent: a hash of its turns."""
    told = json.dumps(list(texts)).encode()
    return blake2b(told, digest_size=16).hexdigest()


def others(row: Row, used: Iterable[str]) -> dict[str, Any]:
    """The columns that the record does not show."""
    spent = {*used, "language", "lang"}
    return {str(name): value for name, value in row.items() if name not in spent and value not in (None, "")}


def language_of(row: Row) -> str | None:
    found = row.get("language", row.get("lang"))
    return found if isinstance(found, str) and found else None
