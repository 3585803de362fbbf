"""Fields of rows as texts: found under other names, cut from one another, lists joined.

   {"sentence1": "It rains.", "label": 0, "tags": ["a", "b"]}
-> {"premise": "It rains.", "tags": "a, b"}, and the label as it is, for `answers` to read
"""

from __future__ import annotations

import ast
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from ittools.formats.rows import Row
from ittools.template.flan.files import Cut, TemplateFile
from ittools.template.flan.language_names import language_name

WITHIN = " | "  # between the values of a list within a list, as cells of a table
FIRST_OF = ("text", "value", "aliases")  # where SQuAD and the like keep their answers
SPEAKERS, SAYINGS = ("speaker", "role", "from", "author"), ("text", "content", "value", "utterance")


@dataclass(frozen=True)
class Fields:
    """What is taken from the rows of one template file."""

    file: TemplateFile

    @cached_property
    def plain(self) -> tuple[tuple[str, str], ...]:
        """(field, what joins a list) of the fields that are shown as they are."""
        special = {self.file.answer, self.file.choices}
        lists = dict(self.file.lists)
        names = (*self.file.needed, *self.file.optional)
        return tuple((name, lists.get(name, ", ")) for name in names if name not in special)

    @cached_property
    def inner(self) -> tuple[tuple[str, str], ...]:
        """Places inside fields, such as `answers.text`."""
        sides = (side for one in self.file.templates for side in (one.input, one.target))
        names = {name for side in sides for name in side.names if "." in name}
        return tuple(
            (name, dict(self.file.lists).get(name.partition(".")[0], ", ")) for name in sorted(names)
        )

    @cached_property
    def also(self) -> dict[str, tuple[str, ...]]:
        return dict(self.file.also)

    def raw(self, row: Row, name: str) -> Any:
        """The value of a field, under its own name or another; null where there is none."""
        value = row.get(name)
        if value is None and name in self.also:
            for path in self.also[name]:
                value = _reached(row, path)
                if value is not None:
                    return value
        return value

    def texts(self, row: Row) -> dict[str, str]:
        """Of the fields that the row, already cut, has; of all but the answer and the choices."""
        found: dict[str, str] = {}
        for name, between in self.plain:
            value = row.get(name)
            if type(value) is not str or not value:
                value = text_of(self.raw(row, name), between)
            if value:
                found[name] = value
        for name, between in self.inner:
            value = text_of(_reached(row, name), between)
            if value:
                found[name] = value
        for name in self.file.languages:
            if name in found:
                found[name] = language_name(found[name].strip(), self.file.language)
        return found

    def cut(self, row: Row) -> Row:
        for cut in self.file.cuts:
            text = self.raw(row, cut.field)
            if isinstance(text, str) and cut.at in text and any(
                name != cut.field and self.raw(row, name) is None for name in cut.into
            ):  # fmt: skip
                row = row | dict(zip(cut.into, _parts(text, cut), strict=True))
        return row

    def some(self, row: Row, name: str) -> bool:
        """Whether the row has a column for the field, filled or not."""
        others = (re.split("[.+]", path)[0] for path in self.also.get(name, ()))
        return (
            name in row
            or any(one in row for one in others)
            or any(name in cut.into for cut in self.file.cuts)
        )


def each(rows: Sequence[Row], field: str | None) -> Iterator[tuple[int, int, Row]]:
    """(row, which of its parts, the part with the row's other columns); a row without parts is one."""
    for number, row in enumerate(rows):
        parts = row.get(field) if field else None
        if isinstance(parts, list) and parts and all(isinstance(part, dict) for part in parts):
            for which, part in enumerate(parts):
                yield number, which, row | part
        else:
            yield number, 0, row


def text_of(value: Any, between: str = ", ") -> str | None:
    """As it stands in a prompt: 3.0 is 3, a list is joined, of a mapping each key is told; NaN is nothing."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else _of_float(value)
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, (list, tuple)):
        return between.join(filter(None, (text_of(one, WITHIN) for one in value))) or None
    return str(value)


def _of_float(value: float) -> str | None:
    """As short as it may be: 3.799999952 was 3.8 in 32 bits, 19999.99 is itself."""
    if not isfinite(value):  # how tables say that a cell is empty
        return None
    try:
        (narrow,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return repr(value)
    return str(float(f"{value:.7g}")) if narrow == value else repr(value)


def list_of(value: Any) -> tuple[list[str], list[str]]:
    """(texts, their names) of a field that holds choices, also as ARC has them, or spelt as a list."""
    if isinstance(value, Mapping) and "text" in value:
        texts, names = list_of(value["text"])[0], list_of(value.get("label"))[0]
        return texts, names if len(names) == len(texts) else []
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _spelt(value)
    if isinstance(value, Mapping):
        return [text_of(one) or "" for one in value.values()], [str(key) for key in value]
    if isinstance(value, (list, tuple)) and all(isinstance(one, Mapping) for one in value):
        return [text_of(one.get("text")) or "" for one in value], [str(one.get("label", "")) for one in value]
    return ([text_of(one) or "" for one in value], []) if isinstance(value, (list, tuple)) else ([], [])


def first_text(value: Any) -> Any:
    """The first of several answers, also inside {"text": [...]}; other values as they are."""
    while isinstance(value, (list, Mapping)):
        if isinstance(value, Mapping):
            key = next((key for key in FIRST_OF if key in value), None)
            if key is None:
                return value
            value = value[key]
        else:
            value = value[0] if value else None
    return value


def _of_mapping(value: Mapping[str, Any]) -> str | None:
    speaker = next((value[key] for key in SPEAKERS if key in value), None)
    said = next((value[key] for key in SAYINGS if key in value), None)
    if speaker is not None and isinstance(said, str):
        return f"{speaker}: {said}"
    shown = ((key, text_of(one, WITHIN)) for key, one in value.items())
    return ", ".join(f"{key}: {one}" for key, one in shown if one) or None


def _reached(row: Mapping[str, Any], path: str) -> Any:
    """`answers.text.0` is inside; `choice1+choice2` are columns that make a list."""
    if "+" in path:
        values = [row.get(name) for name in path.split("+")]
        return None if None in values else values
    value: Any = row
    for word in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(word)
        elif isinstance(value, list) and word.isdigit():
            value = value[int(word)] if int(word) < len(value) else None
        else:
            return None
    return value


def _parts(text: str, cut: Cut) -> tuple[str, str]:
    before, _, after = text.partition(cut.at)
    return _without(before, cut.drop).strip(), _without(after, cut.drop).strip()


def _without(text: str, marks: tuple[str, str] | None) -> str:
    """`12/60 = <<12/60=0.2>>0.2` without what the marks enclose."""
    if marks is None or marks[0] not in text:
        return text
    kept, *rest = text.split(marks[0])
    return kept + "".join(
        part.partition(marks[1])[2] if marks[1] in part else marks[0] + part for part in rest
    )


def _spelt(text: str) -> Any:
    """A list that stands in a cell of a table, as JSON or as Python writes it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
