"""Near-duplicates: the whole process of ours and of every peer, JSONL to JSONL, and what each one finds.

Word 5-grams, 128 permutations, Jaccard 0.7. Contestants run in turn, BENCH_ROUNDS (3) times; times are
medians. What they keep is judged against the exact truth (`bench.dedup_truth`), their pairs in a run of
its own. BENCH_SETS names the corpora ("planted gpt4omini 100000"), BENCH_ONLY parts of contestants' names.

Each peer needs an environment of its own under $BENCH_PEERS, or is skipped (`python3.11 -m venv
$BENCH_PEERS/NAME`, then its pip install):

    datasketch   'datasketch>=2.0' xxhash
    rensa        rensa
    gaoya        gaoya
    daft         daft
    textdedup    text-dedup
    datatrove    'datatrove[processing,io]' spacy
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.corpus_data import work
from bench.dedup_data import Corpus, corpus, planted_origins
from bench.dedup_kernels import KERNELS
from bench.dedup_truth import I64, Verdict, judge, truth
from bench.memory import Watched, watched

SCRIPTS = Path(__file__).parent / "peers"
LIMIT = 600  # seconds
JUDGED = 100_000  # records: clusters of thousands have 10**8 pairs in a million
OURS = ("join", "near")  # --method
PEERS = (  # (environment, way)
    ("datasketch", "bulk-xxh32"), ("datasketch", "bulk"), ("datasketch", "wide"), ("datasketch", "update"),
    ("rensa", "lsh"), ("rensa", "dedup"), ("gaoya", ""), ("daft", ""),
    ("textdedup", "xxh3"), ("textdedup", "sha1"), ("datatrove", "split"), ("datatrove", "spacy"),
)  # fmt: skip
PAIRED = ("datasketch", "rensa", "gaoya", "daft")  # text-dedup and datatrove only drop

Command = Callable[[Path, Path], list[str]]  # the corpus, a fresh folder


@dataclass(frozen=True)
class Contestant:
    """reads: the lines that it kept, from the folder that it wrote to. paired: it can say its pairs."""

    name: str
    command: Command
    reads: Callable[[Path], I64]
    paired: bool = False


def ours(method: str) -> Contestant:
    def command(source: Path, folder: Path) -> list[str]:
        return [
            *(sys.executable, "-m", "ittools", "dedup", str(source), "--method", method, "--on", "output"),
            *("--ngram", "5", "--threshold", "0.7", "--out", str(folder / "out"), "-q"),
        ]

    return Contestant(f"ittools {method}", command, _kept_in_shards)


def theirs(environment: str, way: str) -> Contestant:
    start = [str(python_of(environment)), str(SCRIPTS / f"dedup_{environment}.py"), *way.split()]

    def command(source: Path, folder: Path) -> list[str]:
        return [*start, str(source), str(folder / "out.jsonl")]

    return Contestant(f"{environment} {way}".strip(), command, _kept_in_lines, environment in PAIRED)


def python_of(environment: str) -> Path:
    return Path(os.environ.get("BENCH_PEERS", ""), environment, "bin", "python")


def _kept_in_lines(folder: Path) -> I64:
    with open(folder / "out.jsonl", encoding="utf-8") as handle:
        return np.array([_number(json.loads(line)["instruction"]) for line in handle], np.int64)


def _kept_in_shards(folder: Path) -> I64:
    import pyarrow.parquet as pq

    table = pq.read_table(sorted((folder / "out" / "data").glob("*.parquet")), columns=["instruction"])
    return np.array([_number(text) for text in table.column(0).to_pylist()], np.int64)


def _number(instruction: str) -> int:
    return int(instruction.removeprefix("Record "))


def contestants() -> tuple[list[Contestant], list[str]]:
    """Those that are here and that BENCH_ONLY names; a line for each that is not installed."""
    only = os.environ.get("BENCH_ONLY", "").split()
    present, absent = [ours(method) for method in OURS], []
    for environment, way in PEERS:
        peer = theirs(environment, way)
        if os.environ.get("BENCH_PEERS") and python_of(environment).exists():
            present.append(peer)
        else:
            absent.append(f"{peer.name}: skipped, no environment {environment} under $BENCH_PEERS")
    return [one for one in present if not only or any(word in one.name for word in only)], absent


def run() -> Iterator[str]:
    everyone, absent = contestants()
    yield from absent
    for name in os.environ.get("BENCH_SETS", "planted").split():
        yield from compare(corpus(name), everyone, int(os.environ.get("BENCH_ROUNDS", "3")))


def compare(compared: Corpus, everyone: list[Contestant], rounds: int) -> list[str]:
    """A table: medians of the rounds; one more before them is judged, and watched for its memory."""
    runs: dict[str, list[Watched]] = {one.name: [] for one in everyone}
    verdicts: dict[str, Verdict] = {}
    kernels: dict[str, list[tuple[float, float]]] = {one.name: [] for one in everyone}
    for number in range(rounds + 1):
        for one in everyone:
            if number and not runs[one.name][-1].well:
                continue  # it will not do better
            with fresh_folder() as folder:
                command, log = one.command(compared.path, folder), folder / "log"
                ran = watched(command, log, limit=LIMIT, samples=number == 0)
                runs[one.name].append(ran)
                if ran.well:
                    kernels[one.name] += _kernel(ran.said)
                    if number == 0:
                        verdicts[one.name] = _judged(one, compared, folder)
    pairs = f", {len(truth(compared).pairs):,} true pairs{_planted(compared)}" if _judgeable(compared) else ""
    head = (f"{compared.name}: {len(compared.texts):,} records, {compared.path.stat().st_size / 1e6:.1f} MB"
            f"{pairs}; {rounds} rounds")  # fmt: skip
    best = min((_seconds(r) for n, r in runs.items() if n.startswith("ittools") and r[-1].well), default=None)
    rows = [_row(name, found, best, verdicts.get(name), kernels[name]) for name, found in runs.items()]
    return [head, COLUMNS, *rows, *_own_kernels(compared, rounds)]


COLUMNS = (f"  {'':<22}{'s':>8}{'x ours':>8}{'CPU s':>8}{'MB':>7}{'kernel s':>10}{'CPU s':>8}"
           f"{'kept':>9}{'missed':>8}{'unfounded':>10}{'recall':>8}{'precision':>10}")  # fmt: skip


def _row(
    name: str,
    runs: list[Watched],
    best: float | None,
    verdict: Verdict | None,
    kernels: list[tuple[float, float]],
) -> str:
    if not runs[-1].well or verdict is None:
        return f"  {name:<22}{runs[-1].ended or f'exit {runs[-1].code}: {runs[-1].said[:120]}'}"
    ratio = f"{_seconds(runs) / best:.2f}" if best else ""
    cells = f"{_seconds(runs):>8.2f}{ratio:>8}{statistics.median(r.cpu for r in runs[1:]):>8.2f}"
    cells += f"{runs[0].peak_mb:>7,.0f}"
    if kernels:
        seconds, cpu = map(statistics.median, zip(*kernels, strict=True))
        cells += f"{seconds:>10.2f}{cpu:>8.2f}"
    judged = "" if verdict.missed is None else f"{verdict.missed:>8,}{verdict.unfounded:>10,}"
    pairs = "" if verdict.recall is None else f"{verdict.recall:>8.4f}{verdict.precision:>10.4f}"
    return f"  {name:<22}{cells:<49}{verdict.kept:>9,}{judged}{pairs}"


def _seconds(runs: list[Watched]) -> float:
    return statistics.median(ran.seconds for ran in runs[1:] or runs)


def _kernel(said: str) -> list[tuple[float, float]]:
    """Seconds and CPU seconds that a peer's last line says that it took in memory, if it does."""
    found: dict[str, float | None] = json.loads(said) if said.startswith('{"seconds"') else {}
    seconds, cpu = found.get("kernel"), found.get("kernel_cpu")
    return [] if seconds is None or cpu is None else [(seconds, cpu)]


def _judged(one: Contestant, compared: Corpus, folder: Path) -> Verdict:
    """Ours by its own words, which see signs too; peers by the words that they are given."""
    kept, said = one.reads(folder), None
    if not _judgeable(compared):
        return Verdict(len(kept))
    found = truth(compared, tokens="content" if one.name.startswith("ittools") else "words")
    if one.paired:
        pairs = folder / "out.pairs"
        again = watched([*one.command(compared.path, folder), str(pairs)], folder / "log", limit=LIMIT)
        if again.well:
            said = np.loadtxt(pairs, np.int64).reshape(-1, 2)
    return judge(kept, found, said)


def _planted(compared: Corpus) -> str:
    """How many of the copies are pairs with what they were copied from."""
    if compared.name != "planted":
        return ""
    pairs = {(one, other) for one, other in truth(compared).pairs.tolist()}
    copies = [(line, origin) for line, origin in enumerate(planted_origins()) if origin is not None]
    found = sum((min(pair), max(pair)) in pairs for pair in copies)
    return f" ({found:,} of {len(copies):,} copies with their origin)"


def _judgeable(compared: Corpus) -> bool:
    return len(compared.texts) <= JUDGED


def _own_kernels(compared: Corpus, rounds: int) -> list[str]:
    """Ours in memory, beside the peers' `kernel s`: texts as a list to the decision, in one process."""
    lines = []
    for name, kernel in KERNELS.items():
        times = []
        try:
            for _ in range(rounds):
                began, cpu = time.perf_counter(), time.process_time()
                result = kernel(compared.texts)
                times.append((time.perf_counter() - began, time.process_time() - cpu))
        except ImportError as error:
            lines.append(f"  in memory, {name}: not there ({error})")
            continue
        seconds, cpu = map(statistics.median, zip(*times, strict=True))
        lines.append(f"  in memory, {name}: {seconds:.2f} s, {cpu:.2f} s of CPU, {len(result):,} rows"
                     f"{_pair_scores(compared, result) if name == 'join, all pairs' else ''}")  # fmt: skip
    return lines


def _pair_scores(compared: Corpus, said: I64) -> str:
    text = ""
    if not _judgeable(compared):
        return text
    for tokens in ("content", "words"):
        found = truth(compared, tokens=tokens)
        verdict = judge(np.arange(found.records), found, said)
        text += f"; by {tokens}: recall {verdict.recall:.4f}, precision {verdict.precision:.4f}"
    return text


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """Among the corpora, where there is room; gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="run-", dir=work()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
