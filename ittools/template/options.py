"""The options of `ittools template`, `template lint` and `template preview`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from ittools.engine.protocol import EngineOptions
from ittools.errors import UsageError
from ittools.formats.table_inputs import TableOptions
from ittools.options import option

StyleName = Literal["p3", "flan", "superni", "icl", "dialogue", "oasst", "hh", "chat"]


@dataclass(frozen=True, kw_only=True)
class StyleOptions(TableOptions):
    """What is rendered, and how: shared with lint and preview."""

    style: StyleName = option("flan", "whose way: p3 (promptsource), flan, superni, icl (MetaICL), ...")
    templates: str | None = option(
        None, "p3: templates.yaml or a folder of them; flan: a template file, or the name of one of ours"
    )
    only: tuple[str, ...] = option((), "templates to use, by name or pattern, e.g. --only 'classify*'")
    task: str | None = option(None, "task of the records (default: by style, mostly the dataset's name)")
    per_row: int | None = option(
        None,
        "templates drawn for each row (default: p3 all, flan 1); dialogue: tasks; chat: last answers (1)",
    )
    no_truncate: bool = option(False, "p3: keep values longer than 2,048 characters whole")
    shots: str | None = option(
        None, "numbers of demonstrations to draw from, e.g. 0,1,2,5 (default: flan 0, superni 2, icl 16)"
    )
    few_shot: float | None = option(None, "flan: share of records with demonstrations (default: as --shots)")
    no_inverted: bool = option(False, "flan: no templates that ask for the input")
    encoding: Literal["plain", "def", "pos", "def-pos", "def-pos-neg", "def-pos-neg-expl"] = option(
        "plain", "superni: definition and input apart, or one of Tk-Instruct's prompts"
    )
    max_length: int = option(1024, "of a prompt with demonstrations, in tokens or words")
    tokenizer: str | None = option(
        None, "tokenizer that counts --max-length, a folder or hub name (default: words)"
    )
    channel: bool = option(False, "icl: the input from the output")
    pairs: bool = option(False, "oasst: preference pairs of ranked replies, not threads")
    top_k: int = option(1, "oasst: replies that are followed at each turn, the best ranked")
    ablate: Literal["none", "delusive", "simplified"] = option(
        "none",
        "superni, icl: wrong demonstrations, or a definition of the output space only (Kung & Peng 2023)",
    )
    seed: int = option(0, "of everything that is drawn")


# options that mean something to some styles only
STYLES_OF: dict[str, tuple[StyleName, ...]] = {
    "templates": ("p3", "flan"),
    "only": ("p3", "flan", "superni", "icl", "dialogue"),
    "per_row": ("p3", "flan", "dialogue", "chat"),
    "no_truncate": ("p3",),
    "shots": ("flan", "superni", "icl"),
    "few_shot": ("flan",),
    "no_inverted": ("flan",),
    "encoding": ("superni",),
    "max_length": ("flan", "superni", "icl"),
    "tokenizer": ("flan", "superni", "icl"),
    "channel": ("icl",),
    "pairs": ("oasst",),
    "top_k": ("oasst",),
    "ablate": ("superni", "icl"),
}


@dataclass(frozen=True, kw_only=True)
class TemplateOptions(EngineOptions, StyleOptions):
    out: Path = option(Path("runs/template"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    cap: int | None = option(None, "at most so many records of each task, drawn by --seed")
    cap_template: int | None = option(None, "at most so many records of each template of a task")
    keep_dropped: bool = option(False, "write what was dropped to dropped/, with the reason")
    force: bool = option(False, "replace another finished output", shapes_output=False)


def meant(options: StyleOptions) -> None:
    """Raises UsageError for an option that means nothing to the style."""
    usual = {f.name: f.default for f in fields(options)}
    for name, styles in STYLES_OF.items():
        if options.style not in styles and getattr(options, name) != usual[name]:
            flag, known = name.replace("_", "-"), " and ".join(styles)
            raise UsageError(f"--{flag} means nothing to --style {options.style}; it is for {known}")


def checked(options: TemplateOptions) -> None:
    """Raises UsageError for numbers, and options, that mean nothing."""
    meant(options)
    for name in ("cap", "cap_template"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name.replace('_', '-')} {value}: at least 1")
