"""`ittools filter`: drop single records, each for a counted reason.

Every rule is one function from a batch to reasons, null = keep; the first rule that speaks counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.parts import Counts, join_parts, split_part
from ittools.engine.protocol import EngineName, run_tasks
from ittools.errors import UsageError, did_you_mean
from ittools.formats.parts import Part, cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.options import option
from ittools.progress import Progress
from ittools.records.schema import SCHEMA
from ittools.store.dataset import writing
from ittools.store.outcome import Outcome, outcome
from ittools.text.language import UNDETERMINED, detect_languages, known_languages, primary_code
from ittools.text.words import UNSPACED

# a word in any script; a letter each where a script has no spaces
_WORD = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|[^\s\p{Z}\p{P}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+"
)
GRAM = 4  # words; repetition is counted in runs of four
FEWEST_GRAMS = 20  # below, a list of alike lines would count as repetition


@dataclass(frozen=True, kw_only=True)
class FilterOptions(ReadOptions):
    out: Path = option(Path("runs/filter"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    min_instruction_words: int = option(3, "fewest words of an instruction (0: any)")
    max_instruction_words: int = option(500, "most words of an instruction")
    min_output_words: int = option(1, "fewest words of an output (0: empty outputs pass)")
    max_output_words: int = option(4_000, "most words of an output")
    max_repetition: float = option(0.6, "share of repeated four-word runs in an output (1: any)")
    keep_language: tuple[str, ...] = option(
        (), "keep only this language, once for each (langdetect)", flags=("-k", "--keep-language")
    )
    check_language: bool = option(False, "drop records that are surely not in their stated language")
    sure: float = option(0.9, "probability from which a detected language counts as sure")
    blacklist: tuple[str, ...] = option((), "drop instructions with this word or phrase, once for each")
    keep_dropped: bool = option(False, "write dropped records to dropped/, with the reason")
    engine: EngineName = option("auto", "where tasks run", shapes_output=False)
    workers: int | None = option(None, "processes (default: one per core)", shapes_output=False)
    force: bool = option(False, "replace another finished output", shapes_output=False)


def filter_records(options: FilterOptions, progress: Progress) -> Outcome:
    """Keep what no rule drops. Raises UsageError for options that no record could pass."""
    if options.min_output_words > options.max_output_words:
        raise UsageError("--min-output-words is above --max-output-words: no record could pass")
    if not 0 <= options.max_repetition <= 1 or not 0 <= options.sure <= 1:
        raise UsageError("--max-repetition and --sure are shares from 0 to 1")
    if not all(word.strip() for word in options.blacklist):
        raise UsageError("--blacklist: an empty word would drop every record")
    unknown = [code for code in options.keep_language if primary_code(code) not in known_languages()]
    if unknown:
        near = did_you_mean(primary_code(unknown[0]), known_languages())
        raise UsageError(f"--keep-language {unknown[0]}: no language that langdetect knows{near}")
    sources = open_inputs(options)
    entries = [source.entry for source in sources]
    with writing(
        options.out, command="filter", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            parts = cut(sources, output.work)
            progress.start("filter", len(parts))
            stems = [str(output.work / f"part-{i:06d}") for i in range(len(parts))]
            tasks = [(part, stem, options) for part, stem in zip(parts, stems, strict=True)]
            counts = run_tasks(
                filter_part, tasks, engine=options.engine, workers=options.workers, progress=progress
            )
            output.finish(join_parts(output, stems, counts, keep_dropped=options.keep_dropped))
    return outcome(output, f"ittools dedup {options.out} --out {options.out.parent / 'dedup'}")


def filter_part(part: Part, stem: str, options: FilterOptions) -> Counts:
    """Task: one part into kept and dropped."""
    table = part.read().combine_chunks()
    batch = table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], table.schema)
    batch = annotate(batch, options=options)
    why = reason(batch, options=options)
    return split_part(pa.Table.from_batches([batch]), why, stem, keep_dropped=options.keep_dropped)


def annotate(batch: pa.RecordBatch, *, options: FilterOptions) -> pa.RecordBatch:
    """Add `detected` and its probability, and fill `language` where null, when languages are asked for."""
    if not options.keep_language and not options.check_language:
        return batch
    said = pc.binary_join_element_wise(batch.column("instruction"), batch.column("output"), "\n")
    found = detect_languages(said.to_pylist())
    codes = pa.array([f.code for f in found], pa.string())
    position = batch.schema.get_field_index("language")
    filled = pc.coalesce(batch.column("language"), codes)
    return (
        batch.set_column(position, SCHEMA.field("language"), filled)
        .append_column("detected", codes)
        .append_column("detected_probability", pa.array([f.probability for f in found]))
    )


def reason(batch: pa.RecordBatch, *, options: FilterOptions) -> pa.StringArray:
    """Why each record is dropped; null = keep. The first rule that speaks counts."""
    found = [rule(batch, options) for rule in RULES]
    return pc.coalesce(*found).cast(pa.string())


def _because(wrong: pa.Array, why: str) -> pa.Array:
    return pc.if_else(wrong, pa.scalar(why), pa.scalar(None, pa.string()))


def words(column: pa.Array) -> pa.Array:
    """Words of each text (letters, where a script has no spaces)."""
    return pc.count_substring_regex(column, _WORD)


def empty_instruction(batch: pa.RecordBatch, _: FilterOptions) -> pa.Array:
    return _because(pc.equal(pc.utf8_trim_whitespace(batch.column("instruction")), ""), "empty-instruction")


def instruction_length(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    count = words(batch.column("instruction"))
    return pc.coalesce(
        _because(pc.less(count, options.min_instruction_words), "instruction-too-short"),
        _because(pc.greater(count, options.max_instruction_words), "instruction-too-long"),
    )


def empty_output(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    bare = pc.equal(pc.utf8_trim_whitespace(batch.column("output")), "")
    # spelt-out emptiness: 40 of Alpaca's outputs are a variant of <nooutput>
    spelt = pc.match_substring_regex(batch.column("output"), r"(?i)^\s*<?\s*no ?output\s*>?[\s.]*$")
    if options.min_output_words == 0:
        return _because(spelt, "empty-output")
    return _because(pc.or_(bare, spelt), "empty-output")


def output_length(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    # symbols are answers too: "+" and "(c)" count as one word
    column = batch.column("output")
    count = pc.max_element_wise(words(column), pc.min_element_wise(pc.utf8_length(column), 1))
    return pc.coalesce(
        _because(pc.less(count, options.min_output_words), "output-too-short"),
        _because(pc.greater(count, options.max_output_words), "output-too-long"),
    )


def echo(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    """The output only says the input, or the instruction, once more. Another case is another text:
    there are tasks about it."""
    output = pc.utf8_trim_whitespace(batch.column("output"))
    some = pc.not_equal(output, "")
    same = pc.or_(
        pc.equal(output, pc.utf8_trim_whitespace(batch.column("input"))),
        pc.equal(output, pc.utf8_trim_whitespace(batch.column("instruction"))),
    )
    return _because(pc.and_(some, same), "output-echoes-input")


def repetition(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    """Runs of four words that the output says again and again (Rae et al. 2021, arXiv 2112.11446)."""
    if options.max_repetition >= 1:
        return pa.nulls(batch.num_rows, pa.string())
    shares = [_repeated_share(text) for text in batch.column("output").to_pylist()]
    return _because(pc.greater(pa.array(shares, pa.float64()), options.max_repetition), "repetitive-output")


def _repeated_share(text: str) -> float:
    said = text.split()
    total = len(said) - GRAM + 1
    if total < FEWEST_GRAMS:
        return 0.0
    return 1 - len({tuple(said[i : i + GRAM]) for i in range(total)}) / total


def blacklisted(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    if not options.blacklist:
        return pa.nulls(batch.num_rows, pa.string())
    pattern = "(?i)" + "|".join(map(_phrase, options.blacklist))
    return _because(pc.match_substring_regex(batch.column("instruction"), pattern), "blacklisted")


def _phrase(text: str) -> str:
    """A pattern of whole words; beside a sign, or a letter of a script without spaces, anything may stand."""
    before, after = (r"(?:^|[^\p{L}\p{N}_])", r"(?:$|[^\p{L}\p{N}_])")  # RE2's own \b knows ASCII only
    text = text.strip()
    return (
        (before if _ends_words(text[0]) else "") + re.escape(text) + (after if _ends_words(text[-1]) else "")
    )


def _ends_words(character: str) -> bool:
    return character.isalnum() and not re.match(f"[{UNSPACED}]", character)


def language(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    """Only a sure detection contradicts what a record says of itself; `und` contradicts nothing."""
    if "detected" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    detected, stated = batch.column("detected"), _primary(batch.column("language"))
    sure = pc.and_(
        pc.greater_equal(batch.column("detected_probability"), options.sure),
        pc.not_equal(detected, UNDETERMINED),
    )
    why = pa.nulls(batch.num_rows, pa.string())
    if options.check_language:
        why = _because(pc.and_(sure, pc.not_equal(detected, stated)), "language-mismatch")
    if options.keep_language:
        wanted = _primary(pa.array([*options.keep_language, UNDETERMINED]))
        elsewhere = pc.or_(
            pc.invert(pc.is_in(stated, wanted)), pc.and_(sure, pc.invert(pc.is_in(detected, wanted)))
        )
        why = pc.coalesce(why, _because(elsewhere, "wrong-language"))
    return why


def _primary(codes: pa.Array) -> pa.Array:
    """`pt-BR` -> `pt`, `EN` -> `en`."""
    return pc.utf8_lower(pc.replace_substring_regex(codes, r"[-_].*$", ""))


Rule = Callable[[pa.RecordBatch, FilterOptions], pa.Array]
RULES: tuple[Rule, ...] = (
    empty_instruction,
    instruction_length,
    empty_output,
    output_length,
    echo,
    repetition,
    blacklisted,
    language,
)
