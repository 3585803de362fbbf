"""Looking at records in the shell: `head`, `stats` and `verify`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ittools.errors import UsageError
from ittools.formats.source import ReadOptions, Source, open_inputs
from ittools.options import argument, option
from ittools.progress import Progress
from ittools.records.schema import DROPPED_SCHEMA
from ittools.records.scores import scores_dict
from ittools.store.outcome import Answer
from ittools.store.shards import read_shard
from ittools.store.verify import verify as find_problems

SHOWN = ("instruction", "input", "output")
WIDTH = 2_000  # characters of a field that `head` prints
INDENT = 14  # columns before a field's text
BESIDE = 60  # characters of a value that stands beside others


@dataclass(frozen=True, kw_only=True)
class HeadOptions(ReadOptions):
    num: int = option(5, "records to show", flags=("-n", "--num"))


def head(options: HeadOptions, _: Progress) -> Answer:
    """The first records, in full but for fields over 2,000 characters; of dropped ones also why they went."""
    if options.num < 1:
        raise UsageError("--num must be at least 1")
    records: list[dict[str, Any]] = []
    for batch in (b for source in open_inputs(options) for b in _dropped(source) or source.batches()):
        records += batch.slice(0, options.num - len(records)).to_pylist()
        if len(records) >= options.num:
            break
    lines: list[str] = []
    for number, record in enumerate(records, start=1):
        lines += _record_lines(number, record)
    if not records:
        lines = ["no records"]
    return Answer(lines, [_plain(record) for record in records])


def _dropped(source: Source) -> Iterator[pa.RecordBatch] | None:
    """Dropped records as a command wrote them, with `reason` and `detail`; null where the source is none of
    `dropped/`."""
    files = [file.path for file in source.foreign]
    if not files or not all(file.kind == "parquet" for file in source.foreign):
        return None
    if not all(pq.read_schema(file).equals(DROPPED_SCHEMA) for file in files):
        return None
    return (batch for file in files for batch in read_shard(file))


def _record_lines(number: int, record: dict[str, Any]) -> list[str]:
    from ittools.visible import visible

    about = "  ".join(str(record[k]) for k in ("task", "source", "license", "language") if record[k])
    lines = [f"── {number}  {visible(record['id'][:8])}  {visible(about)}"]
    turns = [(turn["role"], turn["content"]) for turn in record["context"] or []]
    for name, text in [*_why(record), *turns, *((name, record[name]) for name in SHOWN)]:
        if text:
            cut = text if len(text) <= WIDTH else text[:WIDTH] + f" … ({len(text):,} characters)"
            first, *rest = visible(cut, keep_newlines=True).split("\n")
            lines += [f"{visible(name):>{INDENT - 2}}  {first}", *(" " * INDENT + line for line in rest)]
    return lines


def _why(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The reason of a dropped record and its detail: what is short on one line, each longer text on its own.

    {"reason": "refusal", "detail": '{"found": "I can not"}'}
    -> [("reason", "refusal"), ("detail", "found: I can not")]
    """
    if "reason" not in record:
        return []
    try:
        values = json.loads(record["detail"] or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return [("reason", record["reason"]), ("detail", record["detail"])]
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    short = {name: text for name, text in said.items() if len(text) <= BESIDE and "\n" not in text}
    line = ", ".join(f"{name}: {text}" for name, text in short.items())
    long = [(name, text) for name, text in said.items() if name not in short]
    return [("reason", record["reason"]), ("detail", line), *long]


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"scores": scores_dict(record["scores"])}


def _batches(options: ReadOptions) -> Iterator[pa.RecordBatch]:
    for source in open_inputs(options):
        yield from source.batches()


@dataclass(frozen=True, kw_only=True)
class StatsOptions(ReadOptions):
    top: int = option(10, "names to list of each kind", flags=("-n", "--top"))


def stats(options: StatsOptions, progress: Progress) -> Answer:
    """Counts and length quantiles of all records, streamed."""
    if options.top < 1:
        raise UsageError("--top must be at least 1")
    progress.start("stats")
    counters: dict[str, Counter[str]] = {n: Counter() for n in ("language", "license", "source", "task")}
    lengths: dict[str, list[pa.Array]] = {name: [] for name in SHOWN}
    records = 0
    for batch in _batches(options):
        records += batch.num_rows
        for name, counter in counters.items():
            for pair in pc.value_counts(batch.column(name)).to_pylist():
                counter[pair["values"] or "(none)"] += pair["counts"]
        for name in SHOWN:
            lengths[name].append(pc.utf8_length(batch.column(name)))
        progress.advance(batch.num_rows)
    value: dict[str, Any] = {"records": records}
    value["characters"] = {name: _quantiles(chunks) for name, chunks in lengths.items()}
    value |= {name: dict(counter.most_common()) for name, counter in counters.items()}
    return Answer(_stats_lines(value, options.top), value)


def _quantiles(chunks: list[pa.Array]) -> dict[str, int]:
    if not chunks:
        return {}
    points = [0.0, 0.05, 0.5, 0.95, 1.0]
    found = pc.quantile(pa.chunked_array(chunks), q=points, interpolation="nearest").to_pylist()
    return dict(zip(("min", "p5", "median", "p95", "max"), (int(q or 0) for q in found), strict=True))


def _stats_lines(value: dict[str, Any], top: int) -> list[str]:
    from ittools.visible import visible

    lines = [f"records  {value['records']:,}", ""]
    lines.append(f"{'characters':<14}" + "".join(f"{p:>9}" for p in ("min", "p5", "median", "p95", "max")))
    for name, found in value["characters"].items():
        lines.append(f"  {name:<12}" + "".join(f"{n:>9,}" for n in found.values()))
    for kind in ("language", "license", "source", "task"):
        counts = list(value[kind].items())
        lines += ["", f"{kind} ({len(counts):,})"]
        lines += [f"  {visible(name):<40} {count:>10,}" for name, count in counts[:top]]
        if len(counts) > top:
            lines.append(f"  and {len(counts) - top:,} more")
    return lines


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    inputs: tuple[str, ...] = argument("finished directories", metavar="DIRECTORY")


def verify(options: VerifyOptions, progress: Progress) -> Answer:
    """Every file against the manifest; exit 1 when something is wrong."""
    from ittools.visible import visible

    progress.start("verify", len(options.inputs))
    found: dict[str, list[str]] = {}
    for name in options.inputs:
        found[name] = find_problems(Path(name))
        progress.advance()
    lines = []
    for name, problems in found.items():
        lines += [visible(f"{name}: {problem}") for problem in problems] or [f"{visible(name)}: ok"]
    return Answer(lines, found, ok=not any(found.values()))
