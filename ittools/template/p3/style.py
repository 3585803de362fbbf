"""`template --style p3`: promptsource's templates, as they are, over rows of any dataset.

{"text": "Fears for T N pension", "label": 2}, ag_news/classify
    -> "What label best describes this news article? ...", "Business", template p3/ag_news/classify

Rendered as promptsource renders (its own `apply`, both truncate modes), but in the sandbox, and drawn by
--seed. Records stand in the order of the rows, of each row in that of the templates. A row that gives no
record keeps its reason:

missing-field       the template needs a column that the row has not
empty-render, no-target, empty-prompt, empty-target, more-than-two-parts
                    what T0 leaves out as well; it keeps what has exactly two parts and neither empty
template-error      what the template said, e.g. UndefinedError: ...
over-limit, refused the sandbox stopped it at this row
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats.tables import Chunk, Table
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_json
from ittools.template.options import StyleOptions
from ittools.template.p3.apply import CHOICES, SEPARATOR, Source, truncated
from ittools.template.p3.columns import missing, numbered
from ittools.template.p3.faces import face_of, refused_face
from ittools.template.p3.files import Template, chosen, read_templates, template_files
from ittools.template.p3.pattern import Pattern, fixed_text, pattern_of
from ittools.template.p3.records import Part, records
from ittools.template.sandbox.limits import RefusedError
from ittools.template.sandbox.numbers import numbers_of
from ittools.template.sandbox.tree import changes_values, checked_tree, draws, fields_of
from ittools.template.style import Face, Rendered, Shown


@dataclass(frozen=True)
class Known:
    """A template, and what its syntax tree tells. choices: fixed ones; pattern: null is for the sandbox.

    numbers: columns that it takes for numbers.
    """

    template: Template
    source: Source
    choices: tuple[str, ...] | None
    pattern: Pattern | None
    numbers: frozenset[str]


@dataclass(frozen=True)
class P3Plan:
    """known: by table name; without a table all of them. refused: (template, why), without a table only."""

    known: Mapping[str, tuple[Known, ...]]
    refused: Sequence[tuple[Template, str]]
    task: str | None
    per_row: int | None
    seed: int
    entries: Sequence[InputEntry]
    facts: Mapping[str, Any]


def plan(options: StyleOptions, tables: Sequence[Table]) -> P3Plan:
    """Raises UsageError without templates, InputError for files and templates that cannot be used."""
    if options.templates is None:
        raise UsageError("--style p3 renders promptsource templates: name a file or folder with --templates")
    if options.per_row is not None and options.per_row < 1:
        raise UsageError(f"--per-row {options.per_row}: at least 1")
    files, root = template_files(options.templates), Path(options.templates)
    templates = [
        one for file in files for one in read_templates(file, root if root.is_dir() else file.parent)
    ]
    known: dict[str, tuple[Known, ...]] = {}
    lacking: dict[str, Any] = {}
    for table in tables:
        some = chosen(templates, options.only, table.about.name, options.templates)
        known[table.about.name] = tuple(known_of(one, options) for one in some)
        needed = {one.template.key: one.source.needed for one in known[table.about.name]}
        lacking |= missing(needed, table, options.templates)
        numbered({one.template.key: one.numbers for one in known[table.about.name]}, table)
    refused: list[tuple[Template, str]] = []
    if not tables:
        known[""], refused = _looked_at(
            chosen(templates, options.only or ("*",), "", options.templates), options
        )
    used = {one.template.key: one for some in known.values() for one in some}
    entry = InputEntry(
        options.templates, "templates", sha256_json([[file.name, sha256_file(file)] for file in files])
    )
    return P3Plan(
        known, refused, options.task, options.per_row, options.seed, (entry,), _facts(used, lacking)
    )


def _facts(used: Mapping[str, Known], lacking: Mapping[str, Any]) -> dict[str, Any]:
    """For the manifest; `lacking` are columns without which a template gives no record."""
    return {"templates": {
        "used": len(used),
        "by_arrow": sum(one.pattern is not None for one in used.values()),
        "drawing": sorted(key for key, one in used.items() if one.source.draws),
        **({"lacking": dict(sorted(lacking.items()))} if lacking else {}),
    }}  # fmt: skip


def _looked_at(
    templates: Sequence[Template], options: StyleOptions
) -> tuple[tuple[Known, ...], list[tuple[Template, str]]]:
    """Those that the sandbox accepts, and the others: `template lint` tells of all at once."""
    known: list[Known] = []
    refused: list[tuple[Template, str]] = []
    for one in templates:
        try:
            known.append(_known(one, options))
        except RefusedError as error:
            refused.append((one, str(error)))
    return tuple(known), refused


def faces(plan: P3Plan, _: frozenset[str] | None = None) -> list[Face]:
    """What `template lint` looks at."""
    used = {one.template.key: one.template for some in plan.known.values() for one in some}
    return [
        *(face_of(template) for template in used.values()),
        *(refused_face(template, trouble) for template, trouble in plan.refused),
    ]


def known_of(template: Template, options: StyleOptions) -> Known:
    """Raises InputError for what the sandbox refuses."""
    try:
        return _known(template, options)
    except RefusedError as error:
        raise InputError(
            f"{template.place}: template {template.name!r} is refused: {error}; "
            "mend it, or name the others with --only"
        ) from None


def _known(template: Template, options: StyleOptions) -> Known:
    jinja = template.jinja if options.no_truncate else truncated(template.jinja)
    tree, fixed = checked_tree(jinja), None
    trees, fields, constant = [tree], fields_of(tree), False
    if template.answer_choices is not None:
        own = checked_tree(template.answer_choices)
        trees.append(own)
        fields |= fields_of(own)
        text = fixed_text(template.answer_choices)
        fixed = None if text is None else tuple(one.strip() for one in text.split(SEPARATOR))
        constant = fixed is not None
    source = Source(
        template.key, jinja, template.answer_choices, fields - {CHOICES},
        constant, any(map(changes_values, trees)), any(map(draws, trees)), options.seed,
    )  # fmt: skip
    plain = template.answer_choices is None or constant
    pattern = pattern_of(jinja, fixed) if plain else None
    return Known(template, source, fixed, pattern, numbers_of(tree, CHOICES))


def meta_of(known: Known) -> dict[str, Any]:
    """What else a record tells of its template; with the fixed answer choices, if it has them."""
    template = known.template
    found = {
        "answer_choices": list(known.choices) if known.choices is not None else None,
        "choices_in_prompt": template.choices_in_prompt,
        "metrics": list(template.metrics) or None,
        "original_task": template.original_task,
    }
    return {name: value for name, value in found.items() if value is not None}


def render(plan: P3Plan, chunk: Chunk, shown: Shown) -> Rendered:
    """Raises InputError for a template that takes more memory or time than the sandbox gives it."""
    known = plan.known[chunk.about.name]
    parts = [
        Part(one.template, one.source, one.pattern, meta_of(one), plan.task or one.template.set)
        for one in known
    ]
    return records(parts, chunk, plan.per_row, plan.seed)
