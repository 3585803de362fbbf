"""Answers that end too early, too late, or begin with the question.

A completion model that is cut at its token limit stops inside a sentence; one without a stop sequence runs
on into the next "Input:" (175 of 252 answers of GPT-3 davinci to the prompts of Self-Instruct).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.bounds import matches_at, with_byte, with_bytes
from ittools.curate.rules.details import found, told
from ittools.curate.rules.lengths import words
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import any_of, because, because_at, looks_like_code, matches, trimmed

TAIL = 400  # characters looked at for the end
LAST = 40  # characters told of it
FEWEST_IN_LINE = 20  # words of a last line that is prose and no heading, item or verse
MOST_COMMAS = 7  # in a last line that is prose and no list of names
FEWEST_BEFORE = 5  # words of a last line that is no "Sincerely,"
_NO_FULL_STOP = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"  # scripts whose sentences end in nothing
_OPEN_WORD = (
    r"and|or|but|because|with|the|of|to|for|that|which|und|oder|aber|der|die|das|et|ou|mais|le|la|les|des|y|o"
    r"|pero|el|los|de|ja|tai|mutta|и|или|но|на"
)
_ENDS_OPEN = rf"[,،、，;；]$|(?:^|[^\p{{L}}\p{{N}}'’])(?:{_OPEN_WORD})$"
_MAY_END = r"[\p{L}\p{M},،、，;；]$"  # how prose that was cut ends; a number may be a result
# items, tables, "name: value", hashtags, addresses, signatures
_NO_PROSE = (
    r"^\s*(?:[-*•·+>|#]|\d+[.):、]|[a-zA-Z][.)]\s|\[\d+\]|[^\s:]{1,40}:\s|--)| \| |\t|[#@]\w+$|https?://\S*$"
)
# a new task, in the prompts' own form; leading "<noinput>" is a field that the parser left in
_NEW_TASK = (
    r"\n\s*(?:(?:###? ?)?(?:Instruction|Prompt)\s?\d*|Task(?: \d+)?|### ?(?:Human|User|Question|Response"
    r"|Output))"
    r" ?[:：]|<\|(?:im_start|user|endoftext)\|>|^\W*(?:no ?input|No ?[Ii]nput)\W*\n"
)
_ABOUT_TASKS = r"\b(?:instruction|prompt|tasks?|format|template|interview|assignment|schedule|plan)\b|###"
# "Output:" alone is what a program prints, "Input:" may be a parameter's
_NEW_INPUT = r"\n\s*(?:###? ?)?(?:Input|input)\s?\d* ?[:：]"
_ABOUT_INPUT = (
    r"\b(?:input|output|instruction|example|prompt|task|format|template|pseudo|algorithm|tests?\b"
    r"|cases?\b|script"
    r"|function|code\b|program)"
)
_STOPS = " .:!?。！？：\n\"'"
PREFIX = 16  # characters that must be alike before the whole is compared


def truncated_output(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """A code fence that is not closed; long prose that ends in a comma or in "and", or whose last line, long
    itself, has no full stop."""
    output = trimmed(batch, "output")
    fences = pc.equal(pc.bit_wise_and(pc.count_substring(output, "```"), 1), 1)
    enough = pc.greater_equal(pc.binary_length(output), options.truncation_words)
    pointed = pc.and_(enough, matches(pc.utf8_slice_codeunits(output, -1), _MAY_END))
    at = pc.indices_nonzero(pc.fill_null(pointed, False))
    cut = pc.is_in(pa.array(range(len(output)), pa.uint64()), at.filter(_cut(output.take(at), options)))
    return because(any_of(fences, cut), "truncated-output")


def truncated_output_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return told(ends=pc.utf8_slice_codeunits(trimmed(batch, "output"), -LAST))


def _cut(output: pa.StringArray, options: FilterOptions) -> pa.BooleanArray:
    tail = pc.utf8_slice_codeunits(output, -TAIL)
    last = pc.replace_substring_regex(tail, r"(?s)^.*\n", "")
    prose = pc.invert(any_of(looks_like_code(output), matches(last, _NO_PROSE), matches(tail, _NO_FULL_STOP)))
    long = pc.greater_equal(words(output), options.truncation_words)
    inline = words(last)
    open_end = pc.and_(matches(tail, _ENDS_OPEN), pc.greater_equal(inline, FEWEST_BEFORE))
    list_ = pc.greater(pc.count_substring_regex(last, "[,;、，]"), MOST_COMMAS)
    ends = any_of(open_end, pc.and_not(pc.greater_equal(inline, FEWEST_IN_LINE), list_))
    return pc.and_(pc.and_(prose, long), ends)


def run_on(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """After the answer a new `Input:` or `Instruction:` begins, which the task did not ask for."""
    output, asked = batch.column("output"), batch.column("instruction")
    lines = with_byte(output, 0x0A)
    tasks = matches_at(output, np.union1d(lines, with_bytes(output, b"<|")), _NEW_TASK, ignore_case=False)
    tasks = np.setdiff1d(tasks, matches_at(asked, tasks, _ABOUT_TASKS))
    given = matches_at(output, lines, _NEW_INPUT, ignore_case=False)
    given = np.setdiff1d(given, matches_at(asked, given, _ABOUT_INPUT))
    return because_at(np.union1d(tasks, given), len(output), "run-on")


def run_on_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    output = batch.column("output")
    tasks = found(output, _NEW_TASK, ignore_case=False)
    given = found(output, _NEW_INPUT, ignore_case=False)
    return told(
        found=pc.if_else(matches(batch.column("instruction"), _ABOUT_TASKS), given, pc.coalesce(tasks, given))
    )


def output_repeats_instruction(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """The output begins with the whole instruction, then goes on. A story that is to be continued may:
    its instruction does not ask for anything."""
    output, instruction = trimmed(batch, "output"), trimmed(batch, "instruction")
    alike = pc.equal(
        pc.utf8_lower(pc.utf8_slice_codeunits(output, 0, PREFIX)),
        pc.utf8_lower(pc.utf8_slice_codeunits(instruction, 0, PREFIX)),
    )
    long = pc.greater_equal(pc.utf8_length(instruction), PREFIX)
    return because(_begins(output, instruction, pc.and_(alike, long)), "output-repeats-instruction")


def _begins(texts: pa.StringArray, heads: pa.StringArray, pointed: pa.BooleanArray) -> pa.BooleanArray:
    """Whether each text begins with its head and goes on; looked at only where pointed."""
    at = pc.indices_nonzero(pointed)
    pairs = zip(texts.take(at).to_pylist(), heads.take(at).to_pylist(), strict=True)
    found = {i for i, pair in zip(at.to_pylist(), pairs, strict=True) if _goes_on(*pair)}
    return pa.array([i in found for i in range(len(texts))])


def _goes_on(text: str, head: str) -> bool:
    head = head.rstrip(_STOPS)
    return text.lower().startswith(head.lower()) and bool(text[len(head) :].strip(_STOPS))
