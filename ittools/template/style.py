"""What a style is: a module that plans once, and renders rows to records wherever a task runs.

plan(options, tables) -> Plan                   reads template files, says what is wrong with them
render(plan, chunk, shown) -> Rendered          records of some rows, with a reason for each that goes
faces(plan, columns) -> list[Face]              for `template lint`, where there is something to look at
group(plan, row, about) -> str | None           styles that show demonstrations: of which rows a row may
                                                be one; null: it cannot be shown
output(plan, row, about) -> str | None          with it, what a row answers, where that is wanted of all
knowing(plan, outputs) -> Plan                  rows: the plan with the outputs of each group
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import pyarrow as pa

from ittools.formats.rows import Row
from ittools.formats.tables import Chunk, Table
from ittools.store.dataset import InputEntry
from ittools.template.sandbox.draws import stream

STYLES = {
    "p3": "ittools.template.p3.style",
    "flan": "ittools.template.flan.style",
    "superni": "ittools.template.superni.style",
    "icl": "ittools.template.icl",
    "dialogue": "ittools.template.dialogue",
    "oasst": "ittools.template.chat.oasst",
    "hh": "ittools.template.chat.hh",
    "chat": "ittools.template.chat.turns",
}
Shown = Mapping[str, Sequence[tuple[str, Row]]]  # by group: (key, row) of rows that may be shown


@dataclass(frozen=True)
class Rendered:
    """batch: in SCHEMA, what goes as well. reasons, details: one a record, null reason = it stays."""

    batch: pa.RecordBatch
    reasons: pa.StringArray
    details: pa.StringArray


class Plan(Protocol):
    """Picklable. entries: the template files, which are inputs too. facts: for the manifest."""

    @property
    def entries(self) -> Sequence[InputEntry]: ...

    @property
    def facts(self) -> Mapping[str, Any]: ...


class Style(Protocol):
    """`group` stands only in styles with demonstrations, `output` and `knowing` where all outputs count."""

    def plan(self, options: Any, tables: Sequence[Table]) -> Plan: ...

    def render(self, plan: Any, chunk: Chunk, shown: Shown) -> Rendered: ...


def style_named(name: str) -> Any:
    """The module of a style, which is a `Style`."""
    return importlib.import_module(STYLES[name])


def seeded(seed: int, *what: str) -> Random:
    return stream((str(seed), *what))


@dataclass(frozen=True)
class Face:
    """One template as `template lint` sees it: its two sides as written, and the columns that each shows.

    trouble: why it is refused, where it is. languages: of its words, as codes. leaks: fields that both sides
    show, as the template names them; null where those are the columns.
    """

    name: str
    where: str
    prompt: str
    target: str
    prompt_fields: frozenset[str]
    target_fields: frozenset[str]
    trouble: str | None = None
    languages: tuple[str, ...] = ()
    leaks: frozenset[str] | None = None
