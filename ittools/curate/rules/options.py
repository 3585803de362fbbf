"""Options of `ittools filter`; every threshold of a rule is one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ittools.engine.protocol import EngineOptions
from ittools.formats.source import ReadOptions
from ittools.options import option
from ittools.text.language import Backend

Preset = Literal["usual", "strict", "none"]
LanguageField = Literal["both", "instruction", "output"]


@dataclass(frozen=True, kw_only=True)
class FilterOptions(EngineOptions, ReadOptions):
    out: Path = option(Path("runs/filter"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    preset: Preset = option("usual", "rules to begin with: what good data lacks, or all that can be wrong")
    rule: tuple[str, ...] = option((), "switch this rule on, once for each (docs/filter.md lists them)")
    without: tuple[str, ...] = option((), "switch this rule off, once for each")
    min_instruction_words: int = option(3, "fewest words of an instruction (0: any)")
    max_instruction_words: int = option(500, "most words of an instruction")
    min_output_words: int = option(1, "fewest words of an output (0: empty outputs pass)")
    max_output_words: int = option(4_000, "most words of an output")
    max_repetition: float = option(0.6, "share of repeated four-word runs in an output (1: any)")
    max_repeated_lines: float = option(0.5, "share of an output's text in lines said before (1: any)")
    max_run: int = option(100, "longest run of one character in an output (0: any)")
    max_symbols: float = option(0.7, "share of signs in an output, strict (1: any)")
    truncation_words: int = option(40, "fewest words of prose that must end as a sentence, strict")
    no_input: Literal["repair", "drop", "keep"] = option(
        "repair", 'an input that spells "no input": made empty, with a new id, or dropped'
    )
    keep_language: tuple[str, ...] = option(
        (), "keep only this language, once for each", flags=("-k", "--keep-language")
    )
    check_language: bool = option(False, "drop records that are surely not in their stated language")
    language_of: LanguageField = option("both", "what the language is told by")
    language_backend: Backend = option("fast", "what tells the language (docs/languages.md)")
    sure: float = option(0.9, "probability from which a detected language counts as sure")
    blacklist: tuple[str, ...] = option((), "drop instructions with this word or phrase, once for each")
    quota: tuple[str, ...] = option(
        (), "most records: COLUMN:VALUE=N, or COLUMN=N for each value; once for each", metavar="QUOTA"
    )
    quota_keep: Literal["first", "random"] = option("first", "which of them stay")
    seed: int = option(0, "of --quota-keep random")
    keep_dropped: bool = option(False, "write dropped records to dropped/, with the reason")
    force: bool = option(False, "replace another finished output", shapes_output=False)
