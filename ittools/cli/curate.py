"""Commands that drop records and say why."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.curate.decontamination.options import DecontaminateOptions
from ittools.curate.dedup_options import DedupOptions
from ittools.curate.rules.options import FilterOptions
from ittools.progress import Progress
from ittools.store.outcome import Outcome


def _filter_records(options: FilterOptions, progress: Progress) -> Outcome:
    from ittools.curate.filter import filter_records

    return filter_records(options, progress)


def _dedup(options: DedupOptions, progress: Progress) -> Outcome:
    from ittools.curate.dedup import dedup

    return dedup(options, progress)


def _decontaminate(options: DecontaminateOptions, progress: Progress) -> Outcome:
    from ittools.curate.decontaminate import decontaminate

    return decontaminate(options, progress)


FILTER = Command(
    FilterOptions,
    _filter_records,
    "Drop single records, each for a counted reason: length, emptiness, echo, repetition, run-on, mojibake; "
    "by choice refusals, boilerplate, cut-off outputs and more (--preset strict, --rule), languages, a "
    "blacklist, and what is over a quota. docs/filter.md has every rule with what it drops.",
    (
        "ittools filter runs/quickstart/generate --out runs/filter",
        "ittools filter alpaca_data.json --keep-language en --keep-dropped --out runs/alpaca",
        "ittools filter a.jsonl --preset strict --without truncated-output --out runs/strict",
        "ittools filter a.jsonl --quota language:en=1000 --quota task=50 --out runs/even",
    ),
)
DEDUP = Command(
    DedupOptions,
    _dedup,
    "Drop exact and near duplicates. A record goes only when a kept one is alike in instruction, input "
    "and output; --on compares fewer fields. docs/dedup.md tells how, and what the defaults cost.",
    (
        "ittools dedup runs/quickstart/filter --out runs/dedup",
        "ittools dedup a.jsonl b.jsonl --on instruction --threshold 0.8 --keep longest --out runs/both",
        "ittools dedup new.jsonl --against runs/dedup --keep-dropped --out runs/new",
        "ittools dedup monday.jsonl --index runs/seen --out runs/monday",
    ),
)
DECONTAMINATE = Command(
    DecontaminateOptions,
    _decontaminate,
    "Drop records whose prompt says what a record of an evaluation set says: n-gram coverage as in Tülu 3, "
    "long common runs, equal prompts. Every drop names the evaluation record.",
    (
        "ittools decontaminate runs/dedup --against gsm8k_test.jsonl --against bbh.parquet -o runs/clean",
        "ittools decontaminate a.jsonl --against mmlu.csv --preset 13gram --keep-dropped -o runs/a",
    ),
)
