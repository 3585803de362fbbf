"""`ittools template preview`: a few records of each template, as a model would see them; nothing is written.

── p3/ag_news/which_section  (task ag_news)
       prompt  Fears for T N pension after talks
               Which section of a newspaper would this article appear in?
       target  Business
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ittools.errors import UsageError
from ittools.formats.rows import Row
from ittools.formats.table_inputs import open_tables
from ittools.formats.tables import Chunk, Table, chunks, pieces
from ittools.options import option
from ittools.progress import Progress
from ittools.store.outcome import Answer
from ittools.template.options import StyleOptions, meant
from ittools.template.style import Shown, style_named
from ittools.visible import visible

READ = 200  # rows that are looked at
WIDTH = 1_200  # characters of a text that are shown
INDENT = 12  # columns before a text


@dataclass(frozen=True, kw_only=True)
class PreviewOptions(StyleOptions):
    num: int = option(3, "records of each template", flags=("-n", "--num"))


def preview(options: PreviewOptions, _: Progress) -> Answer:
    """Records of the first rows, by template. Raises UsageError as `template` does."""
    meant(options)
    if options.num < 1:
        raise UsageError("--num must be at least 1")
    found: dict[str, list[Row]] = {}
    for record in first_records(options):
        some = found.setdefault(str(record["template"]), [])
        kept = sum(not one["reason"] for one in some)
        if kept < options.num and (not record["reason"] or len(some) - kept < options.num):
            some.append(record)
    if not found:
        return Answer(["no record: the input is empty"], {})
    lines = [line for name, some in sorted(found.items()) for line in _lines(name, some)]
    return Answer(lines, found)


def first_records(options: StyleOptions) -> Iterator[Row]:
    """Of the first rows of each input, those that would be dropped as well, with `reason` and `detail`."""
    tables, style = open_tables(options), style_named(options.style)
    return rendered(style, style.plan(options, tables), map(first_rows, tables))


def rendered(style: Any, plan: Any, inputs: Iterable[Sequence[Chunk]]) -> Iterator[Row]:
    """Records of some chunks of each input."""
    for some in inputs:
        shown = _shown(style, plan, some)
        for chunk in some:
            made = style.render(plan, chunk, shown)
            reasons, details = made.reasons.to_pylist(), made.details.to_pylist()
            for row, reason, detail in zip(made.batch.to_pylist(), reasons, details, strict=True):
                yield row | {"reason": reason, "detail": detail}


def first_rows(table: Table) -> list[Chunk]:
    found: list[Chunk] = []
    with tempfile.TemporaryDirectory(prefix="ittools-preview-") as work:
        for number, piece in enumerate(pieces([table], Path(work))):
            for chunk in chunks(piece, number):
                left = READ - sum(map(len, found))
                found.append(chunk.head(left))
                if len(chunk) >= left:
                    return found
    return found


def _shown(style: Any, plan: Any, some: Sequence[Chunk]) -> Shown:
    found: dict[str, list[tuple[str, Row]]] = {}
    if hasattr(style, "group"):
        for chunk in some:
            for index, row in enumerate(chunk.rows):
                group = style.group(plan, row, chunk.about)
                if group is not None:
                    found.setdefault(group, []).append((chunk.key(index), row))
    return found


def _lines(template: str, records: Sequence[Row]) -> Iterator[str]:
    yield f"── {visible(template)}  (task {visible(records[0]['task'])})"
    for number, record in enumerate(records):
        if number:
            yield ""
        for turn in record["context"] or ():
            yield from _field(turn["role"], turn["content"])
        yield from _field("prompt", record["instruction"])
        yield from _field("input", record["input"])
        yield from _field("target", record["output"])
        yield from _field("rejected", record["rejected"] or "")
        if record["reason"]:
            detail = f" ({record['detail']})" if record["detail"] else ""
            yield from _field("dropped", f"{record['reason']}{detail}")


def _field(name: str, text: str) -> Iterator[str]:
    if text:
        cut = text if len(text) <= WIDTH else text[:WIDTH] + f" … ({len(text):,} characters)"
        first, *rest = visible(cut, keep_newlines=True).split("\n")
        yield f"{visible(name):>{INDENT - 2}}  {first}"
        yield from (" " * INDENT + line for line in rest)
