"""Answers in words: which option a row's class or number means.

file: [entailment, neutral, contradiction]         row 2 -> "contradiction"
the dataset names them: --labels label=no,yes       row 1 -> "yes", and so are the options
a template's own words: [yes, maybe, no]           row 2 -> "no", where the dataset's classes are the file's
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ittools.formats import finish
from ittools.formats.rows import Row
from ittools.formats.tables import About
from ittools.template.flan.files import TemplateFile
from ittools.template.flan.rows import Fields, first_text, list_of, text_of

NOT_LABELLED = -1  # as datasets mark test splits whose labels are kept back


@dataclass(frozen=True)
class Names:
    """shown: the options, in order of their numbers; empty: nobody names them. classes: which class of the
    file each is, empty where they are others. index: number by what a row may hold, and where `numbered`
    by a number as well."""

    shown: tuple[str, ...]
    classes: tuple[int, ...]
    index: dict[str, int]
    numbered: bool = True


@dataclass(frozen=True)
class Gone:
    """Why a row gives no record."""

    reason: str
    detail: str


Answer = tuple[str, tuple[str, ...], int]  # in words, all options or none, which of them (-1: unknown)


def names_for(file: TemplateFile, about: About) -> Names:
    """Those of the dataset where it names its classes, else those of the file."""
    theirs = dict(about.rename)
    candidates = {file.answer, theirs.get(file.answer or "", file.answer)}
    if file.answer not in theirs:
        candidates |= set(dict(file.also).get(file.answer or "", ()))
    given = next((one.names for one in about.labels if one.column in candidates), None)
    ours = {_bare(name): n for names in (file.options, file.classes) for n, name in enumerate(names)}
    if given is None:
        return Names(file.options, tuple(range(len(file.options))), ours, file.numbered)
    classes = tuple(ours.get(_bare(name), -1) for name in given)
    if not file.options or -1 in classes or len(set(classes)) < len(classes):
        return Names(given, (), {_bare(name): n for n, name in enumerate(given)})
    numbers = {n: place for place, n in enumerate(classes)}
    index = {name: numbers[n] for name, n in ours.items() if n in numbers}
    return Names(tuple(file.options[n] for n in classes), classes, index)


def class_answer(file: TemplateFile, names: Names, value: Any) -> Answer | Gone:
    """Raises ValueError for a number or a name that is none of the options."""
    number = _number(value)
    if is_absent(value):
        return Gone("missing-field", f"{file.answer} is {value!r}")
    if number is None:
        text = str(value)
        if not names.shown:
            return text, (), -1
        found = names.index.get(_bare(text))
        if found is not None:
            return names.shown[found], names.shown, found
    elif names.numbered and 0 <= number < len(names.shown):
        return names.shown[number], names.shown, number
    raise ValueError(
        f"{file.answer} is {value!r}, and {file.where} knows "
        f"{'no names of classes' if not names.shown else ', '.join(names.shown)}; name the classes in order "
        f"of their numbers: --labels {file.answer}=first,second, or from 1 on --labels {file.answer}:1=..."
    )


def chosen_answer(file: TemplateFile, choices: Any, value: Any, *, by_number: bool = False) -> Answer | Gone:
    """Of a row that brings its options: by number, letter, name or text; a text of digits by its number
    where `by_number` says so."""
    texts, names = list_of(choices)
    if not texts or not all(text.strip() for text in texts):
        return Gone("missing-field", f"{file.choices}")
    value = first_text(value)
    if is_absent(value):
        return Gone("missing-field", f"{file.answer} is {value!r}")
    place = _place_of(value, texts, names, by_number)
    if place is None:
        return Gone(
            "answer-not-among-options", f"{file.answer} is {text_of(value)!r}, of {len(texts)} options"
        )
    return texts[place], tuple(texts), place


def written_answer(fields: Fields, row: Row) -> Answer | Gone:
    """A text of its own; the first of several, unless the file says how they are joined."""
    name = fields.file.answer or ""
    value = fields.raw(row, name)
    if _kept_back(value, fields.file.lowest):
        return Gone("missing-field", f"{name} is {value!r}, below {fields.file.lowest}")
    between = dict(fields.file.lists).get(name)
    text = text_of(first_text(value) if between is None else value, between or "")
    return (text, (), -1) if text else Gone("empty-target", f"{name} is {value!r}")


def number_among(value: Any, texts: list[str], names: list[str]) -> int | None:
    """The place that a number names, as a number or as text; null where it is a name of an option."""
    number = _number(value)
    if number is None or not 0 <= number < len(texts) or (text_of(value) or "") in names:
        return None
    return number


def _place_of(value: Any, texts: list[str], names: list[str], by_number: bool) -> int | None:
    number = number_among(value, texts, names) if by_number else None
    if number is not None:
        return number
    text = text_of(value) or ""
    for known in (texts, names) if not isinstance(value, int) else ():
        if text in known:
            return known.index(text)
    number = _number(value)
    letter = text.strip(" ().").upper()
    if number is None and len(letter) == 1:  # of "ß" two
        number = ord(letter) - ord("A")
    return number if number is not None and 0 <= number < len(texts) else None


def is_absent(value: Any) -> bool:
    """Nothing is there, or a label that is kept back."""
    return finish.is_absent(value) or value == "" or _number(value) == NOT_LABELLED


def _kept_back(value: Any, lowest: float | None) -> bool:
    """Whether a number, also as text, is below those that are answers."""
    if lowest is None or isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        return float(value) < lowest
    except (ValueError, OverflowError):
        return False


def _number(value: Any) -> int | None:
    """1, 1.0, True and "1" are numbers."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    return None


def _bare(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())
