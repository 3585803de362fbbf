"""Evaluation sets as passages: what of each record must not stand in training data.

    {"question_id": 81, "turns": ["Write a post.", "Now shorter."]}  in mt_bench.jsonl, first row
    -> mt_bench#1 (id 81): "Write a post." as turn 1, "Now shorter." as turn 2

Any input that other commands read, and beside it what evaluation files are like: prompts without answers, a
list `turns`, a lone `input`, `problem` or `text`, one object with a list of `examples`, text files: a
record is a paragraph, or a line where no blank line parts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.curate.decontamination.options import DecontaminateOptions
from ittools.errors import InputError, UsageError
from ittools.formats.arrow_rows import rows_of
from ittools.formats.documents import PLAIN, TEXTS, read_documents
from ittools.formats.mapping import OUTPUTS, PROMPTS, Defaults, map_rows
from ittools.formats.rows import COMPRESSED, Row, bare_suffix, file_rows
from ittools.formats.source import ReadOptions, open_input
from ittools.records.schema import SCHEMA
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_json
from ittools.store.shards import read_shard

IDS = ("id", "task_id", "question_id", "key", "uid")
ALONE = ("input", "problem", *TEXTS)  # the prompt, where nothing else is one
SOLUTIONS = ("canonical_solution", "solution")  # the answer, where no known column is
LAYOUTS = {"instruction", "messages", "conversations", *PROMPTS}
DATA = {".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".yaml", ".yml", ".arrow"}
BLANK_LINE = re.compile(r"\n[ \t]*\n")
TASKS = ("task", "subject", "category")

PASSAGES = pa.schema([("set", pa.string()), ("record", pa.int64()), ("row", pa.int64()), ("id", pa.string()),
                      ("of", pa.string()), ("task", pa.string()), ("text", pa.large_string())])  # fmt: skip


@dataclass(frozen=True)
class EvaluationSets:
    """passages: in `PASSAGES`, `record` numbered over all sets; records: how many each set has."""

    names: list[str]
    records: list[int]
    passages: pa.Table
    entries: list[InputEntry]


def read_sets(options: DecontaminateOptions) -> EvaluationSets:
    """Every evaluation set, read whole.

    Raises:
        UsageError: none given, the same one twice, or a map for a set that is not there.
        InputError: one that cannot be read or mapped, or that holds no text.
    """
    specs = list(options.against)
    if not specs:
        raise UsageError("no evaluation set given; name one with --against, once for each")
    for spec in specs:
        if spec in ("", "-"):
            raise UsageError(
                f"--against {spec!r}: name a file, a directory or a hub dataset; no pipe is read"
            )
    places = [str(Path(spec).resolve()) if Path(spec).exists() else spec for spec in specs]
    if len(set(places)) < len(places):
        twice = specs[places.index(max(places, key=places.count))]
        raise UsageError(f"--against {twice} is given twice; give each evaluation set once")
    names = _names(specs)
    columns = _columns(options.against_map, names)
    records: list[int] = []
    entries: list[InputEntry] = []
    found: dict[str, list[Any]] = {name: [] for name in PASSAGES.names}
    for spec, name in zip(specs, names, strict=True):
        first, before = sum(records), len(found["text"])
        entry, rows = _opened(spec, options)
        entries.append(replace(entry, fingerprint=sha256_json([entry.fingerprint, name])))
        records.append(_take(name, rows, columns[name], first, options.answers, found))
        if not any(text.strip() for text in found["text"][before:]):
            raise InputError(
                f"{spec}: no text to compare; name its columns with --against-map instruction=..."
            )
    return EvaluationSets(names, records, pa.table(found, schema=PASSAGES), entries)


def _names(specs: Sequence[str]) -> list[str]:
    """`bbh` for `data/bbh.parquet`; the whole path where two would be called alike."""
    short = [_stem(Path(spec)) if Path(spec).exists() else spec for spec in specs]
    return [name if short.count(name) == 1 else spec for name, spec in zip(short, specs, strict=True)]


def _stem(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    return Path(path.stem).stem if path.suffix in COMPRESSED else path.stem


def _columns(pairs: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, str]]:
    """By set what `--against-map` says of it."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for pair in (p for group in pairs for p in group.split(",")):
        left, equals, theirs = pair.partition("=")
        name, colon, ours = left.rpartition(":")
        if not equals or (ours not in SCHEMA.names and ours not in ("messages", "conversations")):
            raise UsageError(f"--against-map {pair}: expected ours=theirs with ours one of {SCHEMA.names}")
        if colon and name not in found:
            raise UsageError(
                f"--against-map {pair}: no evaluation set {name!r}; there are: {', '.join(names)}"
            )
        for one in [name] if colon else names:
            found[one][ours] = theirs
    return found


def _opened(spec: str, options: DecontaminateOptions) -> tuple[InputEntry, Iterator[tuple[str, Row]]]:
    """What it is and its rows, not mapped yet."""
    path = Path(spec)
    read = ReadOptions(inputs=(spec,), split=None if path.is_file() else options.against_split)
    if bare_suffix(path).lower() in PLAIN or (path.is_dir() and _only_texts(path)):
        texts, entry = _texts(path, read)
        return entry, ((f"{spec}#{n}", {"instruction": text}) for n, text in enumerate(texts, 1))
    source = open_input(spec, read)
    if source.shards:
        return source.entry, _numbered(spec, (b for file in source.shards for b in read_shard(file)))
    if source.foreign and source.foreign[0].kind == "parquet":
        return source.entry, _numbered(spec, (b for one in source.foreign for b in _batches(one.path)))
    if path.is_file():
        return source.entry, file_rows(path)
    from ittools.formats.hub import hub_rows

    return source.entry, hub_rows(spec, options.against_split)[0]()


def _texts(path: Path, read: ReadOptions) -> tuple[list[str], InputEntry]:
    """Of a text file, or of each one in a folder: its paragraphs, or its lines where it is but one."""
    documents, [entry] = read_documents(read)
    texts = [document.text for document in documents]
    if path.is_dir() or len(texts) == 1:
        parts = ((text, BLANK_LINE.split(text)) for text in texts)
        texts = [one for text, some in parts for one in (some if len(some) > 1 else text.split("\n"))]
    return [text for text in texts if any(map(str.isalnum, text))], entry


def _only_texts(folder: Path) -> bool:
    """Whether text files are its data: a dataset may have a LICENSE.txt."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return any(bare_suffix(file).lower() in PLAIN for file in files) and not any(
        bare_suffix(file).lower() in DATA for file in files
    )


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield from file.iter_batches()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: damaged Parquet ({' '.join(str(error).split())})") from None


def _numbered(spec: str, batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, Row]]:
    rows = (row for batch in batches for row in rows_of(batch))
    return ((f"{spec}#{number}", row) for number, row in enumerate(rows, 1))


def _take(
    name: str,
    rows: Iterator[tuple[str, Row]],
    columns: Mapping[str, str],
    first: int,
    answers: bool,
    found: dict[str, list[Any]],
) -> int:
    """Add the passages of all rows to `found`; the number of rows, each a record."""
    row = 0
    for place, outer in rows:
        for inner in _inner(outer):
            row += 1
            said, task = _passages(inner, place, columns, answers)
            for of, text in said:
                one = (name, first + row - 1, row, _id(inner), of, task, text)
                for column, value in zip(found.values(), one, strict=True):
                    column.append(value)
    return row


def _inner(row: Row) -> list[Row]:
    """The examples of a file that is one object, as BBH's are: {"canary": ..., "examples": [{...}, ...]}."""
    inner = row.get("examples")
    if LAYOUTS & set(row) or not isinstance(inner, list) or not all(isinstance(one, dict) for one in inner):
        return [row]
    return inner


def _id(row: Row) -> str | None:
    return next((str(row[name]) for name in IDS if isinstance(row.get(name), (str, int))), None)


def _passages(
    row: Row, place: str, columns: Mapping[str, str], answers: bool
) -> tuple[list[tuple[str, str]], str]:
    """(of, text) of the row's records, equal texts once, and its task."""
    if not row:
        raise InputError(f"{place}: a record without columns; remove it")
    task = next((row[name] for name in TASKS if isinstance(row.get(name), str)), "")
    defaults = Defaults("", columns=columns, open_ended=True)
    try:
        records = list(map_rows([(place, row if columns else _as_known(row, place))], defaults))
    except InputError as error:
        raise InputError(str(error).replace("--map", "--against-map")) from None
    said: dict[str, str] = {}  # by text, what it is first
    for record in records:
        for of, text in turns_of(record):
            said.setdefault(text, of)
        if answers and record["output"]:
            said.setdefault(record["output"], "answer")
    return [(of, text) for text, of in said.items()], task


def turns_of(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the user says: `prompt`, or `turn 1`, `turn 2` ... where there are several."""
    earlier = [turn["content"] for turn in record["context"] or () if turn["role"] == "user"]
    last = "\n".join(part for part in (record["instruction"], record["input"]) if part)
    said = [text for text in (*earlier, last) if text]
    return [("prompt" if len(said) == 1 else f"turn {n}", text) for n, text in enumerate(said, 1)]


def _as_known(row: Row, place: str) -> Row:
    """A row of a layout that only evaluation files have, in one that `map_rows` knows."""
    if not LAYOUTS & set(row):
        turns = row.get("turns")
        if isinstance(turns, list):
            odd = next((n for n, turn in enumerate(turns, 1) if not isinstance(turn, (str, dict))), None)
            if odd is not None:
                raise InputError(f"{place}: turn {odd} of `turns` is no text; mend or remove the record")
            if not turns:
                return {"instruction": ""}
            said = [{"role": "user", "content": t} if isinstance(t, str) else t for t in turns]
            return {key: value for key, value in row.items() if key != "turns"} | {"messages": said}
        alone = next((name for name in ALONE if isinstance(row.get(name), str)), None)
        if alone:
            row = {key: value for key, value in row.items() if key != alone} | {"instruction": row[alone]}
    solution = next((name for name in SOLUTIONS if isinstance(row.get(name), str)), None)
    if solution and not set(OUTPUTS) & set(row):
        row = row | {"output": row[solution]}
    return row
