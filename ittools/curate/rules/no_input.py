"""Inputs that spell "no input": 660 of Alpaca's, in more than forty ways.

"<noinput>", "No input required.", "`< noinput >`", "(N/A)"  -> ""
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.bounds import begins_with, mask_at, matches_at
from ittools.curate.rules.details import told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import because, trimmed
from ittools.records.build import content_id
from ittools.records.schema import SCHEMA

_OPEN, _CLOSE = r"^(?:&lt;|[\s<>(\[{\"'`\\:])*", r"(?:&gt;|[\s<>)\]}\"'`\\.,:;!?。])*$"
_SPELT = "|".join(
    (
        r"no[ _-]?inputs?e?(?: (?:is |was )?(?:required|needed|necessary|given|provided|available"
        r"|specified))?",
        r"n/a|not applicable",
        r"(?:aucune|sans|pas d['’])\s?(?:entrée|saisie)(?: (?:requise|nécessaire|fournie))?",
        r"(?:keine?|ohne) (?:eingabe|input)(?: (?:erforderlich|nötig|notwendig|vorhanden))?",
        r"(?:sin|ninguna|no hay) entrada|no se requiere (?:ninguna )?entrada",
        r"(?:sem|nenhuma) entrada|(?:nessun|senza) input",
        r"(?:нет|без) (?:ввода|входных данных)|ввод не требуется",
        r"ei syötettä|girdi yok",
        r"(?:无|没有|无需|不需要)(?:任何)?(?:输入|輸入)(?:内容)?|無輸入",
        r"入力(?:なし|無し|は?(?:ありません|不要(?:です)?))",
        r"(?:입력|인풋)(?: ?값)?(?:은|이)? ?(?:없음|필요 ?없음|없습니다)",
    )
)
_NO_INPUT = f"{_OPEN}(?:{_SPELT}){_CLOSE}"
_BRACKETED = r"^\s*[<\[({]\s*(?:none|null|nil|empty|blank|无|없음|なし)\s*[>\])}][.\s]*$"


_AROUND = "&lt;g<>()[]{}\"'`\\:.,;!?。 \t\n\f\r"  # all of _OPEN and _CLOSE
_FIRST = b"nNaAsSpPkKoOeEgGiIbB"  # of what is spelt, "girdi" without its "g" too; or none of ASCII
_LONGEST = 96  # bytes of what is spelt, and twice as many


def says_no_input(column: pa.StringArray) -> pa.BooleanArray:
    at = np.flatnonzero(pc.greater(pc.binary_length(column), 1))
    inner = pc.utf8_trim(column.take(pa.array(at)), _AROUND)
    short = np.flatnonzero(pc.less_equal(pc.binary_length(inner), _LONGEST))
    at = at[np.intersect1d(short, begins_with(inner, _FIRST))]
    return mask_at(matches_at(column, at, f"{_NO_INPUT}|{_BRACKETED}"), len(column))


def no_input(batch: pa.RecordBatch, options: FilterOptions) -> pa.StringArray:
    if options.no_input != "drop":
        return pa.nulls(batch.num_rows, pa.string())
    return because(says_no_input(batch.column("input")), "no-input")


def no_input_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return told(found=trimmed(batch, "input"))


def repaired(batch: pa.RecordBatch, options: FilterOptions) -> tuple[pa.RecordBatch, int]:
    """The batch with "" for inputs that spell it, their ids made anew, and how many they were."""
    if options.no_input != "repair":
        return batch, 0
    spelt = says_no_input(batch.column("input"))
    at = pc.indices_nonzero(spelt)
    if not len(at):
        return batch, 0
    fresh = [
        content_id(r["instruction"], "", r["output"], r["context"], r["rejected"])
        for r in batch.take(at).to_pylist()
    ]
    columns = {
        "id": pc.replace_with_mask(batch.column("id"), spelt, pa.array(fresh, pa.string())),
        "input": pc.if_else(spelt, pa.scalar(""), batch.column("input")),
    }
    for name, column in columns.items():
        where = batch.schema.get_field_index(name)
        batch = batch.set_column(where, SCHEMA.field(name), column)
    return batch, len(at)
