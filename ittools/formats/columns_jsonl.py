"""JSON Lines by blocks of lines: Arrow reads a block of flat objects whole, Python any other one.

    {"instruction": "Add.", "input": "1 + 1", "output": "2"}

Arrow's reader and Python's differ in a few things; what Python would refuse or read otherwise is
told from the bytes before and from the columns after: see `_one_object_a_line` and
`columns.map_table`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from ittools.errors import InputError
from ittools.formats.columns import map_batches, map_table
from ittools.formats.mapping import Defaults
from ittools.formats.rows import Row, bad_line, check_not_packed, jsonl_rows, reading

BLOCK = 1 << 20  # bytes; four times as many take twice the time a record (caches)
DEEPEST = 100  # brackets in brackets; Arrow's reader recurses, and some thousands overrun the stack
BOM = b"\xef\xbb\xbf"
WIDEST = 256  # names in a block: Arrow makes a column of each, as long as the block
_KINDS = {str: pa.string(), type(None): pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_NAME_OR_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"\s*:?')
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')


def jsonl_batches(path: Path, name: str, defaults: Defaults) -> Iterator[pa.RecordBatch]:
    """Records of a JSONL file, compressed or not.

    Raises:
        InputError: what `rows.file_rows` refuses, or a row that cannot be mapped.
    """
    found = False
    with reading(path, name) as handle:
        line = 1
        for block in _blocks(handle):
            for batch in _mapped(block, name, line, defaults):
                found = True
                yield batch
            line += _lines(block)
    if not found:
        raise InputError(f"{name}: holds no record")


def range_batches(
    path: Path, name: str, defaults: Defaults, start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Records of the lines that begin in bytes `start` to `stop` of a file that is not compressed."""
    with reading(path, name) as handle:
        if start:
            handle.seek(start - 1)
            handle.readline()
        line = 1
        for block in _blocks(handle, handle.tell(), stop):
            try:
                yield from _mapped(block, name, line, defaults)
            except InputError:  # once more, to tell the line of the whole file
                yield from _mapped(block, name, line + _lines_before(path, start), defaults)
            line += _lines(block)


def line_rows(path: Path, name: str, start: int, stop: int) -> Iterator[tuple[str, Row]]:
    """Rows of the lines that begin in bytes `start` to `stop` of a plain file, as they are.

    Places count lines from the beginning of the file, which is read for that once there is a row to tell.
    """
    with reading(path, name) as handle:
        if start:
            handle.seek(start - 1)
            handle.readline()
        line = 1 + _lines_before(path, start)
        for block in _blocks(handle, handle.tell(), stop):
            yield from _block_rows(block, name, line)
            line += _lines(block)


def _blocks(handle: BinaryIO, at: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Whole lines, about `BLOCK` bytes at a time; the last line may begin just before `stop`."""
    first = at == 0
    while stop is None or at < stop:
        block = handle.read(BLOCK if stop is None else min(BLOCK, stop - at))
        if block and not block.endswith(b"\n"):
            block += handle.readline()
        if not block:
            return
        at += len(block)
        yield block.removeprefix(BOM) if first else block
        first = False


def _lines(block: bytes) -> int:
    """Line ends: \\n, \\r and \\r\\n, as Python reads text."""
    returns = block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else 0
    return block.count(b"\n") + returns


def _lines_before(path: Path, start: int) -> int:
    with open(path, "rb") as handle:
        if start:
            handle.seek(start - 1)
            handle.readline()
        stop = handle.tell()
        handle.seek(0)
        return sum(map(_lines, _blocks(handle, 0, stop)))


def _mapped(block: bytes, name: str, line: int, defaults: Defaults) -> Iterator[pa.RecordBatch]:
    """Records of one block, whose first line is `line`; of rows without a record, an empty batch."""
    table = _table(block)
    batch = None if table is None else map_table(table, defaults, whole=False)
    if batch is None:
        yield from map_batches(_block_rows(block, name, line), defaults)
    else:
        yield batch


def _block_rows(block: bytes, name: str, line: int) -> Iterator[tuple[str, Row]]:
    text = io.TextIOWrapper(io.BytesIO(block), encoding="utf-8", newline="")
    try:
        yield from jsonl_rows(text, name, line)
    except UnicodeDecodeError as error:
        check_not_packed(io.BytesIO(block), name)
        bad = line - 1 + bad_line(io.BytesIO(block))
        raise InputError(f"{name}:{bad}: not UTF-8 ({error.reason}); convert it with iconv") from None


def _table(block: bytes) -> pa.Table | None:
    """The block as Arrow reads it, where Python reads the same."""
    objects = _one_object_a_line(block)
    if not objects:
        return None
    table = _like_the_first(block)
    if table is None:
        table = _of_any_names(block)
    return table if table is not None and table.num_rows == objects else None


def _like_the_first(block: bytes) -> pa.Table | None:
    """The block, if all its objects have no other names and kinds of values than the first one."""
    start = len(block) - len(block.lstrip(b"\r\n"))
    end = block.find(b"\n", start)
    try:
        first = json.loads(block[start : end if end >= 0 else None])
        kinds = [(name, _KINDS[type(value)]) for name, value in first.items()]
        if len(kinds) > WIDEST:
            return None
        return _read(block, explicit_schema=pa.schema(kinds), unexpected_field_behavior="error")
    except (KeyError, ValueError, RecursionError, pa.ArrowException):
        return None


def _of_any_names(block: bytes) -> pa.Table | None:
    """The block by kinds that Arrow finds, unless that would take a wide table or a deep one."""
    names = {name for name in _NAME_OR_TEXT.findall(block) if name.endswith(b":")}
    if len(names) > WIDEST or _depth(block) > DEEPEST:
        return None
    try:
        table = _read(block)
        dated = [field.name for field in table.schema if pa.types.is_temporal(field.type)]
        if dated:  # texts that look like dates
            table = _read(block, explicit_schema=pa.schema([(name, pa.string()) for name in dated]))
    except (pa.ArrowException, UnicodeDecodeError):
        return None
    return table


def _read(block: bytes, **how: Any) -> pa.Table:
    import pyarrow.json as pj

    table = pj.read_json(
        pa.BufferReader(block),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(block) + 1),
        parse_options=pj.ParseOptions(**how),
    )
    table.validate(full=True)  # UTF-8
    return table


def _one_object_a_line(block: bytes) -> int:
    """Lines that hold something, if each begins with { and ends with }; else 0.

    Arrow also takes two objects on one line, and one on two lines. Between } and { only a line can end
    where the objects parse, so as many objects as lines are one on each line.
    """
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        return 0
    there = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(there == 0x0A)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    starts = np.concatenate([[0], ends[:-1] + 1])
    ends = ends - ((there[ends - 1] == 0x0D) & (ends > starts))
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    plain = np.all(there[starts] == ord("{")) and np.all(there[ends - 1] == ord("}"))
    return len(starts) if plain else 0


def _depth(block: bytes) -> int:
    """How deep brackets are nested; exact up to where the block stops being JSON.

    >>> _depth(b'{"a": [[], "[["]}')
    3
    """
    bare = np.frombuffer(_STRING.sub(b"", block), np.uint8)
    opened = ((bare == ord("[")) | (bare == ord("{"))).astype(np.int64)
    closed = (bare == ord("]")) | (bare == ord("}"))
    return int(np.max(np.cumsum(opened - closed), initial=0))
