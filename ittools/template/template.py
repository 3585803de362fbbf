"""`ittools template`: rows of a dataset become instruction records, by the templates of a style.

tables -> pieces -> (a task each) demonstrations to draw from -> (a task each) records and reasons
       -> caps over all -> shards

What is drawn for a row follows from --seed and from the row's place in the input, so the bytes are the same
on any engine and at any number of workers.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.engine.protocol import Engine, opened_engine
from ittools.errors import InputError
from ittools.formats.emission import emit
from ittools.formats.parts import Part, write_batches
from ittools.formats.table_inputs import left_out, open_tables
from ittools.formats.tables import Piece, chunks, pieces
from ittools.progress import Progress
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Outcome, outcome
from ittools.template.ablate import Outputs, outputs_of
from ittools.template.options import TemplateOptions, checked
from ittools.template.style import Rendered, Shown, seeded, style_named
from ittools.text.tokens import mix64

POOL = 1_000  # rows of a group that demonstrations are drawn from


def template(options: TemplateOptions, progress: Progress) -> Outcome:
    """Render every row of the inputs. Raises UsageError for options and templates that say nothing."""
    checked(options)
    tables = open_tables(options)
    plan = style_named(options.style).plan(options, tables)
    entries = [*(table.entry for table in tables), *plan.entries]
    with writing(
        options.out, command="template", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            with opened_engine(options, progress=progress) as engine:
                run = _Run(options, output, engine, progress, _spilled(output.work, "plan", plan))
                _write(run, pieces(tables, output.work), plan.facts | _left_out(tables))
    return outcome(output, "ittools", "filter", options.out, "--out", options.out.parent / "filter")


def _left_out(tables: Sequence[Any]) -> dict[str, Any]:
    found = left_out(list(tables))
    return {"left_out": found} if found else {}


@dataclass(frozen=True)
class _Run:
    """One command while it runs. plan: the file that tasks read it from."""

    options: TemplateOptions
    output: Output
    engine: Engine
    progress: Progress
    plan: str


@dataclass(frozen=True)
class Made:
    """One task's records, of so many rows: a part each, reasons and details, and what caps count by."""

    rows: int
    parts: tuple[Part, ...]
    reasons: tuple[pa.Array, ...]
    details: tuple[pa.Array, ...]
    tasks: tuple[pa.Array, ...]
    templates: tuple[pa.Array, ...]


def _write(run: _Run, every: list[Piece], facts: dict[str, Any]) -> None:
    style = style_named(run.options.style)
    shows = hasattr(style, "group") and getattr(loaded(run.plan), "shows", True)
    run, shown = _drawn(run, every) if shows else (run, None)
    run.progress.start("template: render", len(every))
    tasks = [
        (
            piece,
            number,
            run.options.style,
            run.plan,
            shown,
            str(run.output.work / f"rendered-{number:06d}.arrow"),
        )
        for number, piece in enumerate(every)
    ]
    made = run.engine.run(render_piece, tasks, run.progress)
    texts = [piece.name for piece in every if piece.kind != "parquet"]
    if texts and not any(one.rows for one in made):
        raise InputError(f"{', '.join(dict.fromkeys(texts))}: holds no record")
    reasons = _capped(run.options, made)
    funnel = emit(
        run.output,
        [part for one in made for part in one.parts],
        reasons,
        details=[detail for one in made for detail in one.details] if run.options.keep_dropped else None,
        keep_dropped=run.options.keep_dropped,
        stage="template: write",
        engine=run.engine,
        progress=run.progress,
    )
    run.output.finish(funnel, **facts)


def render_piece(piece: Piece, number: int, style: str, plan: str, shown: str | None, path: str) -> Made:
    """Task: records of one piece to `path`."""
    render, made, rows = style_named(style).render, list[Rendered](), 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for chunk in chunks(piece, number):
            rows += len(chunk)
            rendered = render(loaded(plan), chunk, loaded(shown) if shown else {})
            if rendered.batch.num_rows:
                made.append(rendered)
                yield rendered.batch

    counts = write_batches(path, batches())
    bounds = np.cumsum([0, *counts]).tolist()
    spans = [(first, stop - first) for first, stop in pairwise(bounds)]

    def cut(columns: list[pa.Array]) -> tuple[pa.Array, ...]:
        whole = pa.concat_arrays(columns).dictionary_encode() if columns else pa.array([], pa.string())
        return tuple(whole.slice(*span) for span in spans)

    return Made(
        rows,
        tuple(Part(path, index, count) for index, count in enumerate(counts)),
        cut([one.reasons for one in made]),
        cut([one.details for one in made]),
        cut([one.batch.column("task") for one in made]),
        cut([one.batch.column("template") for one in made]),
    )


def _spilled(folder: Path, name: str, content: Any) -> str:
    """A file of this content alone: a process that has read another of its name reads this one, too."""
    spelt = pickle.dumps(content)
    path = folder / f"{name}-{sha256(spelt).hexdigest()[:16]}.pickle"
    path.write_bytes(spelt)
    return str(path)


@lru_cache(maxsize=4)
def loaded(path: str) -> Any:
    """The plan, or the demonstrations: once a process."""
    return pickle.loads(Path(path).read_bytes())


@dataclass(frozen=True)
class Drawn:
    """Of some rows, by group: (draw, key, row) of those that may be shown, and what all of them answer."""

    rows: dict[str, list[Any]]
    outputs: dict[str, Outputs]


def _drawn(run: _Run, every: list[Piece]) -> tuple[_Run, str]:
    """The run that knows what is answered, and the file of rows that may be shown: of each group the `POOL`
    that a draw puts first."""
    run.progress.start("template: demonstrations", len(every))
    style, seed = run.options.style, run.options.seed
    tasks = [(piece, number, style, run.plan, seed) for number, piece in enumerate(every)]
    groups, outputs = dict[str, list[Any]](), dict[str, Outputs]()
    for found in run.engine.run(drawn_rows, tasks, run.progress):
        for group, rows in found.rows.items():
            groups[group] = _first(groups.get(group, []) + rows)
        for group, some in found.outputs.items():
            outputs[group] = outputs.get(group, Outputs()) + some
    shown: Shown = {group: [(key, row) for _, key, row in rows] for group, rows in groups.items()}
    if outputs:
        plan = style_named(style).knowing(loaded(run.plan), outputs)
        run = replace(run, plan=_spilled(run.output.work, "plan", plan))
    return run, _spilled(run.output.work, "shown", shown)


def drawn_rows(piece: Piece, number: int, style: str, plan: str, seed: int) -> Drawn:
    """Task: of the rows of one piece."""
    named, groups, outputs = style_named(style), dict[str, list[Any]](), dict[str, Outputs]()
    output_of = getattr(named, "output", None)
    for chunk in chunks(piece, number):
        texts: dict[str, list[str]] = {}
        for index, row in enumerate(chunk.rows):
            group = named.group(loaded(plan), row, chunk.about)
            if group is None:
                continue
            key = chunk.key(index)
            groups.setdefault(group, []).append((seeded(seed, "shown", key).random(), key, row))
            output = output_of(loaded(plan), row, chunk.about) if output_of else None
            if output is not None:
                texts.setdefault(group, []).append(output)
        groups = {group: _first(rows) for group, rows in groups.items()}
        for group, some in texts.items():
            outputs[group] = outputs.get(group, Outputs()) + outputs_of(some)
    return Drawn(groups, outputs)


def _first(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda one: one[:2])[:POOL]


def _capped(options: TemplateOptions, made: Sequence[Made]) -> list[pa.Array]:
    """The reasons, `over-cap` beyond a cap: of each group those stay that a draw puts first."""
    reasons = [pc.cast(reason, pa.string()) for one in made for reason in one.reasons]
    for cap, columns in (
        (options.cap_template, ("tasks", "templates")),
        (options.cap, ("tasks",)),
    ):
        if cap is not None:
            keys = [[a for one in made for a in getattr(one, name)] for name in columns]
            reasons = _over(cap, keys, reasons, options.seed)
    return reasons


def _over(cap: int, keys: list[list[pa.Array]], reasons: list[pa.Array], seed: int) -> list[pa.Array]:
    stays = np.concatenate([reason.is_null().to_numpy(zero_copy_only=False) for reason in reasons] or [[]])
    groups = np.zeros(len(stays), np.int64)
    for columns in keys:
        names: dict[str | None, int] = {}
        codes = [_codes(column, names) for column in columns]
        groups = groups * (len(names) + 1) + np.concatenate(codes or [groups])
    here = np.flatnonzero(stays)
    draws = mix64(mix64(here.astype(np.uint64)) + np.uint64(seed & 0xFFFFFFFFFFFFFFFF))
    order = here[np.lexsort((here, draws, groups[here]))]
    ordered = groups[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    over = np.zeros(len(stays), bool)
    over[order[rank >= cap]] = True
    bounds = np.cumsum([0, *map(len, reasons)])
    return [
        pc.if_else(pa.array(over[first:stop]), "over-cap", reason)
        for reason, first, stop in zip(reasons, bounds, bounds[1:], strict=False)
    ]


def _codes(column: pa.Array, names: dict[str | None, int]) -> NDArray[np.int64]:
    """Numbers of the values, the same for equal values of all columns that share `names`."""
    own = [names.setdefault(name, len(names)) for name in column.dictionary.to_pylist()]
    none = names.setdefault(None, len(names)) if column.null_count else 0
    indices = pc.fill_null(column.indices, len(own)).to_numpy(zero_copy_only=False)
    found: NDArray[np.int64] = np.array([*own, none], np.int64)[indices]
    return found
