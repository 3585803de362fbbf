"""One part of the training data against the index: which records go, and for which evaluation record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ittools.curate.decontamination.index import Index
from ittools.curate.decontamination.judge import Judge, Match
from ittools.curate.decontamination.options import Rule
from ittools.curate.decontamination.texts import texts_of
from ittools.curate.parts import Counts, split_part
from ittools.formats.parts import Part

BATCH = 8_192  # records; 2,048 cost half as much again, 16,384 the same
FOUND = pa.schema([
    ("number", pa.int64()), ("dropped", pa.string()), ("in", pa.string()), ("passage", pa.int64()),
    ("method", pa.string()), ("coverage", pa.float64()), ("words", pa.int64()), ("span", pa.large_string()),
])  # fmt: skip


def decontaminate_part(part: Part, stem: str, folder: str, rule: Rule, keep_dropped: bool) -> Counts:
    """Task: one part into kept and dropped, and every match to `stem`.found.arrow."""
    table, index = part.read(), Index(Path(folder))
    found = matches_of(table, index, rule)
    ids = table.column("id")
    reasons: list[str | None] = [None] * table.num_rows
    details: list[str | None] = [None] * table.num_rows
    rows = []
    for record, matches in found.items():
        reasons[record] = f"contaminated-{matches[0].method}"
        details[record] = _detail(index, matches) if keep_dropped else None
        rows += [_row(record, ids[record].as_py(), match) for match in matches]
    with pa.OSFile(f"{stem}.found.arrow", "wb") as sink, pa.ipc.new_file(sink, FOUND) as writer:
        writer.write_table(pa.Table.from_pylist(rows, FOUND))
    why = pa.array(reasons, pa.string())
    return split_part(table, why, stem, details=details, keep_dropped=keep_dropped)


def matches_of(table: pa.Table, index: Index, rule: Rule) -> dict[int, list[Match]]:
    """By record what it matches, the best first; records in order, those that match nothing left out."""
    judge = Judge(index, rule)
    found: dict[int, list[Match]] = {}
    for first in range(0, table.num_rows, BATCH):
        texts = texts_of(table.slice(first, BATCH), rule.on)
        for text, match in judge.matches(texts):
            found.setdefault(first + int(texts.records[text]), []).append(match)
    return {record: sorted(found[record], key=Match.rank) for record in sorted(found)}


def _row(number: int, dropped: str, match: Match) -> dict[str, Any]:
    return {"number": number, "dropped": dropped, "in": match.within, "passage": match.passage,
            "method": match.method, "coverage": match.coverage, "words": match.words,
            "span": match.span}  # fmt: skip


def _detail(index: Index, matches: Sequence[Match]) -> str:
    """The best match as JSON; `others` evaluation records match too."""
    best = matches[0]
    about = index.about(best.passage)
    others = set(index.records[[match.passage for match in matches]].tolist()) - {about["record"]}
    said = {"set": about["set"], "row": about["row"], "id": about["id"], "of": about["of"], "in": best.within,
            "method": best.method, "coverage": round(best.coverage, 4), "words": best.words,
            "span": best.span, "others": len(others)}  # fmt: skip
    return json.dumps({name: value for name, value in said.items() if value is not None}, ensure_ascii=False)
