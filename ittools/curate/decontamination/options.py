"""What counts as contamination: presets by name, each number to be overridden.

    Rule.of(DecontaminateOptions(inputs=("a",), against=("b",), preset="13gram", whole=0))
    -> Rule(ngram=13, coverage=0.0, span=0, span_share=0.0, exact=True, whole=0)

tulu3     8-grams, more than half of an evaluation record's words in shared ones
          (Lambert et al. 2024, arXiv 2411.15124, section 3.2)
13gram    any shared 13-gram; a shorter evaluation record as a whole
          (Brown et al. 2020, arXiv 2005.14165, section 4 and appendix C)
8gram     any shared 8-gram, the least that GPT-3's appendix C takes
strict    more than a quarter in 8-grams, 13 words or half of the record in one run; prompts and outputs
exact     the whole prompt and nothing else
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ittools.engine.protocol import EngineOptions
from ittools.errors import UsageError
from ittools.formats.source import ReadOptions
from ittools.options import option

Preset = Literal["tulu3", "13gram", "8gram", "strict", "exact"]
Side = Literal["prompt", "output", "all"]

MOST_WORDS = 10_000  # of an n-gram or a run
WHOLE = 6  # words: below it, whole evaluation prompts are turns of phrase ("What is the capital of")
# 13 of 5,700 MMLU records have "which of the following is an example of", which names none of them
COMMON = 0.002


@dataclass(frozen=True)
class Rule:
    """A method is off where its number cannot be reached."""

    ngram: int = 8  # words of a window; 0: no windows at all
    coverage: float = 0.5  # more than this share of the evaluation record's words; 1: off
    span: int = 0  # words in one run; 0: off
    span_share: float = 0.0  # of the evaluation record's words in one run; 0: off
    exact: bool = True
    whole: int = WHOLE  # fewest words of an evaluation record below `ngram` that is sought whole; 0: off
    common: float = COMMON
    on: Side = "prompt"

    @classmethod
    def of(cls, options: DecontaminateOptions) -> Rule:
        """The preset with what the options say. Raises UsageError for a rule that finds nothing."""
        rule = PRESETS[options.preset]
        given = {n: getattr(options, n) for n in ("ngram", "coverage", "span", "span_share", "whole", "on")}
        rule = replace(rule, **{name: value for name, value in given.items() if value is not None})
        rule = replace(rule, exact=rule.exact if options.exact is None else options.exact == "on",
                       common=options.common)  # fmt: skip
        _check(rule)
        if options.whole and options.whole >= rule.ngram:
            raise UsageError(
                f"--whole {options.whole} is not below --ngram {rule.ngram}: "
                "no record would be sought whole; lower it, or give 0"
            )
        return rule

    @property
    def windowed(self) -> bool:
        """Whether windows of `ngram` words decide anything."""
        return self.ngram > 0 and (self.coverage < 1 or self.span > 0 or self.span_share > 0)


PRESETS: dict[Preset, Rule] = {
    "tulu3": Rule(),
    "13gram": Rule(ngram=13, coverage=0.0),
    "8gram": Rule(coverage=0.0),
    "strict": Rule(coverage=0.25, span=13, span_share=0.5, whole=4, on="all"),
    "exact": Rule(ngram=0, coverage=1.0, whole=0),
}


def _check(rule: Rule) -> None:
    shares = {"--coverage": rule.coverage, "--span-share": rule.span_share, "--common": rule.common}
    for flag, share in shares.items():
        if not 0 <= share <= 1:
            raise UsageError(f"{flag} {share}: a share from 0 to 1")
    for flag, words in {"--ngram": rule.ngram, "--span": rule.span, "--whole": rule.whole}.items():
        if not 0 <= words <= MOST_WORDS:
            raise UsageError(f"{flag} {words}: a number of words up to {MOST_WORDS:,}, 0 for none")
    if rule.ngram == 0 and (rule.coverage < 1 or rule.span or rule.span_share or rule.whole):
        raise UsageError("--ngram 0 leaves no windows to compare; use --preset exact")
    if 0 < rule.span < rule.ngram:
        raise UsageError(
            f"--span {rule.span} is shorter than --ngram {rule.ngram}, by which runs are found; lower both"
        )
    if not rule.exact and not rule.whole and not rule.windowed:
        raise UsageError("every method is off: nothing could be found")
    if rule.on == "output" and not rule.whole and not rule.windowed:
        raise UsageError(
            "--on output: equal prompts alone are sought, no output is one; take another --preset"
        )


@dataclass(frozen=True, kw_only=True)
class DecontaminateOptions(EngineOptions, ReadOptions):
    out: Path = option(
        Path("runs/decontaminate"), "dataset directory", flags=("-o", "--out"), shapes_output=False
    )
    against: tuple[str, ...] = option(
        (), "evaluation set: a file, directory or hub name, once for each", shapes_output=False
    )
    against_map: tuple[str, ...] = option(
        (), "name its columns: ours=theirs or SET:ours=theirs, e.g. math:instruction=problem"
    )
    against_split: str | None = option(None, "split of the evaluation sets (default: train, or the only one)")
    answers: bool = option(False, "compare with the evaluation records' answers too")
    preset: Preset = option("tulu3", "numbers that the options below override")
    on: Side | None = option(None, "fields of a record to compare (default: the preset's; prompt)")
    ngram: int | None = option(None, "words of an n-gram")
    coverage: float | None = option(
        None, "drop above this share of an evaluation record's words in shared n-grams (0: any; 1: off)"
    )
    span: int | None = option(None, "drop for a shared run of this many words (0: off)")
    span_share: float | None = option(
        None, "drop for a shared run of this share of an evaluation record (0: off)"
    )
    exact: Literal["on", "off"] | None = option(None, "drop for an equal prompt (default: on)")
    whole: int | None = option(
        None, "fewest words of an evaluation record below --ngram that is sought whole (0: off)"
    )
    common: float = option(
        COMMON, "leave out n-grams of more than this share of one evaluation task's records, and 10 (1: none)"
    )
    keep_dropped: bool = option(False, "write dropped records to dropped/, with what they match")
    force: bool = option(False, "replace another finished output", shapes_output=False)
