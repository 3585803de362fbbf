"""One row, read by one template file: the values of its fields, and its answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import permutations
from typing import Any, NamedTuple

from ittools.formats.rows import Row
from ittools.formats.tables import About
from ittools.template.flan.answers import (
    Answer,
    Gone,
    chosen_answer,
    class_answer,
    names_for,
    written_answer,
)
from ittools.template.flan.files import ANSWER, OPTIONS, Template, TemplateFile
from ittools.template.flan.listing import SHUFFLED, listed, shuffled, ways
from ittools.template.flan.rows import Fields


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
    by_number: bool = False  # whether the dataset's answers are numbers of choices (see `numbers`)
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
        self.leads = [file.leads(one) for one in file.templates]

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
        usable = self.seen.get((there, bool(options))) or self._usable(there, bool(options))
        return Filled(values, options, number, None if usable else self._unusable(there), usable)

    def unread(self, why: str) -> Filled:
        return Filled({}, gone=Gone("unreadable", why))

    def _answer(self, row: Row) -> Answer | Gone:
        file = self.file
        if file.answer is None:
            return "", (), -1
        if file.choices is not None:
            choices, value = (self.fields.raw(row, name) for name in (file.choices, file.answer))
            return chosen_answer(file, choices, value, by_number=self.by_number)
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
        absent, wanted = set(self.further) - set(there), set(self.file.shown) & set(there)
        self.seen[there, options] = tuple(
            self.first + n
            for n, one in enumerate(self.file.templates)
            if not absent & _shown_names(one)
            and (one.inverted or wanted <= one.input.roots)
            and (options or not one.lists_options)
            and (not one.options or self.names.classes)
        )
        return self.seen[there, options]

    def _unusable(self, there: tuple[str, ...]) -> Gone:
        for name in self.file.shown:
            if name in there and not any(name in one.input.roots for one in self.file.templates):
                return Gone("field-not-shown", f"the row has {name}, and no template that is left shows it")
        return Gone("missing-field", "no template fits the fields and options of this row")

    def written(self, which: int, filled: Filled, way: Way) -> tuple[str, str, tuple[str, ...]]:
        """(prompt, target, options as listed) by the template of this number."""
        values, options = self._worded(which, filled, way)
        one, lead = self.file.templates[which - self.first], self.leads[which - self.first]
        prompt, target = one.input.fill(values).strip(), one.target.fill(values).strip()
        if lead and lead in values:
            prompt = f"{values[lead].strip()}\n\n{prompt}".lstrip()
        return prompt, target, options

    def _worded(self, which: int, filled: Filled, way: Way) -> tuple[dict[str, str], tuple[str, ...]]:
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


def _placed(options: tuple[str, ...], order: Sequence[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    places = dict(zip(order, range(len(order)), strict=True))
    return tuple([options[n] for n in order]), tuple([places[n] for n in range(len(order))])


@cache
def _shown_names(one: Template) -> frozenset[str]:
    names = {*one.input.names, *one.target.names}
    return frozenset(names | {name.partition(".")[0] for name in names})
