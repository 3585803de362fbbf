"""Rows of Arrow as Python values; a point in time that Python cannot hold, as text.

rows_of(batch)    -> [{"text": "a", "when": datetime(2023, 11, 14, 22, 13, 20, 123456)}, ...]
    nanoseconds   -> "2023-11-14 22:13:20.123456789"; a duration of them is their number
    year 29349    -> "29349-01-26"

The same whether pandas is there or not: with it pyarrow makes its Timestamp, without it an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pyarrow as pa

from ittools.errors import InputError
from ittools.formats.rows import Row

_Types = Callable[[pa.DataType], pa.DataType]


def rows_of(table: pa.Table | pa.RecordBatch) -> list[Row]:
    """Raises UnicodeDecodeError for bytes that are not UTF-8, InputError for two columns of one name."""
    check_names(table.schema)
    columns = [_values(column) for column in table.columns]
    names = table.column_names
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def check_names(fields: Iterable[pa.Field], place: str = "", within: str = "") -> None:
    """Of two columns, or two fields of a struct, with one name Python would keep the last alone.

    Raises:
        InputError: there are such; `place` says where.
    """
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            at = f"{place}: " if place else ""
            raise InputError(f"{at}two columns are named {within + field.name!r}; rename or remove one")
        seen.add(field.name)
        kind = field.type
        if pa.types.is_nested(kind):
            inner = [kind.field(n) for n in range(kind.num_fields)]
            check_names(inner, place, f"{within}{field.name}.")


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return list(column.cast(_type(column.type, _micro)).to_pylist())
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError):  # ArrowInvalid, a ValueError: more digits than microseconds have
        return [_value(column.slice(n, 1)) for n in range(len(column))]


def _value(one: pa.Array | pa.ChunkedArray) -> Any:
    try:
        return one.cast(_type(one.type, _micro))[0].as_py()
    except (ValueError, OverflowError):
        return one.cast(_type(one.type, _text))[0].as_py()


def _micro(kind: pa.DataType) -> pa.DataType:
    """Microseconds, as Python has them, for nanoseconds."""
    if pa.types.is_temporal(kind) and getattr(kind, "unit", "") == "ns":
        if pa.types.is_timestamp(kind):
            return pa.timestamp("us", kind.tz)
        return pa.duration("us") if pa.types.is_duration(kind) else pa.time64("us")
    return kind


def _text(kind: pa.DataType) -> pa.DataType:
    """Text for points in time, a number for durations."""
    if pa.types.is_duration(kind):
        return pa.int64()
    return pa.string() if pa.types.is_temporal(kind) and not pa.types.is_interval(kind) else kind


def _type(kind: pa.DataType, leaf: _Types) -> pa.DataType:
    """The type with another one at its leaves."""
    inner = partial(_type, leaf=leaf)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(inner(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, inner(kind.item_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(inner(kind.value_type), kind.list_size)
    if pa.types.is_large_list(kind):
        return pa.large_list(inner(kind.value_type))
    return pa.list_(inner(kind.value_type)) if pa.types.is_list(kind) else leaf(kind)
