"""Rows of one chunk to records: draws first, all at once, then a template each, then its demonstrations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.formats.superni import is_task
from ittools.formats.tables import Chunk
from ittools.template.build import Builder, told
from ittools.template.flan.filling import Filled, Reader, Way
from ittools.template.flan.listing import NAMED_SHARE
from ittools.template.flan.plan import FlanPlan
from ittools.template.flan.rows import each
from ittools.template.flan.shots import Demonstrations, dataset_of
from ittools.template.style import Shown, seeded
from ittools.text.tokens import mix64

DRAWS = 7  # a record: template, way of listing, order, name, share, number of shots, which
PARTS = np.uint64(1 << 20)  # rows within a row, at most
quoted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Renderer:
    """Records of one chunk into `built`."""

    def __init__(self, plan: FlanPlan, chunk: Chunk, shown: Shown, built: Builder) -> None:
        self.plan, self.chunk, self.built = plan, chunk, built
        self.task = plan.task or chunk.about.name
        self.readers: list[Reader] = []
        for file in plan.files:
            first = sum(len(reader.file.templates) for reader in self.readers)
            by_number = (file.where, dataset_of(chunk.about)) in plan.by_number
            self.readers.append(Reader(file, chunk.about, first, by_number))
        self.of = [(n, reader) for n, reader in enumerate(self.readers) for _ in reader.file.templates]
        self.names = [f"flan/{file.name}/{one.name}" for file, one in plan.tasks]
        self.sources = [  # fields that may be taken from a column `source`
            (one.fields, name)
            for one in self.readers
            for name in (*one.file.needed, *one.file.optional)
            if name == "source" or "source" in one.fields.also.get(name, ())
        ]
        self.shown = Demonstrations(plan, shown, chunk.about) if plan.shows else None

    def run(self) -> None:
        parts_in = next((reader.file.each for reader in self.readers if reader.file.each), None)
        rows = list(each(self.chunk.rows, parts_in))
        self._check_columns([row for _, _, row in rows])
        times = min(self.plan.per_row, len(self.plan.tasks))
        draws = [self._draws(rows, nth) for nth in range(times)]
        for at, (number, _, row) in enumerate(rows):
            try:
                found = [reader.read(row) for reader in self.readers]
            except ValueError as error:
                raise InputError(f"{self.chunk.place(number)}: {error}") from None
            usable = found[0].usable if len(found) == 1 else tuple(n for one in found for n in one.usable)
            if not usable:
                self._drop(found, row, number)
                continue
            for nth in range(min(times, len(usable))):
                draw = draws[nth][at]
                which = usable[draw[0] % len(usable)] if times == 1 else _nth(usable, draws[0][at][0], nth)
                self._record(which, found[self.of[which][0]], draw, number)

    def _record(self, which: int, filled: Filled, draw: Sequence[int], number: int) -> None:
        reader, one = self.of[which][1], self.plan.tasks[which][1]
        way = Way(draw[1], draw[2], draw[3] % NAMED_SHARE == 0)
        prompt, target, options = reader.written(which, filled, way)
        shots = 0
        if self.shown and target:
            prompt, shots = self.shown.before(
                reader, which, way, filled, prompt, draw, self.chunk.key(number)
            )
        self.built.add(
            prompt, target, task=self.task, template=self.names[which],
            **{"language": reader.file.language} | self._told(number),
            meta=_meta(() if one.inverted else options, shots, one.inverted, reader.file.cot),
            reason=None if target else "empty-target", detail=None if target else "a blank target",
        )  # fmt: skip

    def _told(self, number: int) -> dict[str, Any]:
        """What the row says of itself; the language is the template's, a `source` that is shown a text."""
        row = self.chunk.rows[number]
        found = told(row)
        found.pop("language", None)
        if "source" in found and any(fields.raw(row, n) is row["source"] for fields, n in self.sources):
            del found["source"]
        return found

    def _drop(self, found: Sequence[Filled], row: Row, number: int) -> None:
        gone = next(one.gone for one in found if one.gone)
        text = json.dumps(row, ensure_ascii=False, default=str)
        about = self._told(number)
        self.built.drop(gone.reason, text, "", detail=gone.detail, task=self.task, template=None, **about)

    def _draws(self, rows: Sequence[tuple[int, int, Row]], nth: int) -> list[tuple[int, ...]]:
        """(records, DRAWS) uint64, from the seed, the dataset and the place of each row."""
        what = ("flan", self.chunk.about.name, str(self.chunk.piece), str(nth))
        base = seeded(self.plan.seed, *what).getrandbits(64)
        places = np.array([number for number, _, _ in rows], np.uint64) + np.uint64(self.chunk.first)
        places = places * PARTS + np.array([part for _, part, _ in rows], np.uint64)
        starts = mix64(places ^ np.uint64(base))
        draws = mix64(
            starts[:, None] + np.arange(1, DRAWS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        )
        return list(zip(*draws.T.tolist(), strict=True))

    def _check_columns(self, rows: Sequence[Row]) -> None:
        """Raises InputError where none of the first rows has a column that is needed: it has another name."""
        if not self.chunk.leads:
            return
        problems = [problem for reader in self.readers if (problem := _missing(reader, rows))]
        if rows and len(problems) == len(self.readers):
            columns = ", ".join(dict.fromkeys(name for row in rows for name in row))
            raise InputError(
                f"{self.chunk.name}: {problems[0]}, and the columns are: {columns}; say which one it is: "
                f"--map field=column (a file without a header: --columns)"
                f"{'; tasks of Natural Instructions: --style superni' if any(map(is_task, rows)) else ''}"
            )


def _missing(reader: Reader, rows: Sequence[Row]) -> str | None:
    for name in reader.file.needed:
        if not any(reader.fields.some(row, name) for row in rows):
            return f"{reader.file.where} needs the field {name!r}"
    return None


@lru_cache(maxsize=8_192)
def _meta(options: tuple[str, ...], shots: int, inverted: bool, cot: bool) -> str:
    """Compact JSON, keys sorted; options only where there are any, in the order listed."""
    facts: dict[str, Any] = {"cot": True} if cot else {}
    facts["inverted"] = inverted
    if options:
        facts["options"] = list(options)
    return quoted(facts | {"shots": shots})


def _nth(usable: Sequence[int], draw: int, nth: int) -> int:
    """The nth of an order that `draw` picks: no template twice for a row."""
    from random import Random

    order = list(usable)
    Random(draw).shuffle(order)
    return order[nth]
