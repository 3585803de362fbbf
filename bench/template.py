"""`python -m bench.template [ROWS]`: promptsource's `apply` and `ittools template`, both to zstd Parquet.

Needs an environment with promptsource 0.2.3 and pyarrow (BENCH_PEERS/promptsource); its own templates are
rendered. Rows are those of AG News (BENCH_DATA) one behind the other, or made up at their length. The peer
gets fewer rows, for a rate needs no more; ours is the whole command, with its start and with content ids.
CPU seconds stand beside the clock's: on a machine that others use only they can be compared.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random

from bench.template_oracle import PEER, package, python

ROWS, PEER_ROWS = 240_000, 1_000
CORES = 2
SETS = {"ag_news": "substitutions", "super_glue/boolq": "general (if)", "imdb": "substitutions but one"}


@dataclass(frozen=True)
class Took:
    records: int
    seconds: float
    cpu: float

    def line(self) -> str:
        return (
            f"{self.records / self.seconds:11,.0f} records/s, {self.records / self.cpu:11,.0f} a CPU second"
        )


def texts() -> Iterator[tuple[str, int]]:
    """Texts of AG News with their label, without end."""
    path = Path(os.environ.get("BENCH_DATA", "")) / "classic" / "ag_news" / "test.csv.gz"
    if os.environ.get("BENCH_DATA") and path.is_file():
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            rows = [(f"{title} {text}", int(label) - 1) for label, title, text in csv.reader(handle)]
        yield from cycle(rows)
    random = Random(0)
    words = [f"word{number}" for number in range(3_000)]
    while True:
        yield " ".join(random.choices(words, k=random.randint(20, 50))), random.randint(0, 3)


def made(name: str, number: int, folder: Path) -> Path:
    path = folder / f"{name.replace('/', '_')}-{number}.jsonl"
    with path.open("w", encoding="utf-8") as sink:
        for text, label in islice(texts(), number):
            row: dict[str, object] = {"text": text, "label": label}
            if name == "super_glue/boolq":
                row = {"passage": text, "question": "is this what it says", "label": label % 2, "idx": 1}
            elif name == "imdb":
                row = {"text": text, "label": label % 2}
            print(json.dumps(row), file=sink)
    return path


def timed(command: list[object]) -> tuple[float, float, str]:
    """Seconds, CPU seconds of it and its children, stdout."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, ran.stdout


def peers(rows: Path, templates: Path, out: Path) -> Took:
    """The work alone: neither its start nor its imports."""
    _, _, said = timed([python(), "-W", "ignore", PEER, "bench", rows, templates, out])
    told = json.loads(said.splitlines()[-1])
    return Took(told["records"], told["seconds"], told["cpu"])


def ours(rows: Path, templates: Path, out: Path) -> Took:
    command = [sys.executable, "-m", "ittools", "template", rows, "--style", "p3", "--templates", templates]
    seconds, cpu, _ = timed([*command, "-o", out, "--force", "--workers", CORES, "-q"])
    funnel = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["funnel"]
    return Took(funnel["out"], seconds, cpu)


def run(number: int = ROWS) -> Iterator[str]:
    if not python().is_file():
        yield "promptsource: no environment (BENCH_PEERS)"
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for set_name, kind in SETS.items():
            templates = package() / set_name / "templates.yaml"
            few, many = made(set_name, PEER_ROWS, folder), made(set_name, number, folder)
            peer = peers(few, templates, folder / "peer.parquet")
            own = ours(many, templates, folder / "out")
            clock = own.records / own.seconds / (peer.records / peer.seconds)
            cpu = CORES * own.records / own.cpu / (peer.records / peer.cpu)
            yield f"{set_name:<18} {kind:<22} promptsource {peer.line()}"
            yield f"{'':<18} {own.records:>9,} records        ittools {own.line()}"
            yield f"{'':<41} {clock:8.0f} x by the clock, {cpu:8.0f} x by CPU time on {CORES} cores"


if __name__ == "__main__":
    for line in run(*map(int, sys.argv[1:])):
        print(line, flush=True)
