"""Emptiness, length and echo.

Self-Instruct drops instructions of fewer than 4 or more than 150 words, and answers that only say the
input again (Wang et al. 2022, arXiv 2212.10560). Ours are wider: a default must cost good data nothing.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.bounds import begins_with, fewer_words, mask_at, matches_at
from ittools.curate.rules.details import told
from ittools.curate.rules.language import comparable
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import any_of, because, because_at, trimmed
from ittools.records.messages import answers_tool
from ittools.text.ragged import I64

# a word in any script; a letter each where a script has no spaces
_WORD = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|[^\s\p{Z}\p{P}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+"
)
SAY_MORE = ("ko", "tr", "fi", "hu", "et")  # inflection does the work of small words
# what a model says of itself and its task; "No output, because the list is empty." answers
_EXCUSE = r"\b(?:gpt|(?:language|ai) model|visuals?\b|type of instruction)[^\n]{0,60}$"
_IS = r"(?:is )?(?:required|needed|necessary|possible|available)"
# spelt-out emptiness: 40 of Alpaca's outputs are a variant of <nooutput>, some with an excuse behind it
_NO_OUTPUT = (
    r"^(?:&lt;|[\s<({\[\"'`\\])*(?:no[ _-]?outputs?|(?:无|没有|無)(?:输出|輸出)|출력 ?없음|出力なし)"
    r"(?:&gt;|[\s>)}\]\"'`\\.!,。])*$"
    rf"|^\s*<\s*no ?output\s*(?:>\s*)?(?:[-–—:.,(]|{_IS})[^\n]{{0,80}}$"
    rf"|^\s*[<(\[]?\s*no ?output\s*(?:[>\-–—:.,(]|{_IS})[^\n]*{_EXCUSE}"
    rf"|^\s*[(\[]?\s*no ?output {_IS}[\s)\].!]*$"
)
_NO_OUTPUT_BEGINS = b"nN&<({[\"'`\\ \t\n\f\r"  # or a letter that is none of ASCII


def words(column: pa.Array) -> pa.Array:
    """Words of each text (letters, where a script has no spaces)."""
    return pc.count_substring_regex(column, _WORD)


def empty_instruction(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """Not where a tool's turn is what is answered."""
    empty = pc.equal(trimmed(batch, "instruction"), "")
    if empty.true_count and "context" in batch.schema.names:
        empty = pc.and_(empty, pa.array(~answers_tool(batch)))
    return because(empty, "empty-instruction")


def instruction_too_short(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """One word fewer is enough in languages that say more in one; any number after earlier turns ("Why?")."""
    at = fewer_words(batch.column("instruction"), options.min_instruction_words)
    few = _too_few_words(batch.take(pa.array(at)), options)
    return because_at(at[np.asarray(few)], batch.num_rows, "instruction-too-short")


def _too_few_words(batch: pa.RecordBatch, options: FilterOptions) -> pa.BooleanArray:
    turns = pc.fill_null(pc.list_value_length(batch.column("context")), 0)
    few = pc.less(words(batch.column("instruction")), _fewest_words(batch, options))
    return pc.and_(few, pc.less(turns, 2))  # a system message is no turn


def _fewest_words(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    rich = pc.or_kleene(
        pc.match_substring_regex(batch.column("instruction"), r"\p{Hangul}"),
        pc.fill_null(pc.is_in(comparable(batch.column("language")), pa.array(SAY_MORE)), False),
    )
    return pc.subtract(options.min_instruction_words, rich.cast(pa.int32()))


def instruction_too_short_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    return told(words=words(batch.column("instruction")), least=_fewest_words(batch, options))


def instruction_too_long(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    at = _more_words(batch, "instruction", options.max_instruction_words)
    return because_at(at, batch.num_rows, "instruction-too-long")


def instruction_too_long_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    return told(words=words(batch.column("instruction")), most=options.max_instruction_words)


def empty_output(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """`<nooutput>` is no answer even where empty outputs are wanted."""
    column = batch.column("output")
    spelt = mask_at(matches_at(column, begins_with(column, _NO_OUTPUT_BEGINS), _NO_OUTPUT), len(column))
    if options.min_output_words == 0:
        return because(spelt, "empty-output")
    return because(any_of(spelt, pc.equal(trimmed(batch, "output"), "")), "empty-output")


def empty_output_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """How it is spelt; null where there is nothing at all."""
    output = trimmed(batch, "output")
    return told(found=pc.if_else(pc.equal(output, ""), None, output))


def output_too_short(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    column = batch.column("output")
    if options.min_output_words <= 1:  # symbols are answers too: "+" and "(c)" count as one word
        few = pc.less(pc.utf8_length(column), options.min_output_words)
    else:
        few = pc.less(_output_words(column), options.min_output_words)
    return because(few, "output-too-short")


def _output_words(column: pa.StringArray) -> pa.Array:
    return pc.max_element_wise(words(column), pc.min_element_wise(pc.utf8_length(column), 1))


def output_too_short_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    return told(words=_output_words(batch.column("output")), least=options.min_output_words)


def output_too_long(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    at = _more_words(batch, "output", options.max_output_words)
    return because_at(at, batch.num_rows, "output-too-long")


def output_too_long_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    return told(words=words(batch.column("output")), most=options.max_output_words)


def _more_words(batch: pa.RecordBatch, name: str, most: int) -> I64:
    """Counts only where there are bytes enough: a word is a byte at least."""
    column = batch.column(name)
    long = np.flatnonzero(pc.greater(pc.binary_length(column), most))
    at: I64 = long[np.asarray(pc.greater(words(column.take(pa.array(long))), most))]
    return at


def output_echoes_input(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """The output only says the input, or the instruction, once more. Another case is another text:
    there are tasks about it."""
    output = trimmed(batch, "output")
    same = any_of(pc.equal(output, trimmed(batch, "input")), pc.equal(output, trimmed(batch, "instruction")))
    return because(pc.and_(pc.not_equal(output, ""), same), "output-echoes-input")


def output_echoes_input_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    given = pc.equal(trimmed(batch, "output"), trimmed(batch, "input"))
    return told(field=pc.if_else(given, "input", "instruction"))
