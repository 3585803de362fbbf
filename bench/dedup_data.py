"""What the near-duplicate bench compares: JSONL whose `output` is the text and whose instruction a number.

planted      all of Alpaca and half as many edited copies: words replaced, dropped, doubled, exchanged, and
             case and punctuation, at a rate of its own for each copy, so that 5-gram Jaccard spreads over
             0.4 .. 1; in a shuffled order. Where Alpaca is not at hand: records of `corpus_data`.
gpt4omini    26,878 raw tasks of a small model, 58% of them exact copies.
N            N records of `corpus_data`, as in `python -m bench dedup` with BENCH_SETS="planted 100000".
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.corpus_data import corpus_file, numbered, texts, work

ALPACA, COPIES = 52_002, 26_001
SEED = 20


@dataclass(frozen=True)
class Corpus:
    """A file and its texts; records go by their line, from 0."""

    name: str
    path: Path

    @cached_property
    def texts(self) -> list[str]:
        with open(self.path, encoding="utf-8") as handle:
            return [json.loads(line)["output"] for line in handle]


def data() -> Path:
    """Real data: $BENCH_DATA, or a folder beside the checkout."""
    return Path(os.environ.get("BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data")


def corpus(name: str) -> Corpus:
    """The named one, built once. Raises FileNotFoundError for real data that are not at hand."""
    if name.isdigit():
        return Corpus(name, corpus_file(int(name), "jsonl"))
    path = work() / f"{name}{'' if name != 'planted' or _has_alpaca() else '-synthetic'}.jsonl"
    if not path.exists():
        lines = {"planted": _planted, "gpt4omini": _gpt4omini}[name]()
        part = path.with_suffix(".part")
        with open(part, "w", encoding="utf-8") as handle:
            handle.writelines(numbered(number, text) for number, text in enumerate(lines))
        part.replace(path)
    return Corpus(name, path)


def planted_origins() -> list[int | None]:
    """Per line of `planted` the line that it was copied from; null for one that was not."""
    place = {record: line for line, record in enumerate(_order())}
    return [place[_source(record)] if record >= ALPACA else None for record in _order()]


def _planted() -> Iterator[str]:
    whole = _alpaca() if _has_alpaca() else _made_up()
    vocabulary = sorted({word for text in whole for word in text.split()})
    for record in _order():
        if record < ALPACA:
            yield whole[record]
        else:
            yield edited(whole[_source(record)], vocabulary, random.Random(f"edit {record}"))


def _order() -> list[int]:
    order = list(range(ALPACA + COPIES))
    random.Random(SEED).shuffle(order)
    return order


def _source(record: int) -> int:
    return random.Random(f"source {record}").randrange(ALPACA)


def edited(text: str, vocabulary: list[str], rng: random.Random) -> str:
    """A copy with up to one word in sixteen changed, and as many in case or punctuation."""
    words = text.split(" ")
    most = 1 + len(words) // 16
    for _ in range(rng.randint(0, most)):
        at = rng.randrange(len(words))
        match rng.choice(("replace", "drop", "double", "exchange")):
            case "replace":
                words[at] = rng.choice(vocabulary)
            case "drop" if len(words) > 2:
                del words[at]
            case "double":
                words.insert(at, words[at])
            case _:
                other = min(at + 1, len(words) - 1)
                words[at], words[other] = words[other], words[at]
    for _ in range(rng.randint(0, most)):
        at = rng.randrange(len(words))
        words[at] = rng.choice((str.upper, str.capitalize, lambda word: word.rstrip(".,") + ";"))(words[at])
    return " ".join(words)


def _has_alpaca() -> bool:
    return (data() / "instruct" / "alpaca_52k.parquet").is_file()


def _alpaca() -> list[str]:
    import pyarrow.parquet as pq

    rows = pq.read_table(data() / "instruct" / "alpaca_52k.parquet").to_pylist()
    return ["\n".join(filter(None, (r["instruction"], r["input"], r["output"]))) for r in rows]


def _made_up() -> list[str]:
    instructions, outputs, _ = texts(0, ALPACA)
    pairs = zip(instructions.to_pylist(), outputs.to_pylist(), strict=True)
    return [f"{instruction}\n{output}" for instruction, output in pairs]


def _gpt4omini() -> Iterator[str]:
    path = data() / "selfinstruct_raw" / "gpt4omini_generated_tasks.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        yield from (json.loads(line)["instruction"] for line in handle)
