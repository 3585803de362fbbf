"""`--style flan`: our templates, or a user's, over any dataset: options listed in drawn ways, demonstrations,
inverted inputs, chains of thought.

    ittools template rte.parquet --templates nli --shots 0,1,2,5

A row gets the template that a draw picks among those whose fields it has (Longpre et al. 2023,
https://arxiv.org/abs/2301.13688); every row gives a record, or a reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from ittools.errors import UsageError, did_you_mean
from ittools.formats.rows import Row
from ittools.formats.tables import About, Chunk, Table
from ittools.template.build import Builder
from ittools.template.flan.files import Template, TemplateFile
from ittools.template.flan.library import template_files
from ittools.template.flan.numbers import by_number
from ittools.template.flan.plan import FlanPlan
from ittools.template.flan.rendering import Renderer
from ittools.template.flan.shots import dataset_of
from ittools.template.options import StyleOptions
from ittools.template.shots import shots_of
from ittools.template.style import Face, Rendered, Shown

FEW = (1, 2, 5)  # numbers of demonstrations where only their share is given, as FLAN has them


def plan(options: StyleOptions, tables: Sequence[Table]) -> FlanPlan:
    """Raises UsageError for options that cannot be, InputError for template files."""
    every = template_files(options.templates, options.language)
    _check_only(options, every)
    files = [_chosen(file, options) for file in every]
    if not any(file.templates for file in files):
        raise UsageError("no template is left; see --only and --no-inverted")
    if options.per_row is not None and options.per_row < 1:
        raise UsageError(f"--per-row {options.per_row}: at least 1")
    if options.few_shot is not None and not 0 <= options.few_shot <= 1:
        raise UsageError(f"--few-shot {options.few_shot}: a share from 0 to 1")
    return FlanPlan(
        tuple(files), options.seed, options.per_row or 1, _shots(options), options.few_shot,
        options.max_length, options.tokenizer, options.task, by_number(files, tables),
    )  # fmt: skip


def render(plan: FlanPlan, chunk: Chunk, shown: Shown) -> Rendered:
    built = Builder(chunk.about)
    Renderer(plan, chunk, shown, built).run()
    return built.rendered()


def group(plan: FlanPlan, _: Row, about: About) -> str | None:
    """Rows of one dataset, with the same names of classes, show one another."""
    return dataset_of(about) if plan.shows else None


def faces(plan: FlanPlan, columns: frozenset[str] | None = None) -> list[Face]:
    """For `template lint`; with the columns of the data, fields are those that they are taken from."""
    return [
        Face(
            one.name, file.where, *one.source,
            _seen(file, file.fields_of(one.input), columns) | _leading(file, one, columns),
            _seen(file, file.fields_of(one.target), columns), languages=(file.language,),
            leaks=file.fields_of(one.input) & file.fields_of(one.target),
        )
        for file, one in plan.tasks
    ]  # fmt: skip


def _seen(file: TemplateFile, fields: frozenset[str], columns: frozenset[str] | None) -> frozenset[str]:
    """The columns behind fields; without knowing them, the fields that can stand in no other column."""
    others = {name: [re.split("[.+]", path)[0] for path in paths] for name, paths in file.also}
    for cut in file.cuts:
        for name in cut.into:
            others.setdefault(name, []).append(cut.field)
    if file.each:
        others = {name: [*others.get(name, ()), file.each] for name in (*file.needed, *file.optional)}
    if columns is None:
        return fields - others.keys()
    return frozenset(
        next((one for one in (name, *others.get(name, ())) if one in columns), name) for name in fields
    )


def _leading(file: TemplateFile, one: Template, columns: frozenset[str] | None) -> frozenset[str]:
    """The column that stands before the input, where the data has it."""
    lead = file.leads(one)
    return _seen(file, frozenset({lead}), columns) & columns if lead and columns else frozenset()


def _chosen(file: TemplateFile, options: StyleOptions) -> TemplateFile:
    kept = (
        one for one in file.templates
        if not (one.inverted and options.no_inverted)
        and (not options.only or any(_named(file, one, wanted) for wanted in options.only))
    )  # fmt: skip
    return replace(file, templates=tuple(kept))


def _named(file: TemplateFile, one: Template, pattern: str) -> bool:
    return fnmatchcase(one.name, pattern) or fnmatchcase(f"{file.name}/{one.name}", pattern)


def _check_only(options: StyleOptions, files: Sequence[TemplateFile]) -> None:
    names = [(file, one) for file in files for one in file.templates]
    for pattern in options.only:
        if not any(_named(file, one, pattern) for file, one in names):
            near = did_you_mean(pattern, [one.name for _, one in names])
            raise UsageError(
                f"--only {pattern}: no such template in {', '.join(f.where for f in files)}{near}"
            )


def _shots(options: StyleOptions) -> tuple[int, ...]:
    shots = shots_of(options.shots)
    if shots is None:
        return FEW if options.few_shot else (0,)
    if options.few_shot and not any(shots):
        raise UsageError(f"--few-shot {options.few_shot} with --shots {options.shots}: name a number above 0")
    return shots
