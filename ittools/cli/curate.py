"""Commands that drop records and say why."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.curate.dedup import DedupOptions, dedup
from ittools.curate.filter import FilterOptions, filter_records

FILTER = Command(
    FilterOptions,
    filter_records,
    "Drop single records by length, emptiness, echo, repetition, language or blacklist; every drop is "
    "counted under its reason.",
    (
        "ittools filter runs/quickstart/generate --out runs/filter",
        "ittools filter alpaca_data.json --keep-language en --keep-dropped --out runs/alpaca",
    ),
)
DEDUP = Command(
    DedupOptions,
    dedup,
    "Drop exact and near duplicates. A record goes only when a kept one is alike in instruction, input "
    "and output; --on compares fewer fields.",
    (
        "ittools dedup runs/quickstart/filter --out runs/dedup",
        "ittools dedup a.jsonl b.jsonl --on instruction --threshold 0.8 --keep longest --out runs/both",
    ),
)
