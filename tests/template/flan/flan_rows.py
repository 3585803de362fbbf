"""Chunks of rows and rendered records, for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ittools.formats.tables import About, Chunk, Labels
from ittools.template.flan import style
from ittools.template.flan.files import TemplateFile
from ittools.template.flan.library import in_english
from ittools.template.flan.plan import FlanPlan
from ittools.template.flan.reading import parsed
from ittools.template.options import TemplateOptions
from ittools.template.style import Shown

Row = dict[str, Any]
QA = """
task_type: made-qa
language: en
fields: [question, answer, hint?]
answer: answer
templates:
  - {name: plain, input: "Q={question}", target: "{answer}"}
  - {name: hinted, input: "H={hint} Q={question}", target: "{answer}"}
  - {name: backwards, input: "A={answer}", target: "{question}", inverted: true}
"""


def about(name: str = "made", *labels: Labels, rename: tuple[tuple[str, str], ...] = ()) -> About:
    return About(name, name, "CC0-1.0", labels=labels, rename=rename)


def chunk(rows: Sequence[Row], *, of: About | None = None, piece: int = 0, first: int = 0) -> Chunk:
    given = [(f"made.jsonl:{first + n + 1}", row) for n, row in enumerate(rows)]
    return Chunk(of or about(), piece, first, given, "made.jsonl")


def file_of(text: str) -> TemplateFile:
    return parsed(text, where="my.yaml", name="my", english=in_english)


def planned(templates: str, **others: Any) -> FlanPlan:
    return style.plan(TemplateOptions(inputs=("x",), style="flan", templates=templates, **others), [])


def records(plan: FlanPlan, of: Chunk, shown: Shown | None = None) -> list[Row]:
    """With `reason`, `detail` and `meta` as a mapping."""
    done = style.render(plan, of, shown or {})
    return [
        row | {"reason": reason, "detail": detail, "meta": json.loads(row["meta"]) if row["meta"] else None}
        for row, reason, detail in zip(
            done.batch.to_pylist(), done.reasons.to_pylist(), done.details.to_pylist(), strict=True
        )
    ]


def demonstrations(plan: FlanPlan, of: Chunk) -> Shown:
    found: dict[str, list[tuple[str, Row]]] = {}
    for n, row in enumerate(of.rows):
        name = style.group(plan, row, of.about)
        assert name is not None
        found.setdefault(name, []).append((of.key(n), row))
    return found


def written(folder: Path, text: str, name: str = "my.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def qa_rows(count: int) -> list[dict[str, Any]]:
    return [{"question": f"q{n}", "answer": f"a{n}", "hint": f"h{n}"} for n in range(count)]
