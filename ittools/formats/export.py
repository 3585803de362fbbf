"""Records in the formats of others, written in parallel parts and joined in order.

Shapes stand in `ittools.formats.shapes`; csv has every column, nested ones as JSON, and texts as they are,
also those that a spreadsheet would run. An empty rejected output would be none in csv, and is refused.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ittools.engine.protocol import Engine, EngineOptions, opened_engine
from ittools.errors import InputError, UsageError
from ittools.formats.parts import Part, cut
from ittools.formats.shapes import SHAPES, Format, Shape, lost_in, row_of
from ittools.formats.source import ReadOptions, open_inputs
from ittools.options import option
from ittools.progress import Progress
from ittools.records.schema import SCHEMA
from ittools.store.files import sync_file, sync_folder
from ittools.store.outcome import Answer

Row = dict[str, Any]

# RFC 4180; with "\n" alone Python leaves a cell with "\r" unquoted, and readers break the row there
_CSV_END = "\r\n"


@dataclass(frozen=True, kw_only=True)
class ExportOptions(EngineOptions, ReadOptions):
    out: str = option("-", "file to write (.json .jsonl .csv), or - for stdout", flags=("-o", "--out"))
    to: Format = option("jsonl", "format", flags=("-t", "--to"))
    whole: bool = option(
        False,
        "also what the format has no place for: input apart, rejected output, task, source, licence ...",
    )
    force: bool = option(False, "replace the file", shapes_output=False)


def export(options: ExportOptions, progress: Progress) -> Answer:
    """Write all records of the inputs as `options.to`; a file appears whole or not at all."""
    target = None if options.out == "-" else Path(options.out)
    if target is not None:
        _check_target(target, options)
    sources = open_inputs(options)
    parent = target.parent if target else None
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".ittools-export-", dir=parent) as folder,
        opened_engine(options, progress=progress) as engine,
    ):
        work = Path(folder)
        parts = cut(sources, work, engine=engine, progress=progress)
        texts, lost = _texts(parts, Shape(options.to, options.whole), work, engine, progress)
        as_array = target is not None and target.suffix == ".json"
        _join(texts, target, work, options.to, as_array)
    total = sum(part.records for part in parts)
    progress.note(f"{total:,} records as {options.to} to {options.out}")
    if lost:
        what = ", ".join(f"{count:,} {name}" for name, count in sorted(lost.items()))
        progress.note(f"{options.to} has no place for {what}; --whole keeps them in columns of their own")
    lines = [] if target is None else [str(target)]
    return Answer(lines, {"records": total, "out": options.out, "format": options.to})


def _texts(
    parts: list[Part], shape: Shape, work: Path, engine: Engine, progress: Progress
) -> tuple[list[Path], Counter[str]]:
    """A file of lines for each part that holds a record, and what the format has no place for."""
    progress.start(f"export {shape.to}", len(parts))
    tasks = [(part, shape, str(work / f"{i:06d}.txt")) for i, part in enumerate(parts)]
    done = engine.run(export_part, tasks, progress)
    lost: Counter[str] = Counter()
    for _, some in done:
        lost.update(some)
    return [Path(task[2]) for task, (count, _) in zip(tasks, done, strict=True) if count], lost


def _check_target(target: Path, options: ExportOptions) -> None:
    wanted = (".csv",) if options.to == "csv" else (".json", ".jsonl", ".ndjson")
    if target.is_dir():
        raise UsageError(f"{target}: is a directory; --out must name a file")
    if target.exists() and not options.force:
        raise UsageError(f"{target}: exists; give another --out, or --force to replace it")
    if target.suffix in (".gz", ".zst", ".parquet") or (target.suffix == ".csv") != (options.to == "csv"):
        raise UsageError(f"{target}: {options.to} is written to a file named {' or '.join(wanted)}")


def export_part(part: Part, shape: Shape, out: str) -> tuple[int, Counter[str]]:
    """Task: one part as lines of text in `out`; the records written, and what is lost of them."""
    rows = part.read().to_pylist()
    with open(out, "w", encoding="utf-8", newline="") as handle:
        if shape.to == "csv":
            csv.writer(handle, lineterminator=_CSV_END).writerows(map(_csv_row, rows))
        else:
            for row in rows:
                handle.write(json.dumps(row_of(row, shape), ensure_ascii=False) + "\n")
    return len(rows), lost_in(rows, shape)


def _join(texts: list[Path], target: Path | None, work: Path, to: Format, as_array: bool) -> None:
    if target is None:
        _write_all(texts, sys.stdout.buffer, to, as_array)
        sys.stdout.buffer.flush()
        return
    staged = work / "joined"
    with open(staged, "wb") as handle:
        _write_all(texts, handle, to, as_array)
    sync_file(staged)
    staged.replace(target)
    sync_folder(target.parent)


def _write_all(texts: list[Path], handle: IO[bytes], to: Format, as_array: bool) -> None:
    if to == "csv":
        header = io.StringIO()
        csv.writer(header, lineterminator=_CSV_END).writerow(SCHEMA.names)
        handle.write(header.getvalue().encode())
    if as_array and to != "csv":
        _write_array(texts, handle)
        return
    for text in texts:
        with open(text, "rb") as part:
            shutil.copyfileobj(part, handle)


def _write_array(texts: list[Path], handle: IO[bytes]) -> None:
    separator = b"[\n"
    for text in texts:
        with open(text, "rb") as lines:
            for line in lines:
                handle.write(separator + line.rstrip(b"\n"))
                separator = b",\n"
    handle.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def _csv_row(row: Row) -> list[str]:
    if row["rejected"] == "":
        raise InputError(
            f"record {row['id']}: csv cannot tell an empty rejected output from none; "
            "export it --to jsonl or preference"
        )
    return list(map(_cell, SHAPES["jsonl"](row).values()))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if value else ""
