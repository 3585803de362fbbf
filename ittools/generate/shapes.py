"""JSON schemas of what is asked for, for endpoints that honour them."""

from __future__ import annotations

import json
from typing import Any

_TEXT = {"type": "string"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}  # fmt: skip


def _list(name: str, inner: dict[str, Any]) -> str:
    return json.dumps(_object({name: {"type": "array", "items": inner}}), sort_keys=True)


TASKS = _list("tasks", _TEXT)
TOPICS = _list("topics", _TEXT)
PAIRS = _list("instances", _object({"input": _TEXT, "output": _TEXT}))
TRIPLES = _list("tasks", _object({"instruction": _TEXT, "input": _TEXT, "output": _TEXT}))
