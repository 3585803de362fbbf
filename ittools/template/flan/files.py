"""A template file as it is read: what it says of rows, and its templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ittools.template.flan.pattern import Pattern

ANSWER, OPTIONS = "answer", "options"  # places that are no fields


@dataclass(frozen=True)
class FewShot:
    """How demonstrations stand: each input and target, and what is between."""

    between: str = "\n\n\n"
    input_prefix: str = ""
    target_prefix: str = "\n\n"


@dataclass(frozen=True)
class Cut:
    """`text` before and after `at` become the fields `into`; what stands between `drop` is left out."""

    field: str
    at: str
    into: tuple[str, str]
    drop: tuple[str, str] | None = None


@dataclass(frozen=True)
class Template:
    """options: its own words for the classes, in their order; empty: those of its file."""

    name: str
    input: Pattern
    target: Pattern
    source: tuple[str, str]  # both sides as written
    inverted: bool = False
    options: tuple[str, ...] = ()

    @cached_property
    def lists_options(self) -> bool:
        return OPTIONS in self.input.names

    @cached_property
    def answers_alone(self) -> bool:
        """Whether nothing but the answer is asked for, so that an option's name may stand for it."""
        return self.target == Pattern("%s", (ANSWER,))


@dataclass(frozen=True)
class TemplateFile:
    """name: `nli.en`, of the file. choices: the field that holds the options; labelled: whether `answer`
    is a class, whoever names it. before: an optional field that stands before an input that does not show it.
    shown: optional fields that every input shows of a row that has them. lowest: of the answers; below it a
    label is kept back. languages: fields whose codes are told as names."""

    where: str
    name: str
    task_type: str
    about: str
    language: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    templates: tuple[Template, ...]
    answer: str | None = None
    labelled: bool = False
    options: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    numbered: bool = True  # a number means an option of the file, also where the dataset names none
    choices: str | None = None
    cot: bool = False
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()
    each: str | None = None
    cuts: tuple[Cut, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()
    before: str | None = None
    shown: tuple[str, ...] = ()
    lowest: float | None = None
    languages: tuple[str, ...] = ()
    few_shot: tuple[FewShot, ...] = field(default=(FewShot(),))
    fingerprint: str = ""

    def fields_of(self, pattern: Pattern) -> frozenset[str]:
        """Fields that a side shows, those behind `{answer}` and `{options}` as well."""
        behind = {ANSWER: self.answer, OPTIONS: self.choices}
        return frozenset(name for root in pattern.roots if (name := behind.get(root, root)))

    def leads(self, one: Template) -> str | None:
        """The field that stands before the input of this template, where the row has it."""
        sides = one.input.roots | one.target.roots
        return None if one.inverted or self.before in sides else self.before
