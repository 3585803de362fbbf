"""The record: one Arrow schema for every command, and the messages layout that `mix` writes."""

from __future__ import annotations

import pyarrow as pa

TURN = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])

# not Arrow's map type, which `datasets` cannot load
SCORE = pa.struct([pa.field("name", pa.string()), pa.field("value", pa.float64())])

_IDENTITY = [pa.field("id", pa.string(), nullable=False)]
_CONTENT = [
    pa.field("instruction", pa.string(), nullable=False),
    pa.field("input", pa.string(), nullable=False),
    pa.field("output", pa.string(), nullable=False),
    pa.field("context", pa.list_(TURN)),
    pa.field("rejected", pa.string()),
]
_PROVENANCE = [
    pa.field("task", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("license", pa.string(), nullable=False),
    pa.field("language", pa.string()),
    pa.field("template", pa.string()),
    pa.field("generator", pa.string()),
    pa.field("parents", pa.list_(pa.string())),
    pa.field("scores", pa.list_(SCORE)),
    pa.field("meta", pa.string()),
]

SCHEMA = pa.schema(_IDENTITY + _CONTENT + _PROVENANCE)
MESSAGES_SCHEMA = pa.schema([*_IDENTITY, pa.field("messages", pa.list_(TURN)), *_PROVENANCE])

# What `--keep-dropped` writes: the record, why it went, and where that can be seen.
DROPPED_SCHEMA = pa.schema([*SCHEMA, pa.field("reason", pa.string(), nullable=False),
                            pa.field("detail", pa.string())])  # fmt: skip

UNSPECIFIED_LICENSE = "LicenseRef-unspecified"
