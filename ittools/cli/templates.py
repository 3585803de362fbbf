"""Commands around templates: what makes records of datasets."""

from __future__ import annotations

import sys
from dataclasses import replace

from ittools.cli.command import Command
from ittools.cli.fitted import fitted_for
from ittools.progress import Progress
from ittools.store.outcome import Answer, Outcome
from ittools.template.lint import LintOptions
from ittools.template.options import TemplateOptions
from ittools.template.preview import PreviewOptions


def _template(options: TemplateOptions, progress: Progress) -> Outcome:
    from ittools.template.template import template

    return template(options, progress)


def _preview(options: PreviewOptions, progress: Progress) -> Answer:
    from ittools.template.preview import INDENT, preview

    shown = preview(options, progress)
    return replace(shown, lines=fitted_for(sys.stdout, shown.lines, indent=INDENT))


def _lint(options: LintOptions, progress: Progress) -> Answer:
    from ittools.template.lint import lint

    return lint(options, progress)


TEMPLATE = Command(
    TemplateOptions,
    _template,
    "Turn the rows of a dataset into instruction records: by promptsource's templates as they are (p3), "
    "by our own (flan), or as Super-NaturalInstructions, MetaICL, InstructDial, OASST and HH do. Templates "
    "of others run in a sandbox. Class numbers are named by --labels, columns by --map and --columns.",
    (
        "ittools template ag_news.parquet --style p3 --templates templates.yaml --out runs/ag_news",
        "ittools template test.csv --columns label,text --labels label=no,yes --templates sentiment",
        "ittools template tasks/ --style superni --cap 100 --out runs/superni",
    ),
)
TEMPLATE_PREVIEW = Command(
    PreviewOptions,
    _preview,
    "Show what the templates make of the first rows, a few records of each, and what would be dropped. "
    "Nothing is written.",
    (
        "ittools template preview ag_news.parquet --style p3 --templates templates.yaml",
        "ittools template preview nli.jsonl --templates nli --only 'can-*' -n 1",
    ),
)
TEMPLATE_LINT = Command(
    LintOptions,
    _lint,
    "Look for what is wrong with templates: typing slips, duplicates, answers that stand in the prompt, and, "
    "given a dataset, fields that it has not and templates that never render. Exit 1 for an error.",
    (
        "ittools template lint --style p3 --templates templates.yaml",
        "ittools template lint nli.jsonl --templates my-nli.yaml",
    ),
)
