"""Commands that look and change nothing."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.report.look import HeadOptions, StatsOptions, VerifyOptions, head, stats, verify

HEAD = Command(
    HeadOptions,
    head,
    "Show the first records of an input, whatever its format.",
    ("ittools head runs/quickstart/mix", "ittools head alpaca_data.json -n 2 --json"),
)
STATS = Command(
    StatsOptions,
    stats,
    "Count records, lengths, languages, licences, sources and tasks.",
    ("ittools stats runs/quickstart/filter", "zcat records.jsonl.gz | ittools stats - --json"),
)
VERIFY = Command(
    VerifyOptions,
    verify,
    "Check finished directories: every file there, whole, and nothing foreign. Exit 1 if not.",
    ("ittools verify runs/quickstart/generate runs/quickstart/mix",),
)
