"""Instruction records in any number, the same on every machine, in bounded memory.

Nothing is kept between records: record n is a function of n alone (a hash instead of a random stream), so
a copy writes its origin anew. Of the records about

    10%  are exact copies, 10% near ones (0 to 8% of the output's words are others),
     2%  have an empty output, 1% an instruction of two words, 1% an output that is the instruction.

A copy of record n has an origin floor(n * u**3), so clusters have a heavy tail: about 0.1 (N/m)**(2/3)
copies of record m, 4,000 to 14,000 of the first ones among ten million. Words follow Zipf's law; openings
of instructions and phrases of six words come again, as in real ones. Mean 350 bytes.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ittools.records.build import content_id
from ittools.records.schema import SCHEMA

I64 = NDArray[np.int64]
BATCH = 32_768
WORDS, OPENINGS, PHRASES, PHRASE = 50_000, 2_000, 20_000, 6
EXACT, NEAR = 0.1, 0.1
EDITS = 0.08  # most words of a near copy that are others
# the streams of the hash
(KIND, ORIGIN, LENGTH, WORD, FIXED, WHICH, EDIT, RATE, OPENING, TAIL, STOP, ODD) = range(12)


def work() -> Path:
    """Where corpora and truths are kept: $BENCH_WORK, or a folder among the temporary ones."""
    folder = Path(os.environ.get("BENCH_WORK") or Path(tempfile.gettempdir(), "ittools-bench"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def corpus_file(records: int, kind: Literal["parquet", "jsonl"]) -> Path:
    """The corpus of this size, written once: Parquet in our schema, or JSONL as `numbered` has it."""
    path = work() / f"corpus-{records}.{kind}"
    if not path.exists():
        part = path.with_suffix(".part")
        (_write_parquet if kind == "parquet" else _write_jsonl)(part, records)
        part.replace(path)
    return path


def _write_parquet(path: Path, records: int) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for batch in batches(records):
            writer.write_batch(batch, row_group_size=16_384)


def _write_jsonl(path: Path, records: int) -> None:
    """Instruction and output as one text: what every peer of the near-duplicate bench compares."""
    with open(path, "w", encoding="utf-8") as handle:
        for first in range(0, records, BATCH):
            instructions, outputs, _ = texts(first, min(BATCH, records - first))
            joined = pc.binary_join_element_wise(instructions, outputs, "\n").to_pylist()
            handle.writelines(numbered(number, text) for number, text in enumerate(joined, first))


def numbered(number: int, text: str) -> str:
    """A line of JSON. The instruction only numbers it, so that no two records are the same one."""
    return json.dumps({"instruction": f"Record {number}", "input": "", "output": text}) + "\n"


def batches(records: int) -> Iterator[pa.RecordBatch]:
    """Records in `SCHEMA`; meta says the number and the origin (null: a fresh one)."""
    for first in range(0, records, BATCH):
        instructions, outputs, origins = texts(first, min(BATCH, records - first))
        numbers = range(first, first + len(outputs))
        pairs = zip(instructions.to_pylist(), outputs.to_pylist(), strict=True)
        ids = [content_id(instruction, "", output) for instruction, output in pairs]
        metas = [
            json.dumps({"number": n, "origin": None if n == o else int(o)})
            for n, o in zip(numbers, origins, strict=True)
        ]
        columns = {
            "id": pa.array(ids), "instruction": instructions, "output": outputs, "meta": pa.array(metas),
            "task": pa.array([f"task-{int(o) % 200:03d}" for o in origins]),
        }  # fmt: skip
        same = {"input": "", "source": "synthetic", "license": "CC0-1.0", "language": "en"}
        columns |= {name: pa.array([value] * len(ids)) for name, value in same.items()}
        arrays = [columns.get(f.name, pa.nulls(len(ids), f.type)) for f in SCHEMA]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def texts(first: int, count: int) -> tuple[pa.Array, pa.Array, I64]:
    """(instructions, outputs, origins) of records first .. first + count - 1."""
    numbers = np.arange(first, first + count)
    origins, near = origins_of(numbers)
    instructions = _instructions(origins)
    outputs = _outputs(numbers, origins, near)
    odd = _uniform(ODD, origins)
    return instructions, pc.if_else(pa.array((odd >= 0.03) & (odd < 0.04)), instructions, outputs), origins


def origins_of(numbers: I64) -> tuple[I64, NDArray[np.bool_]]:
    """(the fresh record that each one is or copies, whether it is a near copy)."""
    kind = _uniform(KIND, numbers)
    near = (kind >= EXACT) & (kind < EXACT + NEAR) & (numbers > 0)
    origins = numbers.copy()
    while (copies := (_uniform(KIND, origins) < EXACT + NEAR) & (origins > 0)).any():
        taken = origins[copies]
        origins[copies] = (taken * _uniform(ORIGIN, taken) ** 3).astype(np.int64)
    return origins, near


def _instructions(origins: I64) -> pa.Array:
    """An opening and up to eight words more; of 1% two words."""
    openings, lengths = _openings()
    short = (_uniform(ODD, origins) >= 0.02) & (_uniform(ODD, origins) < 0.03)
    chosen = _zipf(_uniform(OPENING, origins), OPENINGS)
    opening = np.where(short, 2, lengths[chosen])
    sizes = opening + np.where(short, 0, 1 + (_uniform(TAIL, origins) * 8).astype(np.int64))
    owner, position = _ragged(sizes)
    record = origins[owner]
    fixed = openings[chosen[owner], np.minimum(position, openings.shape[1] - 1)]
    codes = np.where(position < opening[owner], fixed, _zipf(_uniform(TAIL, record, position + 1), WORDS))
    return _joined(codes, sizes)


def _outputs(numbers: I64, origins: I64, near: NDArray[np.bool_]) -> pa.Array:
    """Log-normal in length; phrases at every sixth word in seven; near copies have words changed."""
    first, second = _uniform(LENGTH, origins), _uniform(LENGTH, origins, np.int64(1))
    normal = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)  # Box and Muller
    sizes = np.clip(np.exp(3.65 + 0.9 * normal), 1, 600).astype(np.int64)
    sizes[_uniform(ODD, origins) < 0.02] = 0
    owner, position = _ragged(sizes)
    record, block = origins[owner], position // PHRASE
    codes = np.empty(len(owner), np.int64)
    said = _uniform(FIXED, record, block) < 1 / 7
    phrase = _zipf(_uniform(WHICH, record[said], block[said]), PHRASES)
    codes[said] = _phrases()[phrase, position[said] % PHRASE]
    codes[~said] = _zipf(_uniform(WORD, record[~said], position[~said]), WORDS)
    copied = np.flatnonzero(near[owner])
    rate, number = EDITS * _uniform(RATE, numbers), numbers[owner[copied]]
    changed = _uniform(EDIT, number, position[copied]) < rate[owner[copied]]
    places = copied[changed]
    codes[places] = _zipf(_uniform(EDIT, number[changed], position[places] + 1_000), WORDS)
    ends = _uniform(STOP, record, position) < 1 / 12
    return _joined(codes + WORDS * ends, sizes)


def _ragged(sizes: I64) -> tuple[I64, I64]:
    """(row, position in it) of every element of rows of these sizes."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _joined(codes: I64, sizes: I64) -> pa.Array:
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, _vocabulary().take(pa.array(codes))), " ")


def _uniform(stream: int, *keys: I64 | np.int64) -> NDArray[np.float64]:
    """In [0, 1), from the stream and the keys (splitmix64's finalizer, Steele et al. 2014)."""
    state = np.full(1, (stream + 1) * 0x9E3779B97F4A7C15 % 2**64, np.uint64)
    for key in keys:
        state = state + (np.atleast_1d(key).astype(np.uint64) + np.uint64(1)) * np.uint64(0xD1342543DE82EF95)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(11)).astype(np.float64) / 2**53


def _zipf(uniform: NDArray[np.float64], size: int) -> I64:
    """Ranks 0 .. size - 1, rank r as often as 1 / (r + 2.7) (Mandelbrot 1953)."""
    return np.searchsorted(_cumulated(size), uniform, side="right").astype(np.int64)


@lru_cache(maxsize=4)
def _cumulated(size: int) -> NDArray[np.float64]:
    weights = 1 / (np.arange(size) + 2.7)
    return np.cumsum(weights)[:-1] / weights.sum()  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _vocabulary() -> pa.Array:
    """Distinct made-up words, the frequent ones short; then all of them with a full stop."""
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]  # 70: a word is its number in base 70
    words = []
    for rank in range(WORDS):
        digits, rest = list[str](), rank
        while rest or not digits:
            digits.append(syllables[rest % 70])
            rest //= 70
        words.append("".join(digits))
    return pa.array(words + [f"{word}." for word in words])


@lru_cache(maxsize=1)
def _openings() -> tuple[I64, I64]:
    """(openings, 8) word codes and how many of them count: 3 to 8."""
    rows, columns = np.indices((OPENINGS, 8))
    codes = _zipf(_uniform(OPENING, rows.astype(np.int64), columns + 7), WORDS)
    return codes, 3 + (_uniform(OPENING, np.arange(OPENINGS), np.int64(3)) * 6).astype(np.int64)


@lru_cache(maxsize=1)
def _phrases() -> I64:
    rows, columns = np.indices((PHRASES, PHRASE))
    return _zipf(_uniform(WHICH, rows.astype(np.int64), columns + 10**6), WORDS)
