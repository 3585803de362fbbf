"""Rows of one chunk to records: draws first, all at once, then a template each, then its demonstrations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.formats.tables import About, Chunk
from ittools.template.build import Builder
from ittools.template.flan.answers import (
    Answer,
    Gone,
    chosen_answer,
    class_answer,
    names_for,
    written_answer,
)
from ittools.template.flan.library import ANSWER, OPTIONS, Template, TemplateFile
from ittools.template.flan.listing import NAMED_SHARE, SHUFFLED, listed, shuffled, ways
from ittools.template.flan.rows import Fields, each
from ittools.template.flan.shots import Demonstrations
from ittools.template.style import Shown, seeded
from ittools.text.tokens import mix64

if TYPE_CHECKING:
    from ittools.template.flan.style import FlanPlan

DRAWS = 7  # a record: template, way of listing, order, name, share, number of shots, which
PARTS = np.uint64(1 << 20)  # rows within a row, at most
quoted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class Filled:
    """A row read by one file. gone: why it gives no record. usable: its templates, by number among all."""

    values: dict[str, str]
    options: tuple[str, ...] = ()
    place: int = -1
    gone: Gone | None = None
    usable: tuple[int, ...] = ()


class Way(NamedTuple):
    """How one record is shown: the draws of listing and order, and whether options answer by name."""

    listing: int
    order: int
    named: bool


@dataclass(eq=False)
class Reader:
    """Reads rows by one file, with the class names of one dataset."""

    file: TemplateFile
    about: About
    first: int  # number of its first template among those of all files
    seen: dict[tuple[tuple[str, ...], bool], tuple[int, ...]] = field(default_factory=dict)
    known: dict[Any, Answer | Gone] = field(default_factory=dict)
    orders: dict[int, list[tuple[tuple[str, ...], tuple[int, ...]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        file = self.file
        self.fields = Fields(file)
        self.names = names_for(file, self.about)
        self.needs = tuple(name for name in file.needed if name not in (file.answer, file.choices))
        self.further = (*file.optional, *(name for name, _ in self.fields.inner))
        self.ways = ways(file.language)

    def read(self, row: Row) -> Filled:
        """Raises ValueError for a class that has no name."""
        if self.file.cuts:
            row = self.fields.cut(row)
        values = self.fields.texts(row)
        for name in self.needs:
            if name not in values:
                return Filled(values, gone=Gone("missing-field", name))
        answer = self._answer(row)
        if isinstance(answer, Gone):
            return Filled(values, gone=answer)
        text, options, number = answer
        if self.file.answer is not None:
            values[ANSWER] = text
            values.setdefault(self.file.answer, text)
        there = tuple([name for name in self.further if name in values]) if self.further else ()
        usable = self.seen.get((there, bool(options)))
        return Filled(values, options, number, None, usable or self._usable(there, bool(options)))

    def unread(self, why: str) -> Filled:
        return Filled({}, gone=Gone("unreadable", why))

    def _answer(self, row: Row) -> Answer | Gone:
        file = self.file
        if file.answer is None:
            return "", (), -1
        if file.choices is not None:
            return chosen_answer(file, self.fields.raw(row, file.choices), self.fields.raw(row, file.answer))
        if not file.labelled:
            return written_answer(self.fields, row)
        value = self.fields.raw(row, file.answer)
        found = self.known.get(value) if isinstance(value, (int, str)) else None
        if found is None:
            found = class_answer(file, self.names, value)
            if self.names.shown and isinstance(value, (int, str)):
                self.known[value] = found
        return found

    def _usable(self, there: tuple[str, ...], options: bool) -> tuple[int, ...]:
        """Templates for a row with these further fields."""
        absent = set(self.further) - set(there)
        self.seen[there, options] = tuple(
            self.first + n
            for n, one in enumerate(self.file.templates)
            if not absent & _shown_names(one)
            and (options or not one.lists_options)
            and (not one.options or self.names.classes)
        )
        return self.seen[there, options]

    def worded(self, which: int, filled: Filled, way: Way) -> tuple[dict[str, str], tuple[str, ...]]:
        """(what fills in the template of this number, options as listed)."""
        values, options, at = filled.values, filled.options, filled.place
        if not options:
            return values, options
        one = self.file.templates[which - self.first]
        if self.file.labelled:
            options, places = self._order(which, way.order)
            at = places[at]
            values = values | {ANSWER: options[at]}
        if one.lists_options:
            text, names = listed(options, self.file.language, way.listing % self.ways)
            values = values | {OPTIONS: text}
            if way.named and names and one.answers_alone:
                values[ANSWER] = names[at]
        return values, options

    def _order(self, which: int, draw: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """(the classes in the words of a template, in a drawn order; the place of each in it)."""
        known = self.orders.get(which)
        if known is None:
            own = self.file.templates[which - self.first].options
            options = tuple([own[n] for n in self.names.classes]) if own else self.names.shown
            if len(options) > SHUFFLED:
                return _placed(options, shuffled(len(options), draw))
            known = [_placed(options, order) for order in permutations(range(len(options)))]
            self.orders[which] = known
        return known[draw % len(known)]


class Renderer:
    """Records of one chunk into `built`."""

    def __init__(self, plan: FlanPlan, chunk: Chunk, shown: Shown, built: Builder) -> None:
        self.plan, self.chunk, self.built = plan, chunk, built
        self.task = plan.task or chunk.about.name
        self.readers: list[Reader] = []
        for file in plan.files:
            first = sum(len(reader.file.templates) for reader in self.readers)
            self.readers.append(Reader(file, chunk.about, first))
        self.of = [(n, reader) for n, reader in enumerate(self.readers) for _ in reader.file.templates]
        self.names = [f"flan/{file.name}/{one.name}" for file, one in plan.tasks]
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
                self._drop(found, row)
                continue
            for nth in range(min(times, len(usable))):
                draw = draws[nth][at]
                which = usable[draw[0] % len(usable)] if times == 1 else _nth(usable, draws[0][at][0], nth)
                self._record(which, found[self.of[which][0]], draw, number)

    def _record(self, which: int, filled: Filled, draw: Sequence[int], number: int) -> None:
        reader, one = self.of[which][1], self.plan.tasks[which][1]
        way = Way(draw[1], draw[2], draw[3] % NAMED_SHARE == 0)
        values, options = reader.worded(which, filled, way)
        prompt, target = one.input.fill(values).strip(), one.target.fill(values).strip()
        shots = 0
        if self.shown and target:
            prompt, shots = self.shown.before(
                reader, which, way, filled, prompt, draw, self.chunk.key(number)
            )
        self.built.add(
            prompt, target, task=self.task, template=self.names[which],
            language=reader.file.language,
            meta=_meta(() if one.inverted else options, shots, one.inverted, reader.file.cot),
            reason=None if target else "empty-target", detail=None if target else "a blank target",
        )  # fmt: skip

    def _drop(self, found: Sequence[Filled], row: Row) -> None:
        gone = next((one.gone for one in found if one.gone), None)
        gone = gone or Gone("missing-field", "no template fits the fields and options of this row")
        text = json.dumps(row, ensure_ascii=False, default=str)
        self.built.drop(gone.reason, text, "", detail=gone.detail, task=self.task, template=None)

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
        """Raises InputError where no row of any has a column that is needed: it has another name."""
        problems = [problem for reader in self.readers if (problem := _missing(reader, rows))]
        if rows and len(problems) == len(self.readers):
            columns = ", ".join(dict.fromkeys(name for row in rows for name in row))
            raise InputError(
                f"{self.chunk.name}: {problems[0]}, and the columns are: {columns}; say which one it is: "
                f"--map field=column (a file without a header: --columns)"
            )


def _missing(reader: Reader, rows: Sequence[Row]) -> str | None:
    for name in reader.file.needed:
        if not any(reader.fields.some(row, name) for row in rows):
            return f"{reader.file.where} needs the field {name!r}"
    return None


def _placed(options: tuple[str, ...], order: Sequence[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    places = dict(zip(order, range(len(order)), strict=True))
    return tuple([options[n] for n in order]), tuple([places[n] for n in range(len(order))])


@cache
def _shown_names(one: Template) -> frozenset[str]:
    names = {*one.input.names, *one.target.names}
    return frozenset(names | {name.partition(".")[0] for name in names})


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
