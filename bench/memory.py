"""A million records through filter and export: peak memory of the largest process, and time."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.novelty import instructions

RECORDS = 1_000_000


def write_records(path: Path, count: int) -> None:
    rng = random.Random(5)
    openings = instructions(2_000, 7)
    words = " ".join(openings).split()
    with open(path, "w", encoding="utf-8") as handle:
        for number in range(count):
            output = " ".join(rng.choices(words, k=40))
            row = {"instruction": f"{rng.choice(openings)} ({number})", "input": "", "output": output}
            handle.write(json.dumps(row) + "\n")


def run(count: int = RECORDS) -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_records(base / "in.jsonl", count)
        steps = {
            "filter": ["filter", str(base / "in.jsonl"), "--out", str(base / "filter"), "-q"],
            "export": ["export", str(base / "filter"), "--to", "alpaca", "--out", str(base / "x.json"), "-q"],
        }
        for name, arguments in steps.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "ittools", *arguments], check=True)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            lines.append(f"{name} of {count:,} records: {time.perf_counter() - began:.1f} s, "
                         f"largest process so far {peak:,.0f} MB")  # fmt: skip
    return lines
