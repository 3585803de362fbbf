"""Languages: what a record says of itself, what its text says, whether its fields agree.

Only a sure detection contradicts anything; `und` contradicts nothing.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because, matches
from ittools.records.schema import SCHEMA
from ittools.text.language import UNDETERMINED, identify, macro_codes

FEWEST_LETTERS = 40  # of a field that another is compared with; below, a name decides the language
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
    """The record states a language, and its text is surely in another."""
    if "detected" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    contradicted = pc.not_equal(batch.column("detected"), comparable(batch.column("language")))
    return because(pc.and_(_sure(batch, options), contradicted), "language-mismatch")


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
    return pc.and_(
        pc.greater_equal(batch.column("detected_probability"), options.sure),
        pc.not_equal(batch.column("detected"), UNDETERMINED),
    )


def output_in_another_language(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    """Instruction and output are surely in different languages, and the task is none about languages: its
    instruction names no language and no translation, and its input is not in the output's language."""
    said, answered = batch.column("instruction"), batch.column("output")
    letters = [pc.count_substring_regex(column, r"\p{L}") for column in (said, answered)]
    enough = pc.and_(*(pc.greater_equal(count, FEWEST_LETTERS) for count in letters))
    at = pc.indices_nonzero(pc.and_not(enough, matches(said, _ACROSS)))
    one, sure_one = identify(said.take(at), backend=options.language_backend)
    two, sure_two = identify(answered.take(at), backend=options.language_backend)
    differ = pc.not_equal(one, two)
    for code, probability in ((one, sure_one), (two, sure_two)):
        known = pc.and_(
            pc.greater_equal(probability, options.sure), pc.invert(pc.is_in(code, pa.array(_NO_ANSWER)))
        )
        differ = pc.and_(differ, known)
    at, two = at.filter(differ), two.filter(differ)
    given, _ = identify(batch.column("input").take(at), backend=options.language_backend)
    wrong = pc.is_in(pa.array(range(batch.num_rows), pa.uint64()), at.filter(pc.not_equal(two, given)))
    return because(wrong, "output-in-another-language")


def comparable(codes: pa.Array) -> pa.Array:
    """`pt-BR` and `pt_BR` -> `pt`, `nb` -> `no`; null stays null."""
    return macro_codes(pc.replace_substring(codes, "_", "-"))
