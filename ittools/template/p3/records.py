"""Records of one chunk: patterns by Arrow, the rest by the sandbox, then in the order of the rows.

rows r0 r1, templates a b    ->    r0 by a, r0 by b, r1 by a, r1 by b
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.errors import InputError
from ittools.formats.tables import Chunk
from ittools.records.build import content_ids, text_array
from ittools.records.schema import SCHEMA
from ittools.template.p3.apply import CHOICES, Answer, Source, apply_all, apply_singly
from ittools.template.p3.files import Template
from ittools.template.p3.kernels import Columns, filled
from ittools.template.p3.pattern import Pattern
from ittools.template.sandbox.guard import Exceeded, own_guard
from ittools.template.style import Rendered, seeded

WHOLE = 32 << 20  # bytes of rows, once for each template, that are held at once, in some six forms
SOME = 16
TOGETHER = 1 << 30  # bytes of prompts and targets of a chunk
SPAN = 8 << 20  # bytes of rows that the sandbox holds at once; so do the answers of each template
Rows = NDArray[np.int64]
Problems = dict[int, tuple[str, str]]  # by place among a template's records: reason, detail


@dataclass(frozen=True)
class Part:
    """One template of those that a chunk's rows are rendered by."""

    template: Template
    source: Source
    pattern: Pattern | None
    meta: Mapping[str, Any]
    task: str


@dataclass
class Made:
    """One template's records. metas: null: all as the template has it."""

    rows: Rows
    prompts: pa.StringArray
    targets: pa.StringArray
    metas: list[str] | None = None
    problems: Problems = field(default_factory=dict)


def records(parts: Sequence[Part], chunk: Chunk, per_row: int | None, seed: int) -> Rendered:
    """Raises InputError for a template that the sandbox had to end, and for a column `answer_choices`."""
    each = min(per_row or len(parts), len(parts))
    rows = max(1, WHOLE * len(chunk) // max(1, _bytes(chunk) * each))
    if rows >= len(chunk):
        return _records(parts, chunk, per_row, seed)
    made = [_records(parts, _cut(chunk, at, rows), per_row, seed) for at in range(0, len(chunk), rows)]
    (batch,) = pa.Table.from_batches([one.batch for one in made]).combine_chunks().to_batches()
    reasons, details = (pa.concat_arrays([getattr(one, name) for one in made])
                        for name in ("reasons", "details"))  # fmt: skip
    return Rendered(batch, reasons, details)


def _bytes(chunk: Chunk) -> int:
    """Of its rows, of a list estimated from one row in `SOME`."""
    if isinstance(chunk.given, list):
        return SOME * sum(len(pickle.dumps(row, protocol=5)) for _, row in chunk.given[::SOME])
    return int(chunk.given.nbytes)


def _cut(chunk: Chunk, first: int, rows: int) -> Chunk:
    some = (
        chunk.given[first : first + rows] if isinstance(chunk.given, list) else chunk.given.slice(first, rows)
    )
    return replace(chunk, first=chunk.first + first, given=some)


def _records(parts: Sequence[Part], chunk: Chunk, per_row: int | None, seed: int) -> Rendered:
    rows = _picked(len(parts), chunk, per_row, seed)
    made: list[Made | None] = [None] * len(parts)
    columns = Columns(chunk)
    for n, part in enumerate(parts):
        found = filled(part.pattern, columns) if part.pattern is not None else None
        if found is not None:
            made[n] = _by_arrow(*found, rows[n], len(chunk))
    slow = [n for n, one in enumerate(made) if one is None]
    if slow:
        for n, one in zip(slow, _by_sandbox([parts[n] for n in slow], [rows[n] for n in slow], chunk),
                          strict=True):  # fmt: skip
            made[n] = one
    return _rendered(parts, [one for one in made if one is not None], chunk)


def _picked(count: int, chunk: Chunk, per_row: int | None, seed: int) -> list[Rows]:
    """The rows of each template: all, or those that draw it."""
    if per_row is None or per_row >= count or not count:
        return [np.arange(len(chunk))] * count
    some: list[list[int]] = [[] for _ in range(count)]
    for row in range(len(chunk)):
        for n in seeded(seed, "p3", "templates", chunk.key(row)).sample(range(count), per_row):
            some[n].append(row)
    return [np.array(rows, np.int64) for rows in some]


def _by_arrow(prompts: pa.StringArray, targets: pa.StringArray, rows: Rows, count: int) -> Made:
    if len(rows) < count:
        prompts, targets = prompts.take(pa.array(rows)), targets.take(pa.array(rows))
    made = Made(rows, prompts, targets)
    for reason, column in (("empty-target", targets), ("empty-prompt", prompts)):
        empty = pc.equal(pc.binary_length(column), 0)
        if pc.any(empty).as_py():
            made.problems |= {int(n): (reason, "") for n in np.flatnonzero(empty)}
    return made


def _by_sandbox(parts: Sequence[Part], rows: Sequence[Rows], chunk: Chunk) -> Iterator[Made]:
    values = _named(chunk.rows)
    _no_choices(values, chunk)
    keys = [chunk.key(n) for n in range(len(chunk))]
    answers: list[list[Answer]] = [[] for _ in parts]
    sources = [part.source for part in parts]
    for first, stop in _spans(values):
        some = [one[(one >= first) & (one < stop)] for one in rows]
        picked = [None if len(one) == stop - first else (one - first).tolist() for one in some]
        answered = 0
        try:
            asked = values[first:stop], keys[first:stop], picked
            for answer in own_guard().stream(apply_all, sources, *asked):
                answers[answered].append(answer)
                answered += 1
        except Exceeded as error:
            raise _stopped(error, parts[answered], values, keys, some[answered], chunk) from None
    for part, one, found in zip(parts, rows, answers, strict=True):
        yield _made(found, part, one)


def _spans(rows: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Rows of some `SPAN` bytes together, so that many long ones are not taken for a template's greed."""
    first = size = 0
    for n, row in enumerate(rows):
        more = len(pickle.dumps(row, protocol=5))
        if size and size + more > SPAN:
            yield first, n
            first, size = n, 0
        size += more
    if first < len(rows):
        yield first, len(rows)


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns with `-`, which no template can name, with `_`, as promptsource has them."""
    if not any("-" in name for row in rows[:1] for name in row):
        return rows
    return [{name.replace("-", "_"): value for name, value in row.items()} for row in rows]


def _no_choices(rows: list[dict[str, Any]], chunk: Chunk) -> None:
    place = next((chunk.place(n) for n, row in enumerate(rows) if CHOICES in row), None)
    if place is not None:
        raise InputError(
            f"{place}: a column {CHOICES!r}, which templates mean otherwise; "
            f"rename it: --map choices={CHOICES}"
        )


def _stopped(
    error: Exceeded, part: Part, values: list[Any], keys: list[str], rows: Rows, chunk: Chunk
) -> InputError:
    """The error that names the row: the template's rows once more, one at a time."""
    what, place, wanted = error.what, chunk.name, rows.tolist()
    try:
        some = [values[n] for n in wanted], [keys[n] for n in wanted]
        for _ in own_guard().stream(apply_singly, part.source, *some):
            pass
    except Exceeded as again:
        what, place = again.what, chunk.place(wanted[again.index])
    return InputError(
        f"{part.template.place}: template {part.template.name!r}: {what} at {place}; "
        "mend it, or name the others with --only"
    )


def _made(answers: Sequence[Answer], part: Part, rows: Rows) -> Made:
    """Of the answers of all spans."""
    metas: list[str] = []
    problems: Problems = {}
    before = 0
    for answer in answers:
        metas += [compact({**part.meta, CHOICES: one} if one is not None else part.meta)
                  for one in answer.choices]  # fmt: skip
        problems |= {before + n: problem for n, problem in answer.problems.items()}
        before += len(answer.prompts)
    prompts = _concat([text_array(answer.prompts) for answer in answers])
    targets = _concat([text_array(answer.targets) for answer in answers])
    return Made(rows, prompts, targets, metas or None, problems)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _rendered(parts: Sequence[Part], made: Sequence[Made], chunk: Chunk) -> Rendered:
    """All of them, by row and then by template."""
    width = max(1, len(parts))
    marks = [one.rows * width + n for n, one in enumerate(made)]
    order = np.argsort(np.concatenate(marks), kind="stable") if made else np.zeros(0, np.int64)
    which = pa.array(np.concatenate([*marks, np.zeros(0, np.int64)])[order] % width)
    constant: dict[str, list[str | None]] = {
        "task": [part.task for part in parts],
        "template": [f"p3/{part.template.key}" for part in parts],
        "language": [next(iter(part.template.languages), None) for part in parts],
        "meta": [compact(part.meta) for part in parts],
    }
    _not_too_long(parts, made, chunk)
    about, taken = chunk.about, pa.array(order)
    found = {name: pa.array(values, pa.string()).take(which) for name, values in constant.items()}
    found["instruction"] = _concat([one.prompts for one in made]).take(taken)
    found["output"] = _concat([one.targets for one in made]).take(taken)
    if any(one.metas is not None for one in made):
        metas = [text_array(one.metas) if one.metas is not None
                 else pa.repeat(pa.scalar(constant["meta"][n], pa.string()), len(one.rows))
                 for n, one in enumerate(made)]  # fmt: skip
        found["meta"] = _concat(metas).take(taken)
    count = len(order)
    if about.language is not None:
        found["language"] = pa.repeat(pa.scalar(about.language), count)
    rows = pa.array(np.concatenate([*marks, np.zeros(0, np.int64)])[order] // width)
    found["input"] = pa.repeat(pa.scalar(""), count)
    found["license"] = _told(chunk, "license", about.license).take(rows)
    shows_source = any("source" in part.source.needed for part in parts)  # then it is a text
    found["source"] = (
        pa.repeat(about.source, count) if shows_source else _told(chunk, "source", about.source).take(rows)
    )
    found["id"] = content_ids(found["instruction"], found["input"], found["output"])
    columns = [found[one.name] if one.name in found else _without(one, count) for one in SCHEMA]
    batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    return Rendered(batch, *_reasons(made, order, chunk))


def _told(chunk: Chunk, name: str, otherwise: str) -> pa.StringArray:
    """What each row says in the column, else what is said of all."""
    renamed = dict(chunk.about.rename)
    theirs = renamed.get(name, None if name in renamed.values() else name)
    column: pa.Array | None = None
    if isinstance(chunk.given, list):
        texts = [row.get(theirs) for _, row in chunk.given]
        column = text_array([text if isinstance(text, str) else None for text in texts])
    elif theirs in chunk.given.schema.names:
        column = chunk.given.column(theirs)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        column = column.cast(pa.string()) if _is_text(column.type) else None
    if column is None:
        return pa.repeat(pa.scalar(otherwise), len(chunk))
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    return pc.coalesce(pc.if_else(blank, pa.scalar(None, pa.string()), column), otherwise)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _not_too_long(parts: Sequence[Part], made: Sequence[Made], chunk: Chunk) -> None:
    """Raises InputError for more text than one batch holds; it names the template that gives most of it."""
    sizes = [one.prompts.nbytes + one.targets.nbytes for one in made]
    if sum(sizes) > TOGETHER:
        most = parts[max(range(len(sizes)), key=sizes.__getitem__)].template
        raise InputError(
            f"{most.place}: template {most.name!r}: {max(sizes) >> 20:,} MB of text for {len(chunk):,} rows "
            f"at {chunk.place(0)}, {sum(sizes) >> 20:,} MB with the others; name fewer with --only"
        )


def _concat(arrays: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(arrays) if arrays else pa.array([], pa.string())


def _without(column: pa.Field, count: int) -> pa.Array:
    if pa.types.is_list(column.type) and not column.nullable:
        return pa.array([[]] * count, column.type)
    if column.name == "context":
        offsets = pa.array(np.zeros(count + 1, np.int32))
        return pa.ListArray.from_arrays(offsets, pa.array([], column.type.value_type), type=column.type)
    return pa.nulls(count, column.type)


def _reasons(made: Sequence[Made], order: Rows, chunk: Chunk) -> tuple[pa.StringArray, pa.StringArray]:
    """Reason and detail of each record, the detail with the place of its row."""
    reasons: list[str | None] = [None] * len(order)
    details: list[str | None] = [None] * len(order)
    at, before = np.empty(len(order), np.int64), 0
    at[order] = np.arange(len(order))
    for one in made:
        for n, (reason, detail) in one.problems.items():
            record, place = int(at[before + n]), chunk.place(int(one.rows[n]))
            reasons[record], details[record] = reason, f"{place}: {detail}" if detail else place
        before += len(one.rows)
    return pa.array(reasons, pa.string()), text_array(details)
