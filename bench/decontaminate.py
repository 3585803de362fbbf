"""Alpaca against all evaluation sets: ours, and plain Python sets of n-gram tuples.

The peer is written here in the manner of open-instruct and datatrove (theirs need a search server, spaCy or
nltk): words and punctuation by one regular expression, no NFC, no template text, no second reading.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from bench.timing import line, seconds
from ittools.curate.decontamination.compare import BATCH
from ittools.curate.decontamination.evaluation import EvaluationSets, read_sets
from ittools.curate.decontamination.index import Index, build
from ittools.curate.decontamination.judge import hits_of
from ittools.curate.decontamination.options import DecontaminateOptions, Preset, Rule
from ittools.curate.decontamination.texts import texts_of
from ittools.formats.source import ReadOptions, open_inputs

DATA = Path(__file__).parents[2] / "shared" / "data"
RUNS, PEER = 5, 10_000  # runs in turn; records for the peer, which is slower
WORD = re.compile(r"\w+|[^\w\s]")


def run() -> list[str]:
    if not DATA.is_dir():
        return ["decontaminate: needs the public datasets beside the checkout (../shared/data)"]
    files = sorted(str(path) for path in (DATA / "eval").iterdir() if path.suffix != ".md")
    source = str(DATA / "instruct" / "alpaca_52k.parquet")
    options = DecontaminateOptions(inputs=(source,), against=tuple(files))
    sets = read_sets(options)
    batches = [b for one in open_inputs(ReadOptions(inputs=(source,))) for b in one.batches()]
    table = pa.Table.from_batches(batches).combine_chunks()
    found = [f"{len(files)} evaluation sets, {sum(sets.records):,} records; {table.num_rows:,} of Alpaca"]
    presets: tuple[tuple[Preset, int, float], ...] = (
        ("tulu3", 8, 0.5),
        ("8gram", 8, 0.0),
        ("13gram", 13, 0.0),
    )
    for preset, n, coverage in presets:
        found += _compared(sets, table, preset, n, coverage)
    return found


def _compared(sets: EvaluationSets, table: pa.Table, preset: Preset, n: int, coverage: float) -> list[str]:
    """Records a second on one core, and what the tables take to build."""
    rule = Rule.of(DecontaminateOptions(inputs=(), preset=preset))
    with tempfile.TemporaryDirectory() as folder:
        building = seconds(lambda: build(sets, rule, folder))
        passages: list[list[str]] = []
        texts = sets.passages.column("text").to_pylist()
        peer_building = seconds(lambda: passages.extend(map(_split, texts)))
        grams: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        peer_building += seconds(lambda: _fill(grams, passages, n))
        index, some = Index(folder, rule), _prompts(table.slice(0, PEER))
        times = []
        for _ in range(RUNS):
            ours = _timed(lambda: _met(table, index, rule))
            peer = _timed(lambda: _peer(some, grams, passages, n, coverage))
            times.append((*ours, *peer))
        wall, cpu, peer_wall, peer_cpu = (statistics.median(column) for column in zip(*times, strict=True))
        got = len(_met(table.slice(0, PEER), index, rule))
        theirs = len(_peer(some, grams, passages, n, coverage))
    per = 1e6 / table.num_rows
    return [
        line(f"{preset}: microseconds a record, one core", wall * per, peer_wall * 1e6 / PEER, "us"),
        line(f"{preset}: the same in CPU time", cpu * per, peer_cpu * 1e6 / PEER, "us"),
        f"{preset}: {table.num_rows / wall:,.0f} records/s by the clock, "
        f"{table.num_rows / cpu:,.0f} by CPU time; "
        f"tables {building:.1f} s (peer {peer_building:.1f} s); "
        f"of {PEER:,} found {got} (peer {theirs})",
    ]


def _met(table: pa.Table, index: Index, rule: Rule) -> set[int]:
    """Records that match anything."""
    found: set[int] = set()
    for first in range(0, table.num_rows, BATCH):
        texts = texts_of(table.slice(first, BATCH), rule.on)
        hits = hits_of(texts.said, texts.asked, index)
        found |= set((texts.records[hits.texts] + first).tolist())
    return found


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of this process's CPU: the machine is shared."""
    began = time.process_time()
    wall = seconds(work)
    return wall, time.process_time() - began


def _split(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _prompts(table: pa.Table) -> list[str]:
    columns = (table.column(name).to_pylist() for name in ("instruction", "input"))
    return [f"{instruction}\n{input}" for instruction, input in zip(*columns, strict=True)]


def _fill(grams: dict[tuple[str, ...], list[tuple[int, int]]], passages: list[list[str]], n: int) -> None:
    for number, words in enumerate(passages):
        for i in range(len(words) - n + 1):
            grams.setdefault(tuple(words[i : i + n]), []).append((number, i))


def _peer(
    texts: list[str],
    grams: dict[tuple[str, ...], list[tuple[int, int]]],
    passages: list[list[str]],
    n: int,
    coverage: float,
) -> list[int]:
    """Texts that share n-grams with more than this share of a passage's words."""
    found = []
    for number, text in enumerate(texts):
        words = _split(text)
        met: dict[int, set[int]] = {}
        for i in range(len(words) - n + 1):
            for passage, place in grams.get(tuple(words[i : i + n]), ()):
                met.setdefault(passage, set()).update(range(place, place + n))
        if any(len(standing) / len(passages[passage]) > coverage for passage, standing in met.items()):
            found.append(number)
    return found


if __name__ == "__main__":
    print("\n".join(run()))
