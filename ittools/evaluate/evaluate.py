"""`ittools evaluate`: a model's greedy answers on a held-out split, beside their references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from ittools.errors import InputError, UsageError
from ittools.evaluate.metrics import exact_match, rouge_l_of
from ittools.formats.source import ReadOptions, Source, open_inputs
from ittools.options import option
from ittools.progress import Progress
from ittools.records.build import Record
from ittools.records.funnel import Funnel
from ittools.records.messages import to_messages
from ittools.store.dataset import Output, writing
from ittools.store.files import json_text
from ittools.store.outcome import Outcome, outcome

PREDICTIONS = pa.schema([
    *(pa.field(name, pa.string(), nullable=False) for name in ("id", "task", "source", "license")),
    pa.field("language", pa.string()),
    pa.field("prompt", pa.string(), nullable=False),
    pa.field("reference", pa.string(), nullable=False),
    pa.field("prediction", pa.string(), nullable=False),
    pa.field("rouge_l", pa.float64(), nullable=False),
    pa.field("exact_match", pa.bool_(), nullable=False),
    pa.field("stopped", pa.bool_(), nullable=False),
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ReadOptions):
    split: str | None = option("heldout", "split to answer")
    out: Path = option(Path("runs/evaluate"), "output directory", flags=("-o", "--out"), shapes_output=False)
    model: str = option(
        "runs/finetune", "finetune output, model directory or hub name", flags=("-m", "--model")
    )
    limit: int | None = option(None, "records to answer (default: all)")
    max_new_tokens: int = option(256, "tokens of an answer")
    batch_size: int = option(16, "records at a time", shapes_output=False)
    device: Literal["auto", "cpu", "cuda"] = option("auto", "where to run")
    force: bool = option(False, "replace another finished output", shapes_output=False)


def evaluate(options: EvaluateOptions, progress: Progress) -> Outcome:
    """Answer and score. Raises InputError when the split or the model is not there."""
    from ittools.train.base import model_entry
    from ittools.train.finetune import need_libraries

    if (
        options.max_new_tokens < 1
        or options.batch_size < 1
        or (options.limit is not None and options.limit < 1)
    ):
        raise UsageError("--max-new-tokens, --batch-size and --limit must be at least 1")
    need_libraries()
    sources = open_inputs(options)
    entries = [source.entry for source in sources] + [model_entry(options.model)]
    with writing(
        options.out, command="evaluate", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            records = _records(sources, options.limit)
            funnel = Funnel()
            _write(output, list(_answered(options, records, funnel, progress)), funnel)
    assert output.finished is not None
    metrics = output.finished["metrics"]
    facts = {
        "rouge-l": f"{metrics['rouge_l']:.4f}",
        "exact match": f"{metrics['exact_match']:.1%}",
        "stopped by itself": f"{metrics['stopped']:.1%}",
    }
    then = ("report", options.out.parent, "--out", options.out.parent / "report")
    return outcome(output, "ittools", *then, **facts)


def _records(sources: list[Source], limit: int | None) -> list[Record]:
    records: list[Record] = []
    for source in sources:
        for batch in source.batches():
            left = batch.num_rows if limit is None else limit - len(records)
            records += batch.slice(0, left).to_pylist()
    if not records:
        raise InputError("no record to answer; mix with --heldout 0.1, or choose another --split")
    return records


def _answered(
    options: EvaluateOptions, records: list[Record], funnel: Funnel, progress: Progress
) -> Iterator[Record]:
    from ittools.evaluate.answer import Answerer
    from ittools.train.loop import pick_device

    answerer = Answerer(options.model, pick_device(options.device), options.max_new_tokens)
    reasons = [answerer.reason(to_messages(record)[:-1]) for record in records]
    funnel.drop(reasons)
    records = [record for record, reason in zip(records, reasons, strict=True) if reason is None]
    if not records:
        raise InputError(f"no record can be answered: {dict(funnel.dropped)}")
    progress.start("evaluate", len(records))
    for first in range(0, len(records), options.batch_size):
        batch = records[first : first + options.batch_size]
        prompts = [to_messages(record)[:-1] for record in batch]
        for record, (text, stopped) in zip(batch, answerer.answer(prompts), strict=True):
            yield _row(record, text, stopped)
        progress.advance(len(batch))


def _row(record: Record, text: str, stopped: bool) -> dict[str, Any]:
    row = {name: record[name] for name in ("id", "task", "source", "license", "language")}
    return row | {
        "prompt": to_messages(record)[-2]["content"],
        "reference": record["output"],
        "prediction": text,
        "rouge_l": rouge_l_of(text, record["output"], record["language"]),
        "exact_match": exact_match(text, record["output"]),
        "stopped": stopped,
    }


def _write(output: Output, rows: list[dict[str, Any]], funnel: Funnel) -> None:
    metrics = summary(rows)
    with output.split("predictions", PREDICTIONS) as shards:
        shards.write(pa.RecordBatch.from_pylist(rows, PREDICTIONS))
    output.add_bytes("metrics.json", json_text(metrics).encode())
    output.finish(funnel, metrics=metrics)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over all records, and by language."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["language"] or "und"].append(row)
    by_language = {name: _means(group) for name, group in sorted(groups.items())}
    return _means(rows) | {"by_language": by_language}


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    means = {name: round(sum(row[name] for row in rows) / len(rows), 6)
             for name in ("rouge_l", "exact_match", "stopped")}  # fmt: skip
    return {"records": len(rows), **means}
