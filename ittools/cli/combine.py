"""Commands that combine and hand on."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.formats.export import ExportOptions, export
from ittools.mixture.mix import MixOptions, mix

EXPORT = Command(
    ExportOptions,
    export,
    "Write records in another tool's format: alpaca, messages, sharegpt, prompt-completion, "
    "preference, oasst, jsonl, csv. What a format has no place for is counted, or kept by --whole.",
    (
        "ittools export runs/quickstart/dedup --to alpaca --out alpaca.json",
        "ittools export runs/quickstart/dedup --to messages | head -1",
    ),
)
MIX = Command(
    MixOptions,
    mix,
    "Combine datasets to one mixture: by weight, cap and temperature, without replacement, shuffled and "
    "split by seed. Written as messages, with source and licence on each record.",
    (
        "ittools mix runs/quickstart/dedup --heldout 0.1 --out runs/mix",
        "ittools mix a.jsonl b.jsonl --weight a=0.8 --weight b=0.2 --out runs/weighted",
        "ittools mix runs/quickstart/dedup --by task --cap 100 --temperature 2 --out runs/even",
    ),
)
