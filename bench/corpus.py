"""The whole corpus pipeline: filter, near-duplicates, seeded sample, sharded Parquet; ours, Polars, DuckDB.

Sizes in BENCH_SIZES ("100000"; 1000000, 3000000 and 10000000 take minutes to hours), rounds in BENCH_ROUNDS
(3), memory limits in MB that each contestant is also run under in BENCH_LIMITS ("2048 1024"). Input is one
Parquet file in our schema (`bench.corpus_data`), outputs are compared by word 5-grams at 0.7. At sizes up
to JUDGED the kept records are judged by the exact truth: ours verifies, the peers' buckets do not.

Environments of the peers under $BENCH_PEERS (`python3.11 -m venv $BENCH_PEERS/NAME`, then pip install):

    polars    polars pyarrow numpy scipy
    duckdb    duckdb pyarrow numpy scipy
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.corpus_data import BATCH, corpus_file, texts, work
from bench.dedup import fresh_folder, python_of
from bench.dedup_data import Corpus
from bench.dedup_truth import Verdict, judge, truth
from bench.memory import Watched, watched

SCRIPTS = Path(__file__).parent / "peers"
LIMIT = 3_600.0  # seconds
JUDGED = 100_000  # records: the exact truth of more takes long
RULES = (  # what the peers' filters do too
    "empty-instruction", "instruction-too-short", "instruction-too-long", "empty-output",
    "output-too-short", "output-too-long", "output-echoes-input",
)  # fmt: skip
FILTER = ("--preset", "none", "--no-input", "keep", *(word for rule in RULES for word in ("--rule", rule)))
METHODS = ("join", "near")  # of our `dedup`

Stage = tuple[str, list[str]]  # name, command
Stages = Callable[[Path, Path, int, int | None], list[Stage]]  # corpus, folder, sample, MB


@dataclass(frozen=True)
class Contestant:
    """reads: counts and the folder of the written shards, once all stages went well."""

    name: str
    stages: Stages
    counts: Callable[[Path, str], dict[str, int]]
    shards: str


@dataclass(frozen=True)
class Ran:
    """All stages, one after another; `trouble` is where it stopped."""

    stages: dict[str, Watched]
    counts: dict[str, int]
    trouble: str = ""

    @property
    def seconds(self) -> float:
        return sum(ran.seconds for ran in self.stages.values())

    @property
    def cpu(self) -> float:
        return sum(ran.cpu for ran in self.stages.values())

    @property
    def peak_mb(self) -> float:
        return max(ran.peak_mb for ran in self.stages.values())

    @property
    def mapped_mb(self) -> float:
        return max(ran.mapped_mb for ran in self.stages.values())


def ours(method: str) -> Contestant:
    def stages(source: Path, folder: Path, sample: int, _: int | None) -> list[Stage]:
        start = [sys.executable, "-m", "ittools"]
        places = {name: str(folder / name) for name in ("filter", "dedup", "mix")}
        alike = ["--method", method, "--on", "output", "--ngram", "5", "--threshold", "0.7"]
        drawn = ["--size", str(sample), "--seed", "1", "--layout", "records"]
        return [
            ("filter", [*start, "filter", str(source), *FILTER, "--out", places["filter"], "-q"]),
            ("dedup", [*start, "dedup", places["filter"], *alike, "--out", places["dedup"], "-q"]),
            ("mix", [*start, "mix", places["dedup"], *drawn, "--out", places["mix"], "-q"]),
        ]

    def counts(folder: Path, _: str) -> dict[str, int]:
        names = {"filtered": "filter", "kept": "dedup", "written": "mix"}
        return {name: _rows(folder / place / "data") for name, place in names.items()}

    return Contestant(f"ittools {method}", stages, counts, "mix/data")


def theirs(engine: str) -> Contestant:
    def stages(source: Path, folder: Path, sample: int, memory_mb: int | None) -> list[Stage]:
        command = [str(python_of(engine)), str(SCRIPTS / f"corpus_{engine}.py"), str(source)]
        limit = [str(memory_mb)] if memory_mb else []
        return [("all", [*command, str(folder / "out"), str(sample), *limit])]

    def counts(_: Path, said: str) -> dict[str, int]:
        return {name: int(value) for name, value in json.loads(said).items() if name != "seconds"}

    return Contestant(engine, stages, counts, "out")


def contestants() -> tuple[list[Contestant], list[str]]:
    only = os.environ.get("BENCH_ONLY", "").split()
    present, absent = [ours(method) for method in METHODS], []
    for engine in ("polars", "duckdb"):
        if os.environ.get("BENCH_PEERS") and python_of(engine).exists():
            present.append(theirs(engine))
        else:
            absent.append(f"{engine}: skipped, no environment {engine} under $BENCH_PEERS")
    return [one for one in present if not only or any(word in one.name for word in only)], absent


def run() -> Iterator[str]:
    everyone, absent = contestants()
    yield from absent
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    limits = [int(word) for word in os.environ.get("BENCH_LIMITS", "").split()]
    for size in map(int, os.environ.get("BENCH_SIZES", "100000").split()):
        yield from compare(size, everyone, rounds)
        yield from (under(one, size, limit) for limit in limits for one in everyone)


def compare(size: int, everyone: list[Contestant], rounds: int) -> list[str]:
    """A table of medians; each round all in turn."""
    source = corpus_file(size, "parquet")
    runs: dict[str, list[Ran]] = {one.name: [] for one in everyone}
    for number in range(rounds):
        for one in everyone:
            if not number or not runs[one.name][-1].trouble:
                with fresh_folder() as folder:
                    runs[one.name].append(once(one, source, folder, size // 2))
    head = f"{size:,} records, {source.stat().st_size / 1e6:,.0f} MB of Parquet; {rounds} rounds"
    lines = [head, COLUMNS]
    for one in everyone:
        judging = size <= JUDGED and not runs[one.name][-1].trouble
        lines.append(_row(one.name, size, runs[one.name], _verdict(one, source, size) if judging else ""))
    return lines


COLUMNS = (f"  {'':<14}{'s':>8}{'s/M':>8}{'CPU s/M':>9}{'MB':>8}{'mapped':>8}"
           f"{'filtered':>12}{'kept':>12}{'written':>12}{'missed':>9}{'unfounded':>10}  stages")  # fmt: skip


def once(one: Contestant, source: Path, folder: Path, sample: int, memory_mb: int | None = None) -> Ran:
    done: dict[str, Watched] = {}
    for name, command in one.stages(source, folder, sample, memory_mb):
        ran = watched(command, folder / f"{name}.log", limit=LIMIT, memory_mb=memory_mb)
        done[name] = ran
        if not ran.well:
            return Ran(done, {}, f"{name}: {ran.ended or f'exit {ran.code}: {ran.said[:120]}'}")
    return Ran(done, one.counts(folder, done[name].said))


def _row(name: str, size: int, runs: list[Ran], verdict: str) -> str:
    if runs[-1].trouble:
        return f"  {name:<14}{runs[-1].trouble}"
    seconds, cpu = statistics.median(r.seconds for r in runs), statistics.median(r.cpu for r in runs)
    cells = f"{seconds:>8.1f}{seconds / size * 1e6:>8.1f}{cpu / size * 1e6:>9.1f}"
    cells += f"{max(r.peak_mb for r in runs):>8,.0f}{max(r.mapped_mb for r in runs):>8,.0f}"
    cells += "".join(f"{runs[-1].counts[key]:>12,}" for key in ("filtered", "kept", "written"))
    stages = ", ".join(f"{stage} {ran.seconds:.1f}" for stage, ran in runs[-1].stages.items())
    return f"  {name:<14}{cells}{verdict:>19}  {stages}"


def under(one: Contestant, size: int, memory_mb: int) -> str:
    """Does it complete where all its processes together may have so much?"""
    with fresh_folder() as folder:
        ran = once(one, corpus_file(size, "parquet"), folder, size // 2, memory_mb)
    how = ran.trouble or f"completes in {ran.seconds:.1f} s"
    return f"  {one.name:<14}{size:,} records under {memory_mb:,} MB: {how} (peak {ran.peak_mb:,.0f} MB)"


def _verdict(one: Contestant, source: Path, size: int) -> str:
    """With all records drawn, what is written is what is kept."""
    with fresh_folder() as folder:
        ran = once(one, source, folder, size)
        verdict = judged(folder / one.shards, size)
    unfounded = (verdict.unfounded or 0) - (size - ran.counts["filtered"])  # filtered, so in no pair
    return f"{verdict.missed:>9,}{unfounded:>10,}"


def judged(shards: Path, size: int) -> Verdict:
    """Of the outputs. Records that the filter drops are like nothing in the truth."""
    import pyarrow.parquet as pq

    tables = [pq.read_table(path, columns=["meta"]) for path in sorted(shards.glob("*.parquet"))]
    kept = [json.loads(meta)["number"] for table in tables for meta in table.column(0).to_pylist()]
    return judge(np.array(kept, np.int64), truth(_outputs(size)))


def _outputs(size: int) -> Corpus:
    """The outputs that pass the filter; an empty text for those that do not."""
    path = work() / f"outputs-{size}.jsonl"
    if not path.exists():
        with open(path.with_suffix(".part"), "w", encoding="utf-8") as handle:
            for first in range(0, size, BATCH):
                instructions, outputs, _ = texts(first, min(BATCH, size - first))
                for said, output in zip(instructions.to_pylist(), outputs.to_pylist(), strict=True):
                    good = len(said.split()) >= 3 and output != said
                    handle.write(json.dumps({"output": output if good else ""}) + "\n")
        path.with_suffix(".part").replace(path)
    return Corpus(path.stem, path)


def _rows(folder: Path) -> int:
    import pyarrow.parquet as pq

    return sum(pq.ParquetFile(path).metadata.num_rows for path in folder.glob("*.parquet"))
