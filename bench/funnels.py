"""Funnels of real corpora, as docs/dedup.md tells them: BENCH_DATA=folder python -m bench funnels.

Generated tasks that nobody cleaned, and a corpus that its authors published at several levels of
similarity: what each level still holds, by our measure.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from ittools.formats.rows import file_rows
from ittools.text.components import forest
from ittools.text.join import all_pairs, keep_first
from ittools.text.ragged import Ragged, take
from ittools.text.shingles import whole_hashes, windows
from ittools.text.tokens import word_hashes

TASKS = "selfinstruct_raw/gpt4omini_generated_tasks.jsonl.gz"
THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5)
LEVELS = ("dedupe-only", "similarity-0.9", "similarity-0.7", "similarity-0.6")


def run() -> list[str]:
    data = os.environ.get("BENCH_DATA")
    if not data:
        return ["funnels: skipped, BENCH_DATA names no folder of public datasets"]
    return [*generated_tasks(Path(data) / TASKS), *published_levels(Path(data) / "instruct")]


def generated_tasks(path: Path) -> list[str]:
    words = [word_hashes(pa.array([str(row["instruction"]) for _, row in file_rows(path)]))]
    distinct = first_of_each(words)
    lines = [f"generated tasks: {len(words[0]):,} records, {len(distinct):,} distinct "
             f"({1 - len(distinct) / len(words[0]):.1%} copies)"]  # fmt: skip
    for n in (1, 2, 3, 5):
        shingles = [windows(take(words[0], distinct), n)]
        one, two, _ = all_pairs(shingles, 0.7)
        gone = int((keep_first(shingles, 0.7).twins >= 0).sum())
        lines.append(
            f"  {n}-grams at 0.7: {len(one):,} pairs, {len(np.union1d(one, two)):,} records with a twin; "
            f"go: {gone:,}, by components {len(forest(one, two)[0]):,}"
        )
    return lines


def published_levels(folder: Path) -> list[str]:
    lines = []
    for level in LEVELS:
        rows = [row for _, row in file_rows(folder / f"gpteacher_toolformer-{level}.json.gz")]
        columns = [pa.array([str(row.get(name) or "") for row in rows]) for name in fields_of(rows[0])]
        words = [word_hashes(column) for column in columns]
        distinct = first_of_each(words)
        stay = [len(distinct) - gone_at(words, distinct, threshold) for threshold in THRESHOLDS]
        lines.append(
            f"GPTeacher {level}: {len(rows):,} records, {len(distinct):,} distinct; stay at "
            + ", ".join(f"{t}: {count:,}" for t, count in zip(THRESHOLDS, stay, strict=True))
        )
    return lines


def fields_of(row: dict[str, object]) -> list[str]:
    names = {"instruction": ("instruction",), "input": ("input",), "output": ("output", "response")}
    return [name for choices in names.values() for name in choices if name in row]


def gone_at(words: list[Ragged], distinct: np.ndarray, threshold: float) -> int:  # type: ignore[type-arg]
    fields = [windows(take(field, distinct), 3, tag) for tag, field in enumerate(words)]
    return int((keep_first(fields, threshold).twins >= 0).sum())


def first_of_each(words: list[Ragged]) -> np.ndarray:  # type: ignore[type-arg]
    """The first record of every set of equal ones, ascending."""
    keys = np.concatenate([whole_hashes(field) for field in words], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return np.sort(first)
