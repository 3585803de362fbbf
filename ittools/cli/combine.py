"""Commands that combine and hand on."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.formats.export import ExportOptions, export

EXPORT = Command(
    ExportOptions,
    export,
    "Write records in another tool's format: alpaca, messages, sharegpt, prompt-completion, jsonl, csv.",
    (
        "ittools export runs/quickstart/dedup --to alpaca --out alpaca.json",
        "ittools export runs/quickstart/dedup --to messages | head -1",
    ),
)
