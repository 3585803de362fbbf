"""Commands that look and change nothing."""

from __future__ import annotations

import sys
from dataclasses import replace

from ittools.cli.command import Command
from ittools.cli.fitted import fitted_for
from ittools.progress import Progress
from ittools.report.look import INDENT, HeadOptions, StatsOptions, VerifyOptions, head, stats, verify
from ittools.report.report import ReportOptions, report
from ittools.store.outcome import Answer


def _head(options: HeadOptions, progress: Progress) -> Answer:
    shown = head(options, progress)
    return replace(shown, lines=fitted_for(sys.stdout, shown.lines, indent=INDENT))


HEAD = Command(
    HeadOptions,
    _head,
    "Show the first records of an input, whatever its format; of what --keep-dropped wrote also why each "
    "record went.",
    (
        "ittools head runs/quickstart/mix",
        "ittools head alpaca_data.json -n 2 --json",
        "ittools head runs/alpaca/dropped",
    ),
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
