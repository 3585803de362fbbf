"""Flat layouts (Alpaca, prompt-completion) mapped column by column, without an object per record.

instruction, input, output, category  ->  SCHEMA, id from the buffers, {"category": ...} in `meta`

Exactly the records of `mapping.map_rows`, or null where that is not plain to see from the columns:
then the rows go through `map_rows`, which also says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ittools.errors import InputError
from ittools.formats import superni
from ittools.formats.arrow_rows import rows_of
from ittools.formats.finish import is_absent, is_language
from ittools.formats.mapping import (
    OUTPUTS,
    OWN,
    OWN_MESSAGES,
    PROMPTS,
    Defaults,
    map_rows,
    meta_json,
    own_meta,
)
from ittools.formats.rows import Row
from ittools.records.build import ID, content_ids, mend_text, record_batch
from ittools.records.schema import SCHEMA, TURN, UNSPECIFIED_LICENSE

BATCH = 8_192  # rows mapped at a time

_NESTED = {"instances", "messages", "conversations", "data", "message_tree_id", "choices", "rejected"}
_SQUAD = {"question", "context", "answers"}
_STATED = ("task", "source", "license", "language", "template", "generator")
_CARRIED = ("parents", "scores", "meta")


@dataclass(frozen=True)
class Columns:
    """Rows with one set of names. A null column holds values that are neither text nor null.

    whole: every row has every column, so that null was written; else it may also be a missing name.
    rest: what these columns hold of each row, as mappings.
    """

    records: int
    columns: Mapping[str, pa.Array | None]
    whole: bool
    rest: Callable[[list[str]], list[Row] | None]

    def stated(self, name: str) -> bool:
        """Whether each row is known to have this column."""
        column = self.columns[name]
        return self.whole or (column is not None and column.null_count == 0)

    def empty(self, name: str) -> bool:
        """No such column, or nothing but null in it."""
        column = self.columns.get(name)
        return name not in self.columns or (column is not None and column.null_count == len(column))

    def text(self, name: str | None) -> pa.Array | None:
        """Strings or nulls; null where the column holds something else."""
        if name is None or self.empty(name):
            return pa.nulls(self.records, pa.string())
        column = self.columns[name]
        return column if column is not None and pa.types.is_string(column.type) else None


def map_batches(
    rows: Iterable[tuple[str, Row]], defaults: Defaults, size: int = BATCH
) -> Iterator[pa.RecordBatch]:
    """Records of rows, `size` rows at a time; an error of reading comes after the rows before it."""
    for some in _grouped(rows, size):
        batch = map_flat_rows([row for _, row in some], defaults)
        yield record_batch(map_rows(some, defaults)) if batch is None else batch


def _grouped(rows: Iterable[tuple[str, Row]], size: int) -> Iterator[list[tuple[str, Row]]]:
    rows, some = iter(rows), []
    while True:
        try:
            for row in islice(rows, size):
                some.append(row)
        except InputError:
            if some:
                yield some
            raise
        if not some:
            return
        yield some
        some = []


def map_flat_rows(rows: list[Row], defaults: Defaults) -> pa.RecordBatch | None:
    """Rows of one set of names to records."""
    names = rows[0].keys()
    if not all(isinstance(name, str) for name in names) or any(row.keys() != names for row in rows):
        return None
    try:
        columns = {name: _text_column([row[name] for row in rows]) for name in names}
    except UnicodeEncodeError:  # lone surrogates
        return None

    def rest(wanted: list[str]) -> list[Row]:
        return [{name: row[name] for name in wanted} for row in rows]

    return _mapped(_renamed(Columns(len(rows), columns, True, rest), defaults), defaults)


def _text_column(values: list[Any]) -> pa.Array | None:
    kinds = set(map(type, values))
    return pa.array(values, pa.string()) if kinds <= {str, type(None)} else None


def map_table(table: pa.Table, defaults: Defaults, *, whole: bool) -> pa.RecordBatch | None:
    """A table of foreign columns to records."""
    if len(set(table.column_names)) < table.num_columns:
        return None
    columns = {name: _one_array(table.column(name)) for name in table.column_names}

    def rest(wanted: list[str]) -> list[Row] | None:
        if not whole and not all(_as_written(columns[name]) for name in wanted):
            return None
        return rows_of(table.select(wanted))

    return _mapped(_renamed(Columns(table.num_rows, columns, whole, rest), defaults), defaults)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    wide = pa.types.is_large_string(kind) or (kind is not array.type and pa.types.is_string(kind))
    return array.cast(pa.string()) if wide else array


def _as_written(array: pa.Array) -> bool:
    """Whether Python's reader would have given these very values; 1 and 1.0 are one number to Arrow."""
    kind, held = array.type, array.drop_null()
    if pa.types.is_list(kind):
        return _as_written(held.flatten())
    if pa.types.is_struct(kind):  # a null within may be a name that is missing
        return all(child.null_count == 0 and _as_written(child) for child in held.flatten())
    if pa.types.is_float64(kind):
        fraction = pc.not_equal(pc.floor(held), held)
        return bool(pc.all(pc.and_(fraction, pc.is_finite(held)), min_count=0).as_py())
    simple = (pa.types.is_string, pa.types.is_int64, pa.types.is_boolean, pa.types.is_null)
    return any(is_kind(kind) for is_kind in simple)


def _renamed(found: Columns, defaults: Defaults) -> Columns | None:
    """With the names of `--map`."""
    theirs = defaults.columns
    if not theirs:
        return found
    if not all(name in found.columns and found.stated(name) for name in theirs.values()):
        return None
    if found.columns.keys() >= OWN or found.columns.keys() >= OWN_MESSAGES:
        return None
    kept = {name: array for name, array in found.columns.items() if name not in theirs.values()}
    if not all(name not in kept or found.empty(name) for name in theirs):  # a column is put aside
        return None
    columns = kept | {ours: found.columns[name] for ours, name in theirs.items()}

    def rest(wanted: list[str]) -> list[Row] | None:
        rows = found.rest([theirs.get(name, name) for name in wanted])
        return rows and [{name: row[theirs.get(name, name)] for name in wanted} for row in rows]

    return Columns(found.records, columns, found.whole, rest)


def _mapped(found: Columns | None, defaults: Defaults) -> pa.RecordBatch | None:
    """The record batch, where nothing stands in the way."""
    if found is not None and found.columns.keys() >= OWN:
        return _own(found, defaults)
    found = found and _with_language(found)
    chosen = None if found is None else _layout(found, defaults)
    if found is None or chosen is None or not all(map(found.empty, _CARRIED)):
        return None
    content = [found.text(name) for name in chosen]
    stated = {name: found.text(name) for name in _STATED}
    if any(column is None for column in (*content, *stated.values())):
        return None
    spent = {*chosen, *_STATED, "input"}  # blank where `context` is the input
    extras = [name for name in found.columns if name not in spent and not found.empty(name)]
    meta = _meta_column(found, extras)
    if meta is None:
        return None
    texts = [pc.fill_null(column, "") for column in content]
    return _batch(texts, _provenance(stated, defaults) | {"meta": meta})


def _with_language(found: Columns) -> Columns | None:
    """`lang` as the language, where each of its texts is one; left alone where none is.

    Null where `language` holds what is none, which rows put into `meta`.
    """
    name = "language" if "language" in found.columns else "lang"
    column = found.text(name)
    if column is None:
        return None
    known = {is_language(one) for one in column.drop_null().unique().to_pylist() if one or name == "lang"}
    if name == "language" or name not in found.columns:
        return None if False in known else found
    if known != {True} and known:
        return found if known == {False} else None
    kept = {name: array for name, array in found.columns.items() if name != "lang"}
    return replace(found, columns=kept | {"language": column})


def _own(found: Columns, defaults: Defaults) -> pa.RecordBatch | None:
    """What an export of ours wrote, but for turns, scores, parents and rejected outputs: as it stands."""
    context = found.columns.get("context")
    no_context = found.empty("context") or (context is not None and pa.types.is_list(context.type))
    others = all(map(found.empty, ("parents", "scores", "rejected")))
    if not (no_context and _no_turns(found, "context") and others and all(map(found.stated, OWN))):
        return None
    if not all(map(found.empty, found.columns.keys() - set(SCHEMA.names))) or not _ids_are_ours(found):
        return None
    names = ("instruction", "input", "output", *_STATED, "meta")
    texts = {name: found.text(name) for name in names}
    if any(column is None for column in texts.values()):
        return None
    content = [pc.fill_null(texts[name], "") for name in names[:3]]
    source = pc.fill_null(texts["source"], "")
    texts |= {"source": source, "task": pc.coalesce(_or_null(texts["task"]), source),
              "license": licensed(texts["license"], defaults),
              "language": in_language(texts["language"], defaults)}  # fmt: skip
    metas = found.text("meta")
    if metas is not None and not found.empty("meta"):
        texts["meta"] = pa.array([own_meta(one, "") for one in metas.to_pylist()], pa.string())
    return _batch(content, {name: texts[name] for name in (*_STATED, "meta")})


def _ids_are_ours(found: Columns) -> bool:
    column = found.text("id")
    return column is not None and bool(
        pc.all(pc.match_substring_regex(column, f"^({ID.pattern})?$"), min_count=0).as_py()
    )


def filled(batch: pa.RecordBatch, defaults: Defaults) -> pa.RecordBatch:
    """Records in `SCHEMA` with a licence and a language where they state none; the ids stay."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns["license"] = licensed(columns["license"], defaults)
    columns["language"] = in_language(columns["language"], defaults)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=SCHEMA)


def licensed(column: pa.Array, defaults: Defaults) -> pa.Array:
    """The default where the licence is null, empty or LicenseRef-unspecified."""
    stated = _or_null(_or_null(column), UNSPECIFIED_LICENSE)
    return pc.fill_null(stated, mend_text(defaults.license or UNSPECIFIED_LICENSE))


def in_language(column: pa.Array, defaults: Defaults) -> pa.Array:
    """The default, if there is one, where the language is null or empty."""
    if not defaults.language:
        return column
    return pc.fill_null(_or_null(column), mend_text(defaults.language))


def _or_null(column: pa.Array, nothing: str = "") -> pa.Array:
    """Null for an empty text, or for another that says nothing."""
    return pc.if_else(pc.equal(column, nothing), pa.scalar(None, pa.string()), column)


def _layout(found: Columns, defaults: Defaults) -> tuple[str, str | None, str] | None:
    """The columns of instruction, input and output; they need not be there."""
    names = set(found.columns)
    if names & _NESTED or names >= _SQUAD or superni.is_task(found.columns):
        return None
    if "label" in names and _may_hold_flags(found.columns["label"]):
        return None
    answers = [name for name in OUTPUTS if name in names]
    answer = answers[0] if answers else OUTPUTS[0]
    if len(answers) > 1 and not found.stated(answer):
        return None
    if "instruction" in names:
        return _asked(found, "instruction", answer)
    prompt = next((name for name in PROMPTS if name in names), None)
    if prompt is None or not (defaults.open_ended or (answers and found.stated(answer))):
        return None
    return _asked(found, prompt, answer)


def _asked(found: Columns, prompt: str, answer: str) -> tuple[str, str | None, str] | None:
    """With the column of what is asked about: `context` where no row has an input."""
    if not found.stated(prompt) or not all(_no_turns(found, name) for name in ("system", "history")):
        return None
    given = None if prompt == "input" else "input"
    if found.empty("context"):
        return prompt, given, answer
    column = found.columns["context"]
    if column is None or not pa.types.is_string(column.type) or (given and not _blank(found, given)):
        return None
    return prompt, "context", answer


def _blank(found: Columns, name: str) -> bool:
    """Whether no row has a text in this column, and none has anything else."""
    column = found.text(name)
    return column is not None and not pc.any(pc.not_equal(column, "")).as_py()


def _may_hold_flags(column: pa.Array | None) -> bool:
    return column is None or pa.types.is_boolean(column.type)


def _no_turns(found: Columns, name: str) -> bool:
    """Nothing in this column makes an earlier turn."""
    if found.empty(name):
        return True
    column = found.columns[name]
    if column is None or not (pa.types.is_string(column.type) or pa.types.is_list(column.type)):
        return False
    length = pc.binary_length(column) if pa.types.is_string(column.type) else pc.list_value_length(column)
    return bool(pc.all(pc.equal(length, 0)).as_py())


def _meta_column(found: Columns, extras: list[str]) -> pa.Array | None:
    """JSON of what has no column of its own."""
    if not extras:
        return pa.nulls(found.records, pa.string())
    rows = found.rest(extras)
    if rows is None:
        return None
    held = [{name: value for name, value in row.items() if not is_absent(value)} for row in rows]
    try:
        return pa.array([meta_json(row) if row else None for row in held], pa.string())
    except (RecursionError, TypeError, ValueError):
        return None


def _provenance(stated: Mapping[str, pa.Array], defaults: Defaults) -> dict[str, pa.Array]:
    """What rows say of themselves, else the defaults; an empty text says nothing."""
    given = {"source": defaults.source, "language": defaults.language}
    filled = {}
    for name, column in stated.items():
        own = given.get(name)
        text = _or_null(column)
        filled[name] = text if own is None else pc.fill_null(text, mend_text(own))
    task = pc.coalesce(filled["task"], filled["source"])
    return filled | {"task": task, "license": licensed(stated["license"], defaults)}


def _batch(content: list[pa.Array], others: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """The record batch of instruction, input, output and the columns that others name."""
    count = len(content[0])
    no_turns = pa.ListArray.from_arrays(pa.array([0] * (count + 1), pa.int32()), pa.array([], TURN))
    columns = {"id": content_ids(*content), "context": no_turns, **others}
    columns |= zip(("instruction", "input", "output"), content, strict=True)
    arrays = [columns[f.name] if f.name in columns else pa.nulls(count, f.type) for f in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
