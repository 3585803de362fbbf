"""Commands that look and change nothing."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.report.look import HeadOptions, StatsOptions, VerifyOptions, head, stats, verify
from ittools.report.report import ReportOptions, report

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
REPORT = Command(
    ReportOptions,
    report,
    "Write one self-contained HTML page: funnel, lengths, languages, licences, novelty, model, records kept "
    "and dropped. It opens from disk and asks no network.",
    (
        "ittools report runs/quickstart --out runs/page",
        "ittools report runs/quickstart/mix --out runs/mix-page",
    ),
)
