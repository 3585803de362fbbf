"""Every rule by its name, which is the reason it gives; in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ittools.curate.rules import (
    blacklist,
    completion,
    debris,
    language,
    lengths,
    no_input,
    phrases,
    repetition,
    symbols,
)
from ittools.curate.rules.options import FilterOptions
from ittools.errors import UsageError, did_you_mean

Judge = Callable[[pa.RecordBatch, FilterOptions], pa.StringArray]  # of each record; null: nothing to say
When = Literal["usual", "strict", "asked"]  # asked: an option of its own switches it on


@dataclass(frozen=True)
class Rule:
    """`reason` says why each record goes, null = keep; `about` and `source` are for the documentation."""

    reason: Judge
    when: When
    about: str
    source: str


_WANG = "Self-Instruct, arXiv 2212.10560"
_GOPHER = "Gopher, arXiv 2112.11446"
_OWN = "read in raw teacher output"
_UNFILTERED = "WizardLM and Vicuna, unfiltered"

RULES: dict[str, Rule] = {
    "empty-instruction": Rule(lengths.empty_instruction, "usual", "nothing is asked", _WANG),
    "instruction-too-short": Rule(
        lengths.instruction_too_short, "usual", "fewer than --min-instruction-words", _WANG
    ),
    "instruction-too-long": Rule(
        lengths.instruction_too_long, "usual", "more than --max-instruction-words", _WANG
    ),
    "empty-output": Rule(lengths.empty_output, "usual", "no answer, or `<nooutput>`", "Alpaca"),
    "output-too-short": Rule(lengths.output_too_short, "usual", "fewer than --min-output-words", _WANG),
    "output-too-long": Rule(lengths.output_too_long, "usual", "more than --max-output-words", _OWN),
    "output-echoes-input": Rule(
        lengths.output_echoes_input, "usual", "the output is the input, or the instruction", _WANG
    ),
    "repetitive-output": Rule(
        repetition.repetitive_output, "usual", "repeated four-word runs above --max-repetition", _GOPHER
    ),
    "repeated-lines": Rule(
        repetition.repeated_lines, "usual", "text in repeated lines above --max-repeated-lines", _GOPHER
    ),
    "sentence-loop": Rule(
        repetition.sentence_loop, "usual", "one to three sentences six times in a row", _OWN
    ),
    "character-run": Rule(
        repetition.character_run, "usual", "one character more than --max-run times in a row", _OWN
    ),
    "run-on": Rule(completion.run_on, "usual", "a new `Input:` follows the answer", _OWN),
    "mojibake": Rule(debris.mojibake, "usual", "UTF-8 read as cp1252, or U+FFFD", "ftfy"),
    "no-input": Rule(no_input.no_input, "asked", 'the input spells "no input" (--no-input drop)', "Alpaca"),
    "blacklisted": Rule(blacklist.blacklisted, "asked", "a word of --blacklist", _WANG),
    "language-mismatch": Rule(
        language.language_mismatch, "asked", "surely not in its stated language (--check-language)", _OWN
    ),
    "wrong-language": Rule(language.wrong_language, "asked", "none of --keep-language", _OWN),
    "output-in-another-language": Rule(
        language.output_in_another_language,
        "strict",
        "instruction and output differ in language, no translation",
        _OWN,
    ),
    "assistant-boilerplate": Rule(
        phrases.assistant_boilerplate, "strict", '"As an AI language model", "I hope this helps"', _UNFILTERED
    ),
    "placeholder": Rule(phrases.placeholder, "strict", "`[insert name]`, `{{ name }}`, lorem ipsum", _OWN),
    "refusal": Rule(phrases.refusal, "strict", "begins by refusing", _UNFILTERED),
    "needs-other-than-text": Rule(
        phrases.needs_other_than_text, "strict", "asks for pictures, recordings, links", _WANG
    ),
    "truncated-output": Rule(
        completion.truncated_output, "strict", "cut off inside a sentence or a fence", _OWN
    ),
    "output-repeats-instruction": Rule(
        completion.output_repeats_instruction, "strict", "begins with the whole instruction", _OWN
    ),
    "mostly-symbols": Rule(symbols.mostly_symbols, "strict", "signs above --max-symbols", _GOPHER),
    "markup-debris": Rule(debris.markup_debris, "strict", "`<br />`, `&quot;`, ` #39;`", "AG News, IMDB"),
}

# what a rule cannot do without; language-mismatch needs no more than its name
_NEEDED = {
    "no-input": "--no-input drop",
    "blacklisted": "--blacklist WORD",
    "wrong-language": "--keep-language CODE",
}

# of records that a rule drops, where that can be seen; the others show it as they stand
DETAILS: dict[str, Judge] = {
    "instruction-too-short": lengths.instruction_too_short_detail,
    "instruction-too-long": lengths.instruction_too_long_detail,
    "empty-output": lengths.empty_output_detail,
    "output-too-short": lengths.output_too_short_detail,
    "output-too-long": lengths.output_too_long_detail,
    "output-echoes-input": lengths.output_echoes_input_detail,
    "repetitive-output": repetition.repetitive_output_detail,
    "repeated-lines": repetition.repeated_lines_detail,
    "sentence-loop": repetition.sentence_loop_detail,
    "character-run": repetition.character_run_detail,
    "run-on": completion.run_on_detail,
    "mojibake": debris.mojibake_detail,
    "no-input": no_input.no_input_detail,
    "blacklisted": blacklist.blacklisted_detail,
    "language-mismatch": language.detected_detail,
    "wrong-language": language.detected_detail,
    "output-in-another-language": language.output_in_another_language_detail,
    "assistant-boilerplate": phrases.assistant_boilerplate_detail,
    "placeholder": phrases.placeholder_detail,
    "refusal": phrases.refusal_detail,
    "needs-other-than-text": phrases.needs_other_than_text_detail,
    "truncated-output": completion.truncated_output_detail,
    "mostly-symbols": symbols.mostly_symbols_detail,
    "markup-debris": debris.markup_debris_detail,
}


def chosen(options: FilterOptions) -> dict[str, Rule]:
    """The rules that are on, in order. Raises UsageError for names that are no rule's."""
    for name in (*options.rule, *options.without):
        if name not in RULES:
            near = did_you_mean(name, RULES)
            raise UsageError(f"no rule {name!r}{near}; there are: {', '.join(RULES)}")
    both = set(options.rule) & set(options.without)
    if both:
        raise UsageError(f"--rule and --without both name {', '.join(sorted(both))}")
    _check_asked(options)
    whens = {"usual": ("usual",), "strict": ("usual", "strict"), "none": ()}[options.preset]
    asked = _asked(options)
    on = {name for name, rule in RULES.items() if rule.when in whens or asked.get(name)} | set(options.rule)
    return {name: rule for name, rule in RULES.items() if name in on - set(options.without)}


def _asked(options: FilterOptions) -> dict[str, bool]:
    """Whether an option of its own switches each of these rules on."""
    return {
        "no-input": options.no_input == "drop",
        "blacklisted": bool(options.blacklist),
        "language-mismatch": options.check_language,
        "wrong-language": bool(options.keep_language),
    }


def _check_asked(options: FilterOptions) -> None:
    """Raises UsageError for a rule that is named without the option that it goes by."""
    asked = _asked(options)
    for name in options.rule:
        if name in _NEEDED and not asked[name]:
            raise UsageError(f"--rule {name} drops nothing without {_NEEDED[name]}; give that alone")
