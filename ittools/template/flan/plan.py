"""What a run of the flan style goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ittools.store.dataset import InputEntry
from ittools.template.flan.files import Template, TemplateFile
from ittools.template.lengths import tokenizer_entries


@dataclass(frozen=True)
class FlanPlan:
    """The files, each with the templates that are drawn, and what draws go by.

    by_number: (a file's `where`, a dataset) whose answers are numbers of choices, written as text.
    """

    files: tuple[TemplateFile, ...]
    seed: int = 0
    per_row: int = 1
    shots: tuple[int, ...] = (0,)
    few_shot: float | None = None
    max_length: int = 1024
    tokenizer: str | None = None
    task: str | None = None
    by_number: frozenset[tuple[str, str]] = frozenset()

    @property
    def entries(self) -> Sequence[InputEntry]:
        files = (InputEntry(file.where, "template file", file.fingerprint) for file in self.files)
        return (*files, *(tokenizer_entries(self.tokenizer) if self.shows else ()))

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"templates": {file.name: len(file.templates) for file in self.files}}

    @property
    def shows(self) -> bool:
        """Whether any record has demonstrations."""
        return self.few_shot != 0 and any(self.shots)

    @cached_property
    def tasks(self) -> tuple[tuple[TemplateFile, Template], ...]:
        return tuple((file, one) for file in self.files for one in file.templates)
