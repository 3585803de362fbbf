"""Files of others as rows: (place, mapping) pairs, streamed, the place as `file:line`.

JSONL, JSON arrays (also JSONL that is named .json), CSV, TSV, YAML lists; plain, .gz or .zst.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from ittools.errors import InputError

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]
Reader = Callable[[TextIO, str], Rows]
Fields = Iterator[tuple[int, list[str]]]

COMPRESSED = {".gz": "gzip", ".GZ": "gzip", ".zst": "zstd", ".ZST": "zstd"}
CHUNK = 1 << 16  # characters of a JSON array read at a time
MAX_VALUE = 256 << 20  # characters of one element of a JSON array
csv.field_size_limit(MAX_VALUE)
_NO_LINES = "an array is read from a file named .json; - and .jsonl hold an object a line"
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


def bare_suffix(path: Path) -> str:
    """`.jsonl` for `a.jsonl.gz`."""
    return Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def file_rows(path: Path, name: str | None = None) -> Rows:
    """Rows of one file by its name's ending; `name` stands for it in places.

    Raises:
        InputError: unreadable, not UTF-8, not what its ending says, or without any record: an
            empty file is nearly always a command that failed.
    """
    name = name or str(path)
    readers: dict[str, Reader] = {".jsonl": jsonl_rows, ".json": _json, ".ndjson": jsonl_rows, ".yaml": _yaml,
                                  ".yml": _yaml, ".csv": _csv, ".tsv": partial(_tsv, path)}  # fmt: skip
    reader = readers.get(bare_suffix(path).lower())
    if reader is None:
        known = " ".join(readers)
        raise InputError(f"{name}: unknown ending; ittools reads .parquet {known} (also .gz, .zst)")
    yield from _checked(lambda: open_bytes(path), reader, name)


def line_rows_of(content: bytes, name: str) -> Rows:
    """Rows of JSON Lines that were read before, from a pipe. Raises InputError as `file_rows` does."""
    yield from _checked(lambda: io.BytesIO(content), jsonl_rows, name)


def _checked(opened: Callable[[], BinaryIO], reader: Reader, name: str) -> Rows:
    try:
        found = False
        with _as_text(opened()) as handle:
            for place_and_row in reader(handle, name):
                found = True
                yield place_and_row
    except UnicodeDecodeError as error:
        check_not_packed(opened(), name)
        line = bad_line(opened())
        raise InputError(f"{name}:{line}: not UTF-8 ({error.reason}); convert it with iconv") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{name}: cannot be read ({error})") from None
    if not found:
        raise InputError(f"{name}: holds no record")


@contextmanager
def reading(path: Path, name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed. Raises InputError when they cannot be read."""
    try:
        with open_bytes(path) as handle:
            yield handle
    except (OSError, EOFError) as error:
        raise InputError(f"{name}: cannot be read ({error})") from None


def open_text(path: Path) -> TextIO:
    """UTF-8 text, a byte order mark skipped, decompressed by the name's ending."""
    return _as_text(open_bytes(path))


def open_bytes(path: Path) -> BinaryIO:
    import pyarrow as pa

    kind = COMPRESSED.get(path.suffix)
    if kind is None:
        return open(path, "rb")
    return io.BufferedReader(pa.input_stream(str(path), compression=kind))


def _as_text(raw: BinaryIO, errors: str = "strict") -> TextIO:
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="")


def check_not_packed(raw: BinaryIO, name: str) -> None:
    """Raises InputError for bytes of gzip or zstd, which its name does not tell. Closes `raw`."""
    with raw:
        start = raw.read(4)
    kind = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), None)
    if kind is not None:
        raise InputError(
            f"{name}: compressed with {kind}; name a file so, and decompress what comes through a pipe "
            f"({kind} -dc): - takes plain JSON Lines"
        )


def bad_line(raw: BinaryIO) -> int:
    """The line of the first byte that is not UTF-8; decoders know only the offset in their buffer.

    Closes `raw`.
    """
    with _as_text(raw, errors="surrogateescape") as lines:
        return next((number for number, line in enumerate(lines, 1) if _ESCAPED_BYTE.search(line)), 1)


def jsonl_rows(handle: Iterable[str], name: str, first: int = 1) -> Rows:
    """Rows of lines; the first of them is line `first`."""
    for number, line in enumerate(handle, start=first):
        if line.strip():
            yield f"{name}:{number}", _parsed(line, f"{name}:{number}")


def _parsed(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        todo = _NO_LINES if line.lstrip().startswith("[") else "mend or remove this line"
        raise InputError(f"{place}: not JSON ({error}); {todo}") from None
    if isinstance(row, dict):
        return row
    todo = f"; {_NO_LINES}" if isinstance(row, list) else ""
    raise InputError(f"{place}: expected a JSON object, got {type(row).__name__}{todo}")


def _json(handle: TextIO, name: str) -> Rows:
    start = more = handle.read(CHUNK)
    while more and not start.strip():
        more = handle.read(CHUNK)
        start += more
    first = start.lstrip()[:1]
    if first == "[":
        yield from _json_array(handle, name, start)
    elif first == "{":
        yield from _json_objects(handle, name, start)
    elif first:
        raise InputError(f"{name}:1: not JSON (starts with {first!r})")


def _json_array(handle: TextIO, name: str, text: str) -> Rows:
    """Elements of one array, parsed one at a time from a sliding window."""
    decoder = json.JSONDecoder()
    at, line, ended = text.index("[") + 1, 1 + text[: text.index("[")].count("\n"), False
    while True:
        skipped = at
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        line += text.count("\n", skipped, at)
        if at < len(text) and text[at] == "]":
            _nothing_more(handle, name, line, text[at + 1 :])
            return
        try:
            value, end = decoder.raw_decode(text, at)
            if end == len(text) and not ended:  # may go on in the next chunk
                raise ValueError("cut")
        except (ValueError, RecursionError) as error:
            more = handle.read(max(CHUNK, len(text) - at))  # doubling: linear in total
            ended = not more
            if ended or len(text) - at > MAX_VALUE:
                what = "ends inside the array" if at >= len(text) else f"not JSON ({error})"
                raise InputError(f"{name}:{line}: {what}; the file may be cut short") from None
            text, at = text[at:] + more, 0
            continue
        if not isinstance(value, dict):
            raise InputError(f"{name}:{line}: expected an object, got {type(value).__name__}")
        yield f"{name}:{line}", value
        line += text.count("\n", at, end)
        at = end


def _nothing_more(handle: TextIO, name: str, line: int, text: str) -> None:
    """Only white space may follow the array; a second array would be lost without a word."""
    while text:
        rest = text.lstrip()
        if rest:
            line += text[: len(text) - len(rest)].count("\n")
            raise InputError(f"{name}:{line}: more text after the end of the array; split the file")
        line += text.count("\n")
        text = handle.read(CHUNK)


def _json_objects(handle: TextIO, name: str, start: str) -> Rows:
    """JSONL under the name .json, or one object that is itself the only row."""
    first, newline, _ = start.lstrip().partition("\n")
    try:
        json.loads(first)
    except ValueError:
        if newline:
            yield f"{name}:1", _parsed(start + handle.read(), f"{name}:1")
            return
    yield from jsonl_rows(_chained(start, handle), name)


def _chained(start: str, handle: TextIO) -> Iterator[str]:
    """Lines of what was read already, then of the rest."""
    return chain(io.StringIO(start + handle.readline()), handle)


def _csv(handle: TextIO, name: str) -> Rows:
    return _headed(csv_fields(handle, name, ","), name)


def _tsv(path: Path, handle: TextIO, name: str) -> Rows:
    return _headed(fields_of_tabs(handle) if bare_tabs(path) else csv_fields(handle, name, "\t"), name)


def _headed(lines: Fields, name: str) -> Rows:
    """Rows named by the first line; an empty cell is null."""
    _, header = next(lines, (1, []))
    if len(set(header)) != len(header):
        raise InputError(f"{name}:1: a column name stands twice in {', '.join(header)}")
    for line, fields in lines:
        if len(fields) != len(header):
            raise InputError(f"{name}:{line}: {len(fields)} fields, the header has {len(header)}")
        yield f"{name}:{line}", dict(zip(header, (field or None for field in fields), strict=True))


def csv_fields(handle: TextIO, name: str, delimiter: str) -> Fields:
    """(line, fields) of each row with any. Raises InputError for what is no CSV."""
    reader = csv.reader(handle, delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: not CSV ({error})") from None


def fields_of_tabs(lines: Iterable[str]) -> Fields:
    """(line, fields) of lines that tabs alone divide."""
    for number, line in enumerate(lines, 1):
        if line.rstrip("\r\n"):
            yield number, line.rstrip("\r\n").split("\t")


def bare_tabs(path: Path) -> bool:
    """Whether quotes are plain text: some are not where CSV puts them, and all lines have as many tabs."""
    width, quoted = -1, True
    with open_text(path) as handle:
        for _, fields in fields_of_tabs(handle):
            if width not in (-1, len(fields)):
                return False
            width = len(fields)
            quoted = quoted and all(map(_as_csv_quotes, fields))
    return not quoted


def _as_csv_quotes(text: str) -> bool:
    if '"' not in text:
        return True
    inner = text[1:-1]
    return len(text) > 1 and text[0] == text[-1] == '"' and '"' not in inner.replace('""', "")


def _yaml(handle: TextIO, name: str) -> Rows:
    from ittools.formats.strict_yaml import load_yaml

    rows = load_yaml(handle.read(), where=name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{name}: expected a YAML list of mappings")
    for number, row in enumerate(rows, start=1):
        yield f"{name}#{number}", row
