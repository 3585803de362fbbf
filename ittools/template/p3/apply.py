"""Promptsource's `Template.apply`, for many rows: what the process beside a worker runs.

"{{text}} ||| {{answer_choices[label]}}", "no ||| yes", {"text": " Good. ", "label": 1} -> ("Good.", "yes")

Quick to import and without Arrow. https://github.com/bigscience-workshop/promptsource (templates.py, 0.2.3)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ittools.template.sandbox.environment import compiled
from ittools.template.sandbox.limits import RefusedError, TooMuchError

SEPARATOR = "|||"
PROTECTED = "3ed2dface8203c4c9dfb1a5dc58e41e0"  # stands for it inside a value, as promptsource spells it
TRUNCATED = " | string | truncate(2048) }}"  # what promptsource makes of every "}}"
CHOICES = "answer_choices"
Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What one template is rendered from. draws: to render it anew needs a place in a stream."""

    key: str
    jinja: str
    choices: str | None
    needed: frozenset[str] = frozenset()
    choices_fixed: bool = False  # the same for every row
    changes: bool = False  # a nested value of the row
    draws: bool = False
    seed: int = 0


@dataclass
class Answer:
    """Of one template and some rows. choices: of each row, none if fixed; problems: (reason, detail)."""

    prompts: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    choices: list[list[str] | None] = field(default_factory=list)
    problems: dict[int, tuple[str, str]] = field(default_factory=dict)


def truncated(jinja: str) -> str:
    return jinja.replace("}}", TRUNCATED)


def apply_all(
    sources: Sequence[Source],
    rows: Sequence[Row],
    keys: Sequence[str],
    picked: Sequence[Sequence[int] | None],
) -> Iterator[Answer]:
    """An answer a template, for the rows that were picked for it (null: all)."""
    clean = [_is_clean(row) for row in rows]
    for source, some in zip(sources, picked, strict=True):
        wanted = range(len(rows)) if some is None else some
        yield _applied(source, [(rows[n], keys[n], clean[n]) for n in wanted])


def apply_singly(source: Source, rows: Sequence[Row], keys: Sequence[str]) -> Iterator[Answer]:
    """An answer a row: how the row is found that a template did not survive."""
    for row, key in zip(rows, keys, strict=True):
        yield _applied(source, [(row, key, _is_clean(row))])


def _is_clean(row: Row) -> bool:
    return not any(isinstance(value, str) and (SEPARATOR in value or PROTECTED in value)
                   for value in row.values())  # fmt: skip


def _applied(source: Source, rows: Sequence[tuple[Row, str, bool]]) -> Answer:
    answer, fixed = Answer(), None
    if source.choices is not None and source.choices_fixed:
        fixed = choices_of(source, {}, "")
    for n, (row, key, clean) in enumerate(rows):
        parts: list[str] = []
        choices: list[str] | None = None
        if source.needed <= row.keys():
            try:
                parts, choices = rendered_parts(source, row, key, fixed, clean)
            except MemoryError:
                raise
            except Exception as error:
                answer.problems[n] = _problem(error)
        else:
            answer.problems[n] = "missing-field", ", ".join(sorted(source.needed - row.keys()))
        _add(answer, n, parts)
        if source.choices is not None and fixed is None:
            answer.choices.append(choices)
    return answer


def rendered_parts(
    source: Source, row: Row, key: str, fixed: list[str] | None = None, clean: bool = False
) -> tuple[list[str], list[str] | None]:
    """What promptsource's `apply` gives, and its answer choices, which are `fixed` for some templates.

    clean: no text of the row holds a separator. Raises what the template raises.
    """
    values = row if clean else _protected(row)
    values = copied(values) if source.changes else values
    choices = choices_of(source, values, key) if fixed is None else fixed
    what = (str(source.seed), source.key, key) if source.draws else ("0",)
    given = list(choices) if choices is not None and source.changes else choices
    text = compiled(source.jinja).render({**values, CHOICES: given}, what)
    if clean and PROTECTED not in text:
        return [part.strip() for part in text.split(SEPARATOR)], choices
    return [part.replace(PROTECTED, SEPARATOR).strip() for part in text.split(SEPARATOR)], choices


def choices_of(source: Source, values: Row, key: str) -> list[str] | None:
    if source.choices is None:
        return None
    what = (str(source.seed), source.key, key, "choices") if source.draws else ("0",)
    found = compiled(source.choices).render(values, what).split(SEPARATOR)
    return [one.strip().replace(PROTECTED, SEPARATOR) for one in found]


def _protected(row: Row) -> Row:
    return {
        name: value.replace(SEPARATOR, PROTECTED) if isinstance(value, str) else value
        for name, value in row.items()
    }


def copied(value: Any) -> Any:
    """Lists and mappings anew, all the way down; what stands in them cannot be changed."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [copied(one) for one in value]
    return value


def _problem(error: Exception) -> tuple[str, str]:
    if isinstance(error, (TooMuchError, RecursionError)):
        return "over-limit", str(error)
    if isinstance(error, RefusedError):
        return "refused", str(error)
    said = " ".join(str(error).split())[:200]
    return "template-error", f"{type(error).__name__}: {said}" if said else type(error).__name__


def _add(answer: Answer, n: int, parts: list[str]) -> None:
    prompt, target = parts[0] if parts else "", parts[1] if len(parts) > 1 else ""
    answer.prompts.append(prompt)
    answer.targets.append(target)
    if n in answer.problems:
        return
    if parts == [""]:
        answer.problems[n] = "empty-render", ""
    elif len(parts) == 1:
        answer.problems[n] = "no-target", "renders no |||"
    elif len(parts) > 2:
        answer.problems[n] = "more-than-two-parts", f"{len(parts)} parts"
    elif not prompt:
        answer.problems[n] = "empty-prompt", ""
    elif not target:
        answer.problems[n] = "empty-target", ""
