"""Languages: what a record says of itself, what its text says, whether its fields agree.

Only a sure detection contradicts anything; `und` contradicts nothing, nor does any answer about a record in a
language that the backend cannot answer (Tigrinya is surely Amharic to one that knows no Tigrinya).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.bounds import Bools, matches_at, with_letters
from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because, because_at
from ittools.records.schema import SCHEMA
from ittools.text.language import UNDETERMINED, identify, known_languages, macro_codes
from ittools.text.ragged import I64

FEWEST_LETTERS = 40  # of a field that another is compared with; below, a name decides the language
PIECES, PIECE = 3, 40  # characters; from 80 to 150 in all the cost is the same, for fewer wholes are asked
# names of plants and "lorem ipsum" pass for Latin
_NO_ANSWER = (UNDETERMINED, "la")
# tasks whose answer is, or may be, in another language than their instruction
_ACROSS = (
    r"translat|transliterat|in(?:to)? (?:\w+ )?(?:english|french|german|spanish|italian|portuguese"
    r"|chinese|mandarin"
    r"|japanese|korean|russian|arabic|hindi|turkish|dutch|polish|finnish|latin|greek|swedish|vietnamese"
    r"|thai)\b"
    r"|\b(?:language|english|french|german|spanish|italian|portuguese|chinese|mandarin|japanese|korean"
    r"|russian"
    r"|arabic|hindi|turkish|dutch|polish|finnish|latin|greek|swedish|norwegian|danish|vietnamese|thai"
    r"|hebrew)\b"
    r"|翻译|译成|译为|英文|英语|中文|法语|日语|德语|西班牙语|번역|영어|한국어|일본어|중국어|翻訳|英語|日本語|中国語"
    r"|traduis|traduire|traduction|tradu[cz]|anglais|français|inglés|inglês|inglese|español|italiano"
    r"|portugu[eê]s"
    r"|übersetz|englisch|deutsch|перев[её]д|перевод|английск|русск|käännä|käännös|englanni|suome|çevir"
    r"|ingilizce"
    r"|ترجم|الإنجليزية|अनुवाद|अंग्रेज़ी|dịch|แปล"
)


def annotate(batch: pa.RecordBatch, options: FilterOptions, names: frozenset[str]) -> pa.RecordBatch:
    """Add `detected` and its probability, and fill `language` where null, if a rule of these names or a
    quota looks at languages. A quota alone needs no more than the nulls."""
    if names & {"language-mismatch", "wrong-language"}:
        codes, probability = identify(_told_by(batch, options), backend=options.language_backend)
        batch = _filled(batch, codes)
        return batch.append_column("detected", codes).append_column("detected_probability", probability)
    if any(quota.partition("=")[0].partition(":")[0] == "language" for quota in options.quota):
        silent = batch.column("language").is_null()
        codes, _ = identify(_told_by(batch.filter(silent), options), backend=options.language_backend)
        return _filled(batch, pc.replace_with_mask(batch.column("language"), silent, codes))
    return batch


def _filled(batch: pa.RecordBatch, codes: pa.StringArray) -> pa.RecordBatch:
    """What a record states stays."""
    position = batch.schema.get_field_index("language")
    stated = pc.coalesce(batch.column("language"), codes)
    return batch.set_column(position, SCHEMA.field("language"), stated)


def _told_by(batch: pa.RecordBatch, options: FilterOptions) -> pa.Array:
    if options.language_of == "both":
        return pc.binary_join_element_wise(batch.column("instruction"), batch.column("output"), "\n")
    return batch.column(options.language_of)


def language_mismatch(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """The record states a language that can be told, and its text is surely in another."""
    if "detected" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    stated = comparable(batch.column("language"))
    contradicted = pc.and_(pc.not_equal(batch.column("detected"), stated), pc.not_equal(stated, UNDETERMINED))
    return because(pc.and_(_sure(batch, options), contradicted), "language-mismatch")


def detected_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """What the text is in, and what the record states where that is another language."""
    codes, probability = identify(_told_by(batch, options), backend=options.language_backend)
    known, stated = pc.not_equal(codes, UNDETERMINED), batch.column("language")
    silent = pc.is_in(comparable(stated), pa.array([UNDETERMINED]))
    return told(
        detected=pc.if_else(known, codes, None),
        probability=pc.if_else(known, probability, None),
        stated=pc.if_else(pc.or_(silent, pc.equal(codes, comparable(stated))), None, stated),
    )


def wrong_language(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """None of --keep-language, by what the record states or by what its text surely is."""
    if "detected" not in batch.schema.names or not options.keep_language:
        return pa.nulls(batch.num_rows, pa.string())
    detected, stated = batch.column("detected"), comparable(batch.column("language"))
    wanted = comparable(pa.array([*options.keep_language, UNDETERMINED]))
    elsewhere = pc.or_(
        pc.invert(pc.is_in(stated, wanted)),
        pc.and_(_sure(batch, options), pc.invert(pc.is_in(detected, wanted))),
    )
    return because(elsewhere, "wrong-language")


def _sure(batch: pa.RecordBatch, options: FilterOptions) -> pa.BooleanArray:
    """Where the answer is sure, and may be about what the record states."""
    known = pa.array(sorted(known_languages(options.language_backend)))
    sure = pc.and_(
        pc.greater_equal(batch.column("detected_probability"), options.sure),
        pc.not_equal(batch.column("detected"), UNDETERMINED),
    )
    return pc.and_(sure, pc.is_in(comparable(batch.column("language")), known))


def output_in_another_language(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """Instruction and output are surely in different languages, and the task is none about languages: its
    instruction names no language and no translation, and its input is not in the output's language.

    Most answers go on in the language that they were asked in, and some pieces say so for a third of what the
    whole costs; the whole is asked where they do not.
    """
    said, answered = batch.column("instruction"), batch.column("output")
    at = np.intersect1d(with_letters(said, FEWEST_LETTERS), with_letters(answered, FEWEST_LETTERS))
    at = np.setdiff1d(at, matches_at(said, at, _ACROSS))
    asked, sure = _surely(batch, "instruction", at, options)
    at, asked = at[sure], asked.filter(pa.array(sure))
    alike, sure = _surely_in(_pieces(answered.take(pa.array(at))), options)
    rest = ~(sure & _equal(alike, asked))
    at, asked = at[rest], asked.filter(pa.array(rest))
    found, sure = _surely(batch, "output", at, options)
    differ = sure & ~_equal(found, asked)
    at, found = at[differ], found.filter(pa.array(differ))
    given, _ = identify(batch.column("input").take(pa.array(at)), backend=options.language_backend)
    return because_at(at[~_equal(found, given)], batch.num_rows, "output-in-another-language")


def output_in_another_language_detail(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """Both languages, and the lower of their probabilities."""
    one, sure = identify(batch.column("instruction"), backend=options.language_backend)
    two, as_sure = identify(batch.column("output"), backend=options.language_backend)
    return told(instruction=one, output=two, probability=pc.min_element_wise(sure, as_sure))


def _surely(
    batch: pa.RecordBatch, name: str, at: I64, options: FilterOptions
) -> tuple[pa.StringArray, Bools]:
    """The language of a field at these positions and where it is sure; as `annotate` found it, if it did."""
    if options.language_of == name and "detected" in batch.schema.names:
        codes, found = (batch.column(c).take(pa.array(at)) for c in ("detected", "detected_probability"))
        return codes, _answers(codes, found, options)
    return _surely_in(batch.column(name).take(pa.array(at)), options)


def _surely_in(texts: pa.StringArray, options: FilterOptions) -> tuple[pa.StringArray, Bools]:
    codes, found = identify(texts, backend=options.language_backend)
    return codes, _answers(codes, found, options)


def _answers(codes: pa.StringArray, found: pa.DoubleArray, options: FilterOptions) -> Bools:
    sure: Bools = np.asarray(pc.greater_equal(found, options.sure))
    none: Bools = np.asarray(pc.is_in(codes, pa.array(_NO_ANSWER)))
    return sure & ~none


def _equal(one: pa.StringArray, other: pa.StringArray) -> Bools:
    equal: Bools = np.asarray(pc.equal(one, other))
    return equal


def _pieces(texts: pa.StringArray) -> pa.StringArray:
    """`PIECES` of `PIECE` characters of each, from all over it: a beginning may be "Sure, here it is:"."""
    return pa.array([_piecewise(text) for text in texts.to_pylist()], pa.string())


def _piecewise(text: str) -> str:
    room = len(text) - PIECES * PIECE
    if room <= 0:
        return text
    begins = (room * (2 * n + 1) // (2 * PIECES) + n * PIECE for n in range(PIECES))
    return " ".join(text[begin : begin + PIECE] for begin in begins)


def comparable(codes: pa.Array) -> pa.Array:
    """`pt-BR`, `pt_BR`, `por` and `Portuguese` -> `pt`, `nb` -> `no`; null stays null."""
    return macro_codes(codes)
